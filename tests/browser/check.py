"""Pages of `shelfmark report` in headless Chromium: every check of checks.py and using.py on every page of inputs.py.

Usage: python tests/browser/check.py PATH_OF_SHELFMARK [--self-test | --pages] [--only CHECK]

First the checks are checked: a sound page is broken on purpose, in each of the ways that each check names, and it has to be
noticed (--self-test: no more than that). Then they look at the pages (--pages: only that). What known.py lists is said
and is no failure; what it lists and is not found is one, so that nothing stays there longer than it is true.
"""

import argparse
import pathlib
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import browser
import checks
import inputs
import known
import using  # noqa: F401 (its checks put themselves into the list)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true", help="only see whether the checks notice broken pages")
    parser.add_argument("--pages", action="store_true", help="only look at the pages")
    parser.add_argument("--only", metavar="CHECK", default="", help="only checks whose name contains this")
    arguments = parser.parse_args()
    chosen = [check for check in checks.CHECKS if arguments.only in check.__name__]
    assert chosen, f"no check is called {arguments.only}"
    path = browser.executable()
    if path is None:
        print(f"skipped: none of {', '.join(browser.NAMES)} is on the PATH, and $CHROMIUM names no other")
        return 0
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder, browser.chromium(path) as chromium:
        program, folder = arguments.program.resolve(), pathlib.Path(folder)
        run = inputs.measured(program, folder)
        if not arguments.pages:
            self_test(chromium, inputs.report(program, folder / "sound", [run]), chosen, tally)
        if not arguments.self_test:
            look(chromium, inputs.pages(program, folder, run), chosen, tally)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return int(tally.failed > 0)


class Tally:
    """What passed and what did not."""

    def __init__(self):
        self.passed = self.failed = 0

    def add(self, what, defects):
        self.passed, self.failed = self.passed + (not defects), self.failed + bool(defects)
        print(f"{'FAILED' if defects else 'ok    '} {what}", flush=True)
        for defect in dict.fromkeys(defects):
            print(f"       {defect}", flush=True)


def self_test(chromium, sound, chosen, tally):
    """Every check on pages that were broken: it has to find what it did not find before."""
    text = sound.read_text(encoding="utf-8")
    broken = sound.with_name("broken.html")
    for check in chosen:
        before = set(check(browser.Visit(chromium, sound)))
        for nth, breaks in enumerate(check.breaks, 1):
            broken.write_text(breaks(text), encoding="utf-8")
            noticed = set(check(browser.Visit(chromium, broken))) - before
            defects = [] if noticed else ["the page was broken, and it was not noticed"]
            tally.add(f"self-test: {check.__name__}, {nth}", defects)


def look(chromium, pages, chosen, tally):
    """Every check on every page."""
    expected = {entry: 0 for entry in known.KNOWN if entry.check in [check.__name__ for check in chosen]}
    for name, file in pages.items():
        for check in chosen:
            defects = []
            for defect in check(browser.Visit(chromium, file)):
                entry = next((entry for entry in expected if entry.covers(check.__name__, name, defect)), None)
                if entry is None:
                    defects.append(defect)
                else:
                    expected[entry] += 1
            tally.add(f"{name}: {check.__name__}", defects)
    for entry, count in expected.items():
        stale = [] if count else ["it was not found: take it out of tests/browser/known.py"]
        tally.add(f"known defect, found {count} times: {entry.check}: {entry.why}", stale)


if __name__ == "__main__":
    began = time.monotonic()
    code = main()
    print(f"in {time.monotonic() - began:.0f} s", file=sys.stderr)
    sys.exit(code)
