"""What the page does when it is used: sliders, filters, addresses, the calculator, downloads. Checks as in checks.py."""

import base64
import csv
import io
import json
import math
import zlib

from checks import check, swap

# A ranking as it is shown, row by row.
RANKING = """box => [...box.querySelectorAll('.ranking tbody tr')].map(row => [...row.children].map(cell => cell.textContent))"""


def weights(at):
    """What each role weighs, by where the sliders stand; here a second time, so that the script's is not taken for true."""
    reads, single, cold, space = (at[name] / 100 for name in ("reads", "single", "cold", "space"))
    return {
        "single": reads * single * (1 - cold),
        "batch": reads * (1 - single) * (1 - cold),
        "cold-single": reads * single * cold,
        "cold-batch": reads * (1 - single) * cold,
        "write": 1 - reads,
        "space": space,
    }


def ranked(sheet, at):
    """Ranks, formats and scores, best first."""
    weigh = weights(at)
    by = [(c["figures"], weigh[c["role"]]) for c in sheet["criteria"] if c["why"] is None and weigh[c["role"]] > 0]
    total = sum(weight for _, weight in by)
    if total * 2 < sum(weigh[c["role"]] for c in sheet["criteria"]):
        return []
    scores = {}
    for nth, name in enumerate(sheet["formats"]):
        figures = [(figures[nth], weight) for figures, weight in by]
        if total > 0 and all(isinstance(figure, list) for figure, _ in figures):
            mean = sum(figure[0] * weight for figure, weight in figures) / total
            down, up = (math.sqrt(sum((f[side] * weight) ** 2 for f, weight in figures)) / total for side in (1, 2))
            scores[name] = (mean, down, up)
    margin = math.log(sheet["margin"])

    def better(a, b):
        return b[0] - a[0] - math.hypot(b[1], a[2]) > margin

    def rank(name):
        first = 1 + sum(better(other, scores[name]) for other in scores.values())
        last = len(scores) - sum(better(scores[name], other) for other in scores.values())
        return str(first) if first == last else f"{first} to {last}"

    return [(rank(name), name, math.exp(scores[name][0])) for name in sorted(scores, key=lambda name: (scores[name][0], name))]


def boxes(page):
    """The rankings of a page: the element, what it ranks by, and its sliders."""
    for box in page.query_selector_all(".choose"):
        sheet = json.loads(box.query_selector("script.sheet").text_content())
        sliders = {slider.get_attribute("name"): slider for slider in box.query_selector_all("input[type=range]")}
        yield box, sheet, sliders


@check(
    swap(r'"write": 1 - reads', '"write": 0'),
    swap(r'slider\.addEventListener\("input"', 'slider.addEventListener("never"'),
    swap(r"Math\.log\(sheet\.margin\)", "10"),
    swap(r"a\.ln - b\.ln", "b.ln - a.ln"),
)
def sliders_rank_anew(visit):
    defects = []
    with visit.open() as page:
        for box, sheet, sliders in boxes(page):
            for name, value in [("space", 100), ("reads", 0), ("reads", 60), ("cold", 50), ("single", 100)]:
                if sliders[name].is_enabled():
                    sliders[name].fill(str(value))
                at = {name: int(slider.input_value()) for name, slider in sliders.items()}
                rows = [row for row in box.evaluate(RANKING) if row[0] != "not ranked"]
                shown = [(row[0], row[1], float(row[2].rstrip(" ×").replace(",", ""))) for row in rows]
                expected = ranked(sheet, at)
                alike = [a[:2] == b[:2] and abs(a[2] / b[2] - 1) < 0.006 for a, b in zip(shown, expected)]
                if len(shown) != len(expected) or not all(alike):
                    defects.append(f"with {at} it shows {shown}, and has to show {expected}")
    return defects


# What the script may not change as long as nobody has touched anything.
STILL = """() => [...document.querySelectorAll('.choose .verdict, .choose .ranking tbody tr, .breakeven tbody tr, .choose output')]
    .map(element => [...element.children].map(cell => cell.textContent).join(' | ') || element.textContent)"""


@check(swap(r"toPrecision\(3\)", "toPrecision(2)"), swap(r"Math\.exp\(p\.ln \+ p\.above\)", "Math.exp(p.ln)"))
def without_its_script_it_says_the_same(visit):
    context = visit.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(visit.file.as_uri())
    without = page.evaluate(STILL)
    context.close()
    with visit.open() as page:
        with_script = page.evaluate(STILL)
    if len(without) != len(with_script):
        return [f"{len(without)} lines without the script, {len(with_script)} with it"]
    return [f"without the script: {a}; with it: {b}" for a, b in zip(without, with_script) if a != b]


