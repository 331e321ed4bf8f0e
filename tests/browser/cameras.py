"""Browsers whose camera plays a film, and what the Webcam page shows in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser.chromium import find
from browser.conftest import ARGUMENTS, keep_picture
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

# Found at import: the search may start Playwright, which cannot start twice in one thread.
CHROMIUM = find()
CAMERA = ["--use-fake-device-for-media-stream"]
ALLOWED = [*CAMERA, "--use-fake-ui-for-media-stream"]
# Browser, app and video may share two cores with two other browsers: then a page takes a minute.
PATIENT = 120_000


def with_film(path: Path) -> list[str]:
    """Arguments for a browser whose camera plays a film and is allowed."""
    return [*ALLOWED, f"--use-file-for-fake-video-capture={path}"]


@contextmanager
def browser_filming(path: Path) -> Iterator[Browser]:
    """A browser whose camera plays a film, for what is not a test."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, *with_film(path)]
        )
        yield browser
        browser.close()


# True if a number was read.
READ = r"""() => /\d/.test(document.querySelector(".st-key-live_reading")?.innerText ?? "")"""
# What a frame asks of the cameras.
ASKED = """
window.asked = []
const ask = MediaDevices.prototype.getUserMedia
MediaDevices.prototype.getUserMedia = function (constraints) {
  window.asked.push(constraints.video)
  return ask.call(this, constraints)
}
"""
OpenCamera = Callable[..., Page]


@pytest.fixture
def open_camera(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenCamera]:
    """Open the page in a browser of its own, whose arguments define its camera."""
    browsers, errors = [], []

    def open_camera(address: str, arguments: list[str], *, script: str = "") -> Page:
        own = browser.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])
        browsers.append(own)
        page = own.new_page(viewport={"width": 1280, "height": 1000})
        page.add_init_script(script)
        page.set_default_timeout(PATIENT)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/webcam")
        expect(page.get_by_role("heading", name="Show a digit")).to_be_visible()
        return page

    yield open_camera
    pages = [page for own in browsers for context in own.contexts for page in context.pages]
    keep_picture(request.node, pages)
    for own in browsers:
        own.close()
    assert not errors, errors


def expect_back_camera(frame: Page | Locator) -> None:
    """Check that a frame with `ASKED` would take a phone's camera at the back, and takes any."""
    wishes = frame.evaluate("() => asked.map((video) => video.facingMode)")
    assert {"ideal": "environment"} in wishes
    assert all(wish is None or "exact" not in wish for wish in wishes)


def reading(page: Page) -> Locator:
    return page.locator(".st-key-live_reading")


def expect_reading(page: Page, number: str) -> None:
    expect(reading(page)).to_have_text(re.compile(rf"^\s*({number})\s*$"), timeout=PATIENT)


def expect_words(page: Page, words: str) -> None:
    expect(reading(page)).to_contain_text(words, timeout=PATIENT)
