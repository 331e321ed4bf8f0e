"""The explanation of a prediction, in a real browser."""

from __future__ import annotations

import re

import pytest
from browser.conftest import OpenPage
from browser.test_draw import clear, draw, expect_reading, ready
from browser.test_photo import picture_of, upload
from playwright.sync_api import Locator, expect
from support.own_strokes import OWN_STROKES


def test_why_explains_a_drawn_digit(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[4])
    expect_reading(page, "4")
    # Nothing is computed before the click.
    expect(page.get_by_text("Evidence for")).to_have_count(0)
    page.get_by_role("button", name="Why?").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Evidence for 4")).to_be_visible()
    expect(dialog.get_by_text(re.compile(r"runner-up, \d+\.\d%"))).to_be_visible()
    expect(dialog.get_by_text("What would change the prediction")).to_be_visible()
    expect(dialog.locator(".stPlotlyChart .heatmaplayer image")).to_have_count(4)
    dialog.get_by_text("Activations").click()
    expect(dialog.get_by_alt_text(re.compile("Activations of convolution 12"))).to_have_count(1)
    expect(dialog.get_by_text("convolution 1 (3 x 3): 26 x 26 x 32")).to_be_visible()
    expect(dialog.get_by_text("convolution 11 (7 x 7): 6 x 6 x 48")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    clear(page)
    draw(page, OWN_STROKES[7])
    expect_reading(page, "7")
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_role("dialog").get_by_text("Evidence for 7")).to_be_visible()


@pytest.mark.slow
def test_why_explains_the_digit_it_belongs_to(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app, width=390))
    draw(page, OWN_STROKES[1], side=150, x=60)
    draw(page, OWN_STROKES[0], side=110, x=200)
    expect_reading(page, "10")
    page.get_by_role("button", name="Why?").nth(1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Evidence for 0")).to_be_visible()
    box = dialog.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


@pytest.mark.slow
def test_why_explains_a_digit_of_a_photo(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    upload(page, "sheet.png", picture_of((4, 7)))
    expect(page.locator(".st-key-photo_reading")).to_have_text(re.compile(r"^\s*47\s*$"))
    page.get_by_role("button", name="Why?").nth(1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Evidence for 7")).to_be_visible()
    expect(dialog.locator(".stPlotlyChart .heatmaplayer image")).to_have_count(4)


@pytest.mark.slow
def test_why_breaks_the_network_on_a_drawn_digit(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app, width=390, color_scheme="dark"))
    draw(page, OWN_STROKES[4])
    expect_reading(page, "4")
    page.get_by_role("button", name="Why?").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Break it", exact=True).click()
    # The first time, the process loads Keras.
    panel = dialog.locator('[class*="st-key-break_"]').first
    expect(panel).to_contain_text("The answer changes from 4 to", timeout=180_000)
    pictures = dialog.locator('[class*="_attacked"]').first
    expect(pictures.locator("img")).to_have_count(3)
    # Side by side, also on a phone.
    tops = [box["y"] for box in map(_box, pictures.locator("img").all())]
    assert len(set(tops)) == 1
    slider = dialog.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(pictures).to_contain_text(re.compile(r"^4, .*the change.*4, ", re.DOTALL))
    page.keyboard.press("End")
    expect(pictures).not_to_contain_text(re.compile(r"the change\s*4, ", re.DOTALL))
    panel.get_by_text("Fewer bits").click()
    expect(panel).to_contain_text("Keras model, in 32 bits")
    wider = "[...document.querySelectorAll('[role=dialog] *')]"
    wider += ".filter((part) => part.getBoundingClientRect().right > innerWidth + 1).length"
    assert page.evaluate(wider) == 0


def _box(picture: Locator) -> dict[str, float]:
    box = picture.bounding_box()
    assert box
    return dict(box)


@pytest.mark.slow
def test_embedding_map_shows_the_drawn_digit_in_2_d_and_3_d(app: str, open_page: OpenPage) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[4])
    expect_reading(page, "4")
    page.get_by_role("link", name="Train and evaluate").click()
    page.get_by_role("tab", name="Evaluate").click()
    page.get_by_role("tab", name="Embedding").click()
    embedding_map = page.locator(".st-key-feature_map")
    entry = embedding_map.locator(".legendtext", has_text="drawn")
    expect(entry).to_have_count(1)
    expect(embedding_map).to_contain_text("The star is your digit")
    embedding_map.get_by_text("3-D", exact=True).click()
    expect(embedding_map).to_contain_text("drag to turn")
    expect(entry).to_have_count(1)