# Rows that are shown and do not match; marks in pictures that do not match and are not faded.
LEFT = """word => [
    ...[...document.querySelectorAll('tr[data-f], .card[data-f]')].filter(e => e.checkVisibility() && !e.dataset.f.includes(word))
        .map(e => `still shown: ${e.dataset.f}`),
    ...[...document.querySelectorAll('tr[data-f], .card[data-f]')].filter(e => e.hidden && e.dataset.f.includes(word))
        .map(e => `hidden: ${e.dataset.f}`),
    ...[...document.querySelectorAll('svg [data-f]')].filter(e => e.classList.contains('faded') === e.dataset.f.includes(word))
        .map(e => `in a picture: ${e.dataset.f}`),
]"""


@check(
    swap(r"row\.hidden = !shown", "row.hidden = shown"),
    swap(r'toggle\("faded", !', 'toggle("faded", '),
    swap(r"part\.hidden = off", "part.hidden = !off"),
)
def filters_hide_what_does_not_match(visit):
    with visit.open() as page:
        if page.query_selector("#filters") is None:
            return []
        page.fill("#show-formats", "png")
        defects = page.evaluate(LEFT, "png")
        page.fill("#show-formats", "")
        defects += page.evaluate(LEFT, "")
        box = page.query_selector("#filters input[type=checkbox]")
        workload = box.get_attribute("value")
        box.uncheck()
        gone = "w => [...document.querySelectorAll('[data-w]')].filter(e => e.hidden !== (e.dataset.w === w)).map(e => e.dataset.w)"
        return defects + [f"{workload} was put away, and {found} is wrong" for found in page.evaluate(gone, workload)]


@check(swap(r"history\.replaceState", "void"), swap(r'chosen\.get\("f"\) \?\? ""', '""'), swap(r"slider\.value = kept", "0"))
def addresses_keep_what_was_chosen(visit):
    with visit.open() as page:
        if page.query_selector("#filters") is None:
            return []
        page.fill("#show-formats", "png lmdb")
        page.query_selector("#filters input[type=checkbox]").uncheck()
        for slider in page.query_selector_all("input[type=range]:enabled"):
            slider.fill("35")
        for field in page.query_selector_all(".breakeven input"):
            field.fill("7")
        state = "() => [...document.querySelectorAll('input')].map(e => `${e.id}: ${e.type === 'checkbox' ? e.checked : e.value}`)"
        before, address = page.evaluate(state), page.url
    context = visit.browser.new_context()
    page = context.new_page()
    page.goto(address)
    after = page.evaluate(state)
    context.close()
    return [f"kept as {b}, chosen as {a}" for a, b in zip(before, after) if a != b]


@check(
    swap(r"Math\.ceil\(cost / gain\)", "Math.floor(cost / gain) + 7"),
    swap(r'form\.addEventListener\("input"', 'form.addEventListener("never"'),
)
def the_calculator_counts(visit):
    defects = []
    with visit.open() as page:
        for box in page.query_selector_all(".breakeven"):
            prices = json.loads(box.query_selector("script.prices").text_content())
            for nth, have in enumerate(prices):
                box.query_selector("select").select_option(index=nth)
                rows = box.eval_on_selector_all("tbody tr", "rows => rows.map(row => row.children[3].textContent)")
                for price, shown in zip(prices, rows):
                    if price is have or price["write"] is None:
                        continue
                    gain = have["epoch"][0] - price["epoch"][0]
                    cost = have["scan"][0] + price["write"][0]
                    epochs = max(1, math.ceil(cost / gain)) if gain > 0 else None
                    said = shown.split(" ")[0].replace(",", "").rstrip(",")
                    if said != (str(epochs) if epochs else "never"):
                        defects.append(f"{have['format']} into {price['format']}: {shown}, and it is {epochs}")
    return defects


@check(swap(r"results\.cells\.map\(flat\)", "results.cells.slice(1).map(flat)"), swap(r'"json", \(text\) => text', '"json", () => "{}"'))
def downloads_hold_all_cells(visit):
    defects = []
    with visit.open() as page:
        for place in page.query_selector_all(".downloads"):
            results = json.loads(zlib.decompress(base64.b64decode(place.evaluate("place => place.nextElementSibling.textContent"))))
            texts = []
            for button in place.query_selector_all("button"):
                with page.expect_download() as download:
                    button.click()
                texts.append(download.value.path().read_text(encoding="utf-8"))
            whole, table = json.loads(texts[0]), list(csv.DictReader(io.StringIO(texts[1], newline="")))
            if whole.get("schema") != results["schema"] or len(whole.get("cells", [])) != len(results["cells"]):
                defects.append("the JSON is not the results")
            if [row["id"].lstrip("'") for row in table] != [cell["id"] for cell in results["cells"]]:
                defects.append(f"the table has {len(table)} rows for {len(results['cells'])} cells, or others")
            if any(row["format"][:1] in tuple("=+-@") for row in table):
                defects.append("a name in the table would be a formula")
    return defects
