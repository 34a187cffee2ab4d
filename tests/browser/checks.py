"""What must be so of every page. A check is a function with `@check`: it gets a `Visit` and gives the defects it found,
each as a line of text. `breaks` is what is done to a sound page, as text to text, so that the check has to find something:
`check.py --self-test` sees to it that it does. New checks go below, one function each; nothing else has to know of them.
"""

import re

CHECKS = []


def check(*breaks):
    """Puts a function into the list, with the ways to break a page that it must notice."""
    assert breaks, "a check that nothing is known to fail is none"

    def register(function):
        function.breaks = breaks
        CHECKS.append(function)
        return function

    return register


def before_end(html):
    """Puts markup at the end of the page's text."""
    return lambda page: page.replace("</main>", f"{html}</main>", 1)


def styled(css):
    """Puts rules after the page's own."""
    return lambda page: page.replace("</head>", f"<style>{css}</style></head>", 1)


def swap(pattern, text):
    """Replaces the first match, which has to be there."""

    def change(page):
        changed, count = re.subn(pattern, text, page, count=1, flags=re.DOTALL)
        assert count, f"nothing to break: {pattern}"
        return changed

    return change


@check(
    before_end("<script>console.error('no')</script>"),
    before_end("<script>console.warn('no')</script>"),
    before_end("<script>absent.fly()</script>"),
    before_end("<script>alert('no')</script>"),
)
def console_is_silent(visit):
    with visit.open() as page:
        return page.said


@check(
    before_end('<img src="other.png" alt="">'),
    before_end('<script>fetch("http://127.0.0.1:9/").catch(() => 0)</script>'),
    styled("@import 'http://127.0.0.1:9/a.css'; body { background: url(a.svg) }"),
    before_end('<iframe srcdoc="<link rel=stylesheet href=a.css>"></iframe>'),
)
def nothing_else_is_loaded(visit):
    with visit.open() as page:
        own = visit.file.as_uri()
        return [f"requests {url}" for url in page.asked if url != own and not url.startswith(("data:", "about:"))]


@check(
    before_end("<script>window.hacked = 1</script>"),
    before_end("<b data-hacked>x</b>"),
)
def names_stay_text(visit):
    with visit.open() as page:
        return page.evaluate("""() => [
            ...(window.hacked === undefined ? [] : ['a script from a name was run']),
            ...[...document.querySelectorAll('[data-hacked]')].map(e => `a name became markup: ${e.outerHTML.slice(0, 80)}`),
        ]""")


# Elements that show text of their own, with its colour and what is behind it. Opacity and pictures as backgrounds are not
# understood, and are said to be so.
CONTRAST = """() => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return { rgb: n.slice(0, 3), a: n[3] ?? 1 } };
  const over = (top, below) => top.rgb.map((v, i) => v * top.a + below[i] * (1 - top.a));
  const behind = element => {
    const stack = [];
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.a > 0) stack.push(colour);
      if (colour.a === 1) break;
    }
    const canvas = matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
    return stack.reverse().reduce((below, top) => over(top, below), canvas);
  };
  const light = rgb => {
    const [r, g, b] = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = new Map();
  for (const element of document.querySelectorAll('body *')) {
    if (['SCRIPT', 'STYLE', 'TITLE', 'title', 'desc'].includes(element.tagName)) continue;
    const own = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join(' ').trim();
    const shown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!own || !shown) continue;
    const style = getComputedStyle(element);
    const ink = parse(element.ownerSVGElement ? style.fill : style.color);
    const below = behind(element);
    const [a, b] = [light(over(ink, below)), light(below)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const kind = `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}">`;
    if (ratio < 4.5 && !(found.get(kind)?.ratio <= ratio)) found.set(kind, { ratio, own });
  }
  return [...found].map(([kind, { ratio, own }]) => `${kind} has a contrast of ${ratio.toFixed(2)}: ${own.slice(0, 40)}`);
}"""


