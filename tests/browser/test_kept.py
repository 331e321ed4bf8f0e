"""What a visitor has drawn, uploaded and chosen is still there after a walk over all pages."""

from __future__ import annotations

import re

from browser.conftest import OpenPage
from browser.test_draw import canvas, draw, expect_reading, ready, wait_for_width
from browser.test_photo import picture_of, upload
from playwright.sync_api import Locator, Page, expect
from support.own_strokes import OWN_STROKES


def go_to(page: Page, name: str, title: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def ink(page: Page) -> int:
    """The number of lit pixels on the canvas."""
    return int(
        canvas(page).evaluate(
            "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
            ".filter((v, i) => i % 4 === 0 && v > 128).length"
        )
    )


def switch(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} input")


def test_drawing_photo_and_settings_survive_a_walk_over_all_pages(
    app: str, open_page: OpenPage
) -> None:
    page = ready(open_page(app))
    page.get_by_text("A number", exact=True).click()
    wait_for_width(page, 560)
    draw(page, OWN_STROKES[7][:1], x=140)
    draw(page, OWN_STROKES[3][:1], x=400)
    expect_reading(page, "73")
    page.wait_for_timeout(500)
    drawn = ink(page)
    go_to(page, "Webcam", "Show a digit")
    page.get_by_text("Mirror", exact=True).click()
    # Streamlit loses a change that is not yet with the server when the next page is opened.
    page.wait_for_timeout(1500)
    go_to(page, "Draw", "Draw a digit")
    wait_for_width(page, 560)
    expect_reading(page, "73")
    page.wait_for_timeout(500)
    assert ink(page) == drawn
    page.locator(".st-key-remove_stroke button:visible").click()
    expect_reading(page, "7")
    upload(page, "sheet.png", picture_of((4, 7, 2)))
    expect(page.locator(".st-key-photo_reading")).to_have_text(re.compile(r"^\s*472\s*$"))
    go_to(page, "Webcam", "Show a digit")
    expect(switch(page, "mirror")).to_be_checked()
    go_to(page, "Draw", "Read a picture")
    expect(page.locator(".st-key-photo_reading")).to_have_text(re.compile(r"^\s*472\s*$"))
    expect(page).to_have_url(re.compile("input=Photo"))
    page.get_by_role("tab", name="Draw").click()
    expect_reading(page, "7")
