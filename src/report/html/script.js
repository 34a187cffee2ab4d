// Sliders that rank anew, filters, and addresses that keep both. The page says everything without it.
"use strict";
(() => {
  const all = (where, what) => [...where.querySelectorAll(what)];
  // What was chosen, in the address behind the #: s=choose:reads:40, f=lmdb, w=-scan. A bare anchor is none of it.
  const chosen = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  const keep = (name, value) => {
    value === null ? chosen.delete(name) : chosen.set(name, value);
    history.replaceState(null, "", "#" + chosen.toString());
  };

  // Three significant digits with commas, as in the rest of the page.
  const sig3 = (value) => {
    if (!Number.isFinite(value)) return "–";
    const rounded = Number(value.toPrecision(3));
    const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded) || 1)));
    return rounded.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };
  const percent = (share) => {
    const p = share * 100;
    return (p >= 9.95 ? p.toFixed(0) : p >= 0.095 ? p.toFixed(1) : p === 0 ? "0" : p.toFixed(2)) + " %";
  };
  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };

  // The weight of each role by where the sliders stand, from 0 to 1.
  const weigh = (role, { reads, single, cold, space }) => ({
    "single": reads * single * (1 - cold),
    "batch": reads * (1 - single) * (1 - cold),
    "cold-single": reads * single * cold,
    "cold-batch": reads * (1 - single) * cold,
    "write": 1 - reads,
    "space": space,
  })[role] ?? 0;

  // The rule of `shelfmark rank`: weighted means of logarithms, errors added in squares.
  const rank = (sheet, at, shown) => {
    const by = sheet.criteria.map((c) => ({ ...c, weight: weigh(c.role, at) })).filter((c) => c.weight > 0 && c.why === null);
    const total = by.reduce((sum, c) => sum + c.weight, 0);
    const places = [], unranked = [];
    sheet.formats.forEach((format, nth) => {
      if (total === 0 || !shown(format)) return;
      const missing = by.find((c) => typeof c.figures[nth] === "string");
      if (missing) return unranked.push([format, `${missing.name}: ${missing.figures[nth]}`]);
      const ln = by.reduce((sum, c) => sum + c.figures[nth][0] * c.weight, 0) / total;
      const half = Math.sqrt(by.reduce((sum, c) => sum + (c.figures[nth][1] * c.weight) ** 2, 0)) / total;
      places.push({ format, ln, half });
    });
    const better = (a, b) => b.ln - a.ln - Math.hypot(a.half, b.half) > Math.log(sheet.margin);
    for (const place of places) {
      place.first = 1 + places.filter((other) => better(other, place)).length;
      place.last = places.length - places.filter((other) => better(place, other)).length;
    }
    places.sort((a, b) => a.ln - b.ln || (a.format < b.format ? -1 : 1));
    return { places, unranked, by: by.map((c) => `${percent(c.weight / total)} ${c.name}`).join(", ") };
  };

  const boxes = all(document, ".choose").map((box) => {
    const sheet = JSON.parse(box.querySelector("script.sheet").textContent);
    const sliders = all(box, "input[type=range]");
    const show = () => {
      const at = Object.fromEntries(sliders.map((slider) => [slider.name, Number(slider.value) / 100]));
      sliders.forEach((slider) => { slider.nextElementSibling.value = `${slider.value} %`; });
      const { places, unranked, by } = rank(sheet, at, shown);
      const first = places.filter((place) => place.first === 1).map((place) => place.format);
      box.querySelector(".verdict").textContent = first.length === 0
        ? "Nothing can be ranked by these weights."
        : `First by ${by}: ${first[0]}${first.length > 1 ? `; not told apart from it: ${first.slice(1).join(", ")}` : ""}.`;
      const row = (format, cells) => {
        const row = element("tr", "", { "data-f": format });
        cells.forEach((text, nth) => row.append(element(nth === 1 ? "th" : "td", text, nth === 1 ? { scope: "row" } : {})));
        return row;
      };
      box.querySelector(".ranking tbody").replaceChildren(
        ...places.map((p) => row(p.format, [
          p.first === p.last ? `${p.first}` : `${p.first} to ${p.last}`,
          p.format,
          `${sig3(Math.exp(p.ln))} ×`,
          `${sig3(Math.exp(p.ln - p.half))} to ${sig3(Math.exp(p.ln + p.half))}`,
        ])),
        ...unranked.map(([format, why]) => row(format, ["not ranked", format, why, sheet.none])),
      );
    };
    sliders.forEach((slider) => {
      const kept = chosen.get(slider.id);
      if (kept !== null && !slider.disabled && kept >= 0 && kept <= 100) slider.value = kept;
      slider.addEventListener("input", () => { keep(slider.id, slider.value); show(); });
    });
    box.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    return show;
  });

  // Filters: rows and columns of tables vanish, marks in pictures fade.
  const filters = document.getElementById("filters");
  const words = () => (filters ? filters.elements.formats.value.trim().split(/\s+/).filter(Boolean) : []);
  const shown = (format) => words().length === 0 || words().some((word) => format.includes(word));
  const apply = () => {
    let rows = 0;
    all(document, "tr[data-f], .card[data-f]").forEach((row) => {
      row.hidden = !shown(row.dataset.f);
      rows += row.hidden ? 0 : 1;
    });
    all(document, "svg [data-f]").forEach((mark) => mark.classList.toggle("faded", !shown(mark.dataset.f)));
    const off = all(filters, "input[type=checkbox]").filter((box) => !box.checked).map((box) => box.value);
    all(document, "[data-w]").forEach((part) => { part.hidden = off.includes(part.dataset.w); });
    document.getElementById("chosen").textContent =
      rows === 0 ? "No format matches: nothing is shown." : words().length + off.length ? "What does not match is hidden." : "";
    boxes.forEach((show) => show());
  };
  if (filters) {
    filters.hidden = false;
    filters.elements.formats.value = chosen.get("f") ?? "";
    const off = (chosen.get("w") ?? "").split(" ");
    all(filters, "input[type=checkbox]").forEach((box) => { box.checked = !off.includes(box.value); });
    filters.addEventListener("input", () => {
      const off = all(filters, "input[type=checkbox]").filter((box) => !box.checked).map((box) => box.value);
      keep("f", words().join(" ") || null);
      keep("w", off.join(" ") || null);
      apply();
    });
    filters.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }
})();