@check(
    styled("p { color: #888 !important }"),
    styled("@media (prefers-color-scheme: dark) { p { color: #555 !important } }"),
    styled("svg text { fill: #aaa !important }"),
)
def text_can_be_read_in_light_and_dark(visit):
    defects = []
    for scheme in ("light", "dark"):
        with visit.open(scheme=scheme) as page:
            defects += [f"{scheme}: {defect}" for defect in page.evaluate(CONTRAST)]
    return defects


@check(styled(":root { --bg: #fff; --ink: #000 } body { background: #fff; color: #000 }"))
def dark_is_dark(visit):
    """Who asked for a dark page gets one, and who asked for a light one does not."""
    defects = []
    for scheme, wanted in (("light", range(128, 256)), ("dark", range(0, 128))):
        with visit.open(scheme=scheme) as page:
            colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
            if int(re.search(r"\d+", colour)[0]) not in wanted:
                defects.append(f"the background is {colour} where {scheme} was asked for")
    return defects


# The outermost elements that stick out to the right without being in a box that scrolls.
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= width) return [];
  const boxed = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== 'visible') return true; return false; };
  const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1 && !boxed(e));
  const name = e => `<${e.tagName.toLowerCase()} class="${e.getAttribute('class') ?? ''}">`;
  const each = out.filter(e => !out.includes(e.parentElement)).map(e =>
    `${name(e)} reaches to ${Math.round(e.getBoundingClientRect().right)} px: ${(e.textContent ?? '').trim().slice(0, 40)}`);
  return [`the page is ${document.scrollingElement.scrollWidth} px wide on a screen of ${width} px`, ...each.slice(0, 5)];
}"""


@check(before_end('<p style="width: 500px">wide</p>'), styled(".scroll { overflow: visible !important }"))
def a_phone_need_not_scroll_sideways(visit):
    with visit.open(size={"width": 380, "height": 800}) as page:
        return page.evaluate(STICKS_OUT)


OVERLAPS = """() => {
  const defects = [];
  for (const svg of document.querySelectorAll('svg')) {
    const texts = [...svg.querySelectorAll('text')].map(e => ({ text: e.textContent.trim(), box: e.getBoundingClientRect() }))
      .filter(({ text, box }) => text && box.width && box.height);
    const name = svg.querySelector('title')?.textContent ?? svg.getAttribute('aria-label') ?? 'a picture';
    texts.forEach((a, i) => texts.slice(i + 1).forEach(b => {
      const x = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const y = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (x > 1 && y > 1)
        defects.push(`in "${name.slice(0, 80)}": "${a.text.slice(0, 60)}" and "${b.text.slice(0, 60)}" overlap by ` +
          `${x.toFixed(1)} x ${y.toFixed(1)} px`);
    }));
  }
  return defects;
}"""


@check(
    swap(r"(<svg[^>]*role=\"img\".*?<text [^>]*>)(.*?)</text>", r"\1\2</text>\1\2</text>"),
    styled("svg.chart text { font-size: 120px }"),
)
def text_in_pictures_does_not_overlap(visit):
    with visit.open() as page:
        return page.evaluate(OVERLAPS)


@check(
    swap(r"(<svg[^>]*role=\"img\".*</svg>.*?)<table.*?</table>", r"\1"),
    before_end("<h2>More</h2><svg role='img' aria-label='more'><text y='9'>1</text></svg><h2>End</h2><table></table>"),
)
def every_chart_is_followed_by_a_table(visit):
    """Before the next heading, or the end."""
    with visit.open() as page:
        return page.evaluate("""() => {
          const order = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6, svg[role=img], table')];
          const charts = order.filter(e => e.tagName.toLowerCase() === 'svg');
          return charts.filter(chart => {
            const rest = order.slice(order.indexOf(chart) + 1);
            const end = rest.findIndex(e => /^h\\d$/i.test(e.tagName));
            return !rest.slice(0, end < 0 ? undefined : end).some(e => e.tagName === 'TABLE' && e.rows.length > 1);
          }).map(chart => `no table after the chart "${chart.getAttribute('aria-label') ?? ''}"`);
        }""")


@check(
    swap(r"(<svg[^>]*role=\"img\"[^>]*?) aria-label=\"[^\"]*\"(.*?)<title>.*?</title>", r"\1\2"),
    before_end('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'),
)
def pictures_say_what_they_show(visit):
    with visit.open() as page:
        return page.evaluate("""() => [...document.querySelectorAll('svg, img')]
          .filter(e => !e.closest('[aria-hidden=true]') && e.getAttribute('role') !== 'presentation')
          .filter(e => !(e.getAttribute('aria-label') ?? e.getAttribute('alt') ?? e.querySelector('title')?.textContent))
          .map(e => `${e.outerHTML.slice(0, 80)} has no name`)""")


# Controls that are shown, with what is to be reached by the tabulator; of radio buttons of one name one is enough.
CONTROLS = """() => {
  const all = [...document.querySelectorAll('input, select, textarea, button, summary, a[href], [tabindex]')];
  const shown = all.filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.type !== 'hidden');
  window.controls = shown;
  window.reached = new Set();
  document.addEventListener('focusin', event => window.reached.add(event.target));
  return shown.length;
}"""
UNREACHED = """() => window.controls
  .filter(e => !window.reached.has(e))
  .filter(e => e.type !== 'radio' || ![...window.reached].some(r => r.type === 'radio' && r.name === e.name))
  .map(e => `the keyboard does not reach ${e.outerHTML.slice(0, 90)}`)"""


@check(
    before_end("<input id='a' tabindex='-1' aria-label='a'>"),
    before_end("<button tabindex='-1'>a</button>"),
    before_end("<input aria-label='a' onfocus='this.blur()'><a href='#a' tabindex='-1'>a</a>"),
)
def the_keyboard_reaches_every_control(visit):
    with visit.open() as page:
        for _ in range(page.evaluate(CONTROLS) + 20):
            page.keyboard.press("Tab")
        return page.evaluate(UNREACHED)


@check(
    before_end("<input>"),
    before_end("<select><option>a</option></select>"),
    before_end("<button></button>"),
    before_end("<label for='other'>a</label><input id='this'>"),
    before_end("<input aria-labelledby='absent'>"),
    before_end("<div tabindex='0' role='region'></div>"),
)
def every_control_has_a_label(visit):
    with visit.open() as page:
        return page.evaluate("""() => {
          const name = e => [
            ...(e.labels ?? []), ...(e.getAttribute('aria-labelledby') ?? '').split(/\\s+/).map(id => document.getElementById(id)),
            ['BUTTON', 'SUMMARY', 'A'].includes(e.tagName) ? e : null,
          ].map(l => l?.textContent ?? '').concat(e.getAttribute('aria-label') ?? '', e.title ?? '').join('').trim();
          return [...document.querySelectorAll('input, select, textarea, button, summary, a[href], [role][tabindex="0"]')]
            .filter(e => e.type !== 'hidden' && !name(e)).map(e => `no label: ${e.outerHTML.slice(0, 90)}`);
        }""")


@check(
    before_end("<h1>again</h1>"),
    before_end("<h2>a</h2><h4>b</h4>"),
    swap(r"<h1>.*?</h1>", ""),
    before_end("<h2> </h2>"),
)
def headings_are_in_order(visit):
    with visit.open() as page:
        found = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(e => [+e.tagName[1], e.textContent.trim()])"
        )
    defects = [f"heading of level {level} after one of {before}: {text}" for (before, _), (level, text) in
               zip([(0, ""), *found], found) if level > before + 1]  # fmt: skip
    if [level for level, _ in found].count(1) != 1:
        defects.append("there is not exactly one h1")
    return defects + [f"an empty heading of level {level}" for level, text in found if not text]


@check(
    before_end("<p id='a'>x</p><p id='a'>y</p>"),
    before_end("<a href='#absent'>a</a>"),
)
def anchors_lead_somewhere(visit):
    with visit.open() as page:
        return page.evaluate("""() => {
          const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
          const twice = ids.filter((id, nth) => ids.indexOf(id) !== nth).map(id => `the id ${id} is there twice`);
          const lost = [...document.querySelectorAll('a[href^="#"]')].map(e => decodeURIComponent(e.hash.slice(1)))
            .filter(id => id && !ids.includes(id)).map(id => `a link leads to #${id}, which is not there`);
          return [...twice, ...lost];
        }""")


# A4 in CSS pixels, at the smallest scale: Chromium lays a page that is too wide out anew on up to one and a half times the
# paper's width, and cuts off what is wider still.
PAPER = {"width": 794 * 3 // 2, "height": 1123 * 3 // 2}
# What is for the screen only (fields, buttons) has the class `screen`; what is folded stays folded, but for the limits.
CUT_OFF = """width => [...document.querySelectorAll('h1, h2, h3, p, li, table, svg[role=img]')].filter(e => !e.closest('.screen')).flatMap(e => {
  const box = e.getBoundingClientRect();
  const name = (e.caption ?? e.querySelector('title') ?? e).textContent.trim().slice(0, 60);
  const what = `<${e.tagName.toLowerCase()}> "${name}"`;
  const folded = e.closest('details:not([open], .limits)');
  const printed = e.checkVisibility() && box.height > 0;
  if (folded) return printed ? [`${what} is printed, and it is folded`] : [];
  if (!printed) return name ? [`${what} is not printed`] : [];
  if (box.right <= width + 1) return [];
  const lost = [...(e.tHead?.rows[0].cells ?? [])].filter(c => c.getBoundingClientRect().right > width + 1);
  const columns = lost.map(c => c.textContent.trim()).join(', ');
  return [`${what} is cut off on paper: ${Math.round(box.right)} of ${width} px` + (columns && `; columns lost: ${columns}`)];
})"""


@check(
    styled("@media print { main { display: none } }"),
    styled("@media print { main { width: 3000px } }"),
    styled("@media print { table { display: none } }"),
    styled("@media print { .limits:not([open])::details-content { content-visibility: hidden; display: none } }"),
    styled("@media print { details::details-content { content-visibility: visible; display: block; block-size: auto } }"),
)
def it_can_be_printed(visit):
    defects = []
    with visit.open(unfold=False) as page:
        pdf = page.pdf(format="A4", print_background=True)
        if not pdf.startswith(b"%PDF-") or not re.search(rb"/Type\s*/Page\b", pdf):
            defects.append("no PDF comes out")
    with visit.open(size=PAPER, media="print", unfold=False) as page:
        page.evaluate("document.querySelectorAll('.limits').forEach(limits => limits.open = false)")
        return defects + page.evaluate(CUT_OFF, PAPER["width"])


# One second is the aim; on a machine that does other things, too, more proves nothing.
SECONDS, LENIENT = 1.0, 4.0


@check(
    before_end(f"<script>for (const end = performance.now() + {LENIENT * 1000 + 200}; performance.now() < end;);</script>")
)
def it_is_there_at_once(visit):
    with visit.open(unfold=False) as page:
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0", timeout=20_000)
        ready, paint = page.evaluate("""() => [performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
            performance.getEntriesByName('first-contentful-paint')[0].startTime]""")
    late = max(ready, paint) / 1000
    remark = "" if late <= SECONDS else f", over the aim of {SECONDS} s"
    print(f"       DOM ready after {ready:.0f} ms, first paint after {paint:.0f} ms{remark}")
    return [f"there only after {late:.1f} s"] if late > LENIENT else []


LARGEST = 3 << 20


@check(before_end(f"<!-- {'x' * LARGEST} -->"))
def it_is_small(visit):
    size = visit.file.stat().st_size
    return [f"{size} bytes, more than {LARGEST}"] if size > LARGEST else []
