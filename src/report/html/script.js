// Sliders that rank anew, filters, and addresses that keep both. The page says everything without it.
"use strict";
(() => {
  const all = (where, what) => [...where.querySelectorAll(what)];
  // What was chosen, in the address behind the #: weigh-reads=40&f=lmdb&w=scan (put away). A bare anchor is none of it.
  const chosen = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  const keep = (name, ...values) => {
    chosen.delete(name);
    values.forEach((value) => chosen.append(name, value));
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
  // The first few names, as in format.rs.
  const some = (names) => (names.length <= 7 ? names.join(", ") : `${names.slice(0, 6).join(", ")} and ${names.length - 6} others`);
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
    const asked = sheet.criteria.map((c) => ({ ...c, weight: weigh(c.role, at) })).filter((c) => c.weight > 0);
    const by = asked.filter((c) => c.why === null);
    const sum = (criteria, of) => criteria.reduce((sum, c) => sum + of(c), 0);
    const usable = sum(by, (c) => c.weight);
    // Where most of what was asked for says nothing, the rest is no answer to it.
    const total = usable * 2 < sum(asked, (c) => c.weight) ? 0 : usable;
    const places = [], unranked = [];
    sheet.formats.forEach((format, nth) => {
      if (total === 0 || !shown(format)) return;
      const missing = by.find((c) => typeof c.figures[nth] === "string");
      if (missing) return unranked.push([format, `${missing.name}: ${missing.figures[nth]}`]);
      const reach = (side) => Math.sqrt(sum(by, (c) => (c.figures[nth][side] * c.weight) ** 2)) / total;
      places.push({ format, ln: sum(by, (c) => c.figures[nth][0] * c.weight) / total, below: reach(1), above: reach(2) });
    });
    const better = (a, b) => b.ln - a.ln - Math.hypot(b.below, a.above) > Math.log(sheet.margin);
    for (const place of places) {
      place.first = 1 + places.filter((other) => better(other, place)).length;
      place.last = places.length - places.filter((other) => better(place, other)).length;
    }
    places.sort((a, b) => a.ln - b.ln || (a.format < b.format ? -1 : 1));
    const leftOut = asked.filter((c) => c.why !== null).map((c) => `${c.name} does not count here: ${c.why}.`).join(" ");
    return { places, unranked, leftOut, by: by.map((c) => `${percent(c.weight / total)} ${c.name}`).join(", ") };
  };

  const boxes = all(document, ".choose").map((box) => {
    const sheet = JSON.parse(box.querySelector("script.sheet").textContent);
    const sliders = all(box, "input[type=range]");
    const show = () => {
      const at = Object.fromEntries(sliders.map((slider) => [slider.name, Number(slider.value) / 100]));
      sliders.forEach((slider) => { slider.nextElementSibling.value = `${slider.value} %`; });
      const { places, unranked, leftOut, by } = rank(sheet, at, shown);
      box.querySelector(".left-out").textContent = leftOut;
      const first = places.filter((place) => place.first === 1).map((place) => place.format);
      box.querySelector(".verdict").textContent = first.length === 0
        ? "Nothing can be ranked by these weights."
        : `First by ${by}: ${first[0]}${first.length > 1 ? `; not told apart from it: ${some(first.slice(1))}` : ""}.`;
      const row = (format, cells) => {
        const row = element("tr", "", { "data-f": format });
        const attributes = (nth) => (nth === 1 ? { scope: "row" } : cells.length === 3 && nth === 2 ? { colspan: 2 } : {});
        cells.forEach((text, nth) => row.append(element(nth === 1 ? "th" : "td", text, attributes(nth))));
        return row;
      };
      box.querySelector(".ranking tbody").replaceChildren(
        ...places.map((p) => row(p.format, [
          p.first === p.last ? `${p.first}` : `${p.first} to ${p.last}`,
          p.format,
          `${sig3(Math.exp(p.ln))} ×`,
          `${sig3(Math.exp(p.ln - p.below))} to ${sig3(Math.exp(p.ln + p.above))}`,
        ])),
        ...unranked.map(([format, why]) => row(format, ["not ranked", format, why])),
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

  // When converting pays: as in breakeven.rs.
  const duration = (s) => {
    const a = Math.abs(s);
    return !Number.isFinite(s) ? "–"
      : a >= 172800 ? `${sig3(s / 86400)} days`
      : a >= 6000 ? `${sig3(s / 3600)} h`
      : a >= 600 ? `${sig3(s / 60)} min`
      : a >= 1 ? `${sig3(s)} s`
      : a >= 1e-3 ? `${sig3(s * 1e3)} ms`
      : a >= 1e-6 ? `${sig3(s * 1e6)} µs`
      : s === 0 ? "0 s" : `${sig3(s * 1e9)} ns`;
  };
  const size = (bytes) => {
    if (bytes < 10240) return `${Math.floor(bytes).toLocaleString("en-US")} B`;
    const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let unit = 0, value = bytes / 1024;
    while (value >= 1000 && unit + 1 < units.length) { value /= 1024; unit += 1; }
    return `${sig3(value)} ${units[unit]}`;
  };
  const pays = (from, to) => {
    const after = (cost, gain) => (gain > 0 ? Math.max(1, Math.ceil(cost / gain)) : null);
    const likely = after(from.scan[0] + to.write[0], from.epoch[0] - to.epoch[0]);
    const soonest = after(from.scan[1] + to.write[1], from.epoch[2] - to.epoch[1]);
    const latest = after(from.scan[2] + to.write[2], from.epoch[1] - to.epoch[2]);
    const count = (n) => n.toLocaleString("en-US");
    const epochs = likely === 1 ? "1 epoch" : `${count(likely ?? 0)} epochs`;
    if (soonest === null) return "never";
    if (likely === null) return "never, or not told apart";
    if (latest === null) return `${epochs} (or never)`;
    return soonest === latest ? epochs : `${epochs} (${count(soonest)} to ${count(latest)})`;
  };
  all(document, ".breakeven").forEach((box) => {
    const prices = JSON.parse(box.querySelector("script.prices").textContent);
    const form = box.querySelector("form");
    const show = () => {
      const from = prices[form.elements.have.selectedIndex];
      const [images, epochs] = [form.elements.images, form.elements.epochs].map((field) => Math.max(1, Number(field.value) || 1));
      const seconds = (us) => duration((us * images) / 1e6);
      all(box, "tbody tr").forEach((row, nth) => {
        const to = prices[nth];
        const space = to.bytes === null ? "–" : size(to.bytes * images);
        const cost = to.write === null ? null : from.scan[0] + to.write[0];
        const texts = from === to ? ["what you have", seconds(to.epoch[0]), "–", seconds(to.epoch[0] * epochs), space]
          : cost === null ? ["not measured", seconds(to.epoch[0]), "–", "–", space]
          : [seconds(cost), seconds(to.epoch[0]), pays(from, to), seconds(cost + to.epoch[0] * epochs), space];
        all(row, "td").forEach((cell, column) => { cell.textContent = texts[column]; });
      });
    };
    for (const field of form.elements) {
      const kept = chosen.get(field.id);
      if (kept !== null) field.value = kept;
      if (field.value === "") field.selectedIndex = 0;
    }
    form.addEventListener("input", (event) => { keep(event.target.id, event.target.value); show(); });
    form.addEventListener("submit", (event) => event.preventDefault());
    show();
  });

  // The results as files, out of the page itself, in which they are compressed (packed.rs).
  const unpacked = (text) => {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  };
  const flat = (cell) => {
    const named = (what, before) => Object.fromEntries(Object.entries(what ?? {}).map(([name, value]) => [before + name, value]));
    const numbers = {
      ...named(cell.estimate, "estimate_"), ...named(cell.latency, "latency_"), ...named(cell.counters, "counted_"), ...cell.storage,
    };
    const { id, kind, format, workload, dataset, images, batch, threads, cache, durability, deliver, status, reason } = cell;
    return { id, kind, format, workload, dataset, images, batch, threads, cache, durability, deliver, status, reason, ...numbers };
  };
  const csv = (results) => {
    const lines = results.cells.map(flat);
    const heads = [...new Set(lines.flatMap((line) => Object.keys(line)))];
    // A spreadsheet takes what begins with one of these signs for a formula.
    const field = (value) => {
      const text = value === null || value === undefined ? "" : String(value);
      const safe = typeof value === "string" && /^\s*[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    return [heads, ...lines.map((line) => heads.map((head) => line[head]))].map((row) => row.map(field).join(",") + "\r\n").join("");
  };
  // An old browser cannot unpack them; the file beside the page has them, too.
  const downloads = "DecompressionStream" in window ? all(document, ".downloads") : [];
  downloads.forEach((place) => {
    const data = place.nextElementSibling;
    place.hidden = false;
    const offer = (name, type, make) => {
      const button = element("button", name, { type: "button" });
      button.addEventListener("click", async () => {
        const text = make(await unpacked(data.textContent));
        const href = URL.createObjectURL(new Blob([text], { type: type === "csv" ? "text/csv" : "application/json" }));
        const link = element("a", "", { download: place.dataset.file.replace(/json$/, type), href });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      });
      place.append(button, " ");
    };
    offer("results as JSON", "json", (text) => text);
    offer("cells as CSV", "csv", (text) => csv(JSON.parse(text)));
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
      rows === 0 ? "No format matches: nothing is shown." : words().length + off.length ? "What does not match is hidden in tables and faded in pictures; the answers speak of all." : "";
    boxes.forEach((show) => show());
  };
  if (filters) {
    filters.hidden = false;
    filters.elements.formats.value = chosen.get("f") ?? "";
    const off = chosen.getAll("w");
    all(filters, "input[type=checkbox]").forEach((box) => { box.checked = !off.includes(box.value); });
    filters.addEventListener("input", () => {
      const off = all(filters, "input[type=checkbox]").filter((box) => !box.checked).map((box) => box.value);
      keep("f", ...(words().length ? [words().join(" ")] : []));
      keep("w", ...off);
      apply();
    });
    filters.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }
})();
