"""A page in headless Chromium: opened fresh for each question, so that no check sees what another one did."""

import contextlib
import os
import shutil

from playwright.sync_api import sync_playwright

# What these systems call it.
NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE = {"width": 1280, "height": 900}


def executable():
    """The system's Chromium, or what $CHROMIUM says; playwright's own download is not used."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def chromium(path):
    # Chromium's sandbox refuses to work for root, which is what containers run as.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if root else [])
        yield browser
        browser.close()


class Visit:
    """One file, opened as often as a check asks for it."""

    def __init__(self, browser, file):
        self.browser, self.file = browser, file

    @contextlib.contextmanager
    def open(self, size=WIDE, scheme="light", media=None, unfold=True):
        """The page in a window of its own; `page.said` is what the console said, `page.asked` what was requested."""
        context = self.browser.new_context(viewport=size, color_scheme=scheme)
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: page.said.append(f"error: {error}"))
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("dialog", lambda dialog: (page.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        if media:
            page.emulate_media(media=media)
        page.goto(self.file.as_uri(), wait_until="load")
        if unfold:
            page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        yield page
        context.close()
