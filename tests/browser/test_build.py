"""Build your own network as a pupil does: in the form and as a file; train it, draw with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browser.conftest import OpenPage, running_app
from browser.tabs import settle
from browser.test_accessibility import OVERFLOW, WIDTHS, expect_accessible
from browser.test_draw import draw, expect_reading, ready
from browser.test_kept import go_to
from browser.test_keyboard_and_layout import reach_all
from browser.test_training import LONG, environment, models, press, status
from playwright.sync_api import Locator, Page, expect
from support.own_strokes import OWN_STROKES

from mnist_core.registry.store import load_card

__all__ = ["environment", "models"]  # fixtures

pytestmark = pytest.mark.slow


def open_builder(open_page: OpenPage, app: str, **options: int) -> Page:
    page = open_page(app, "train_evaluate?tab=Train", **options)
    page.locator(".st-key-train_architecture").get_by_text("Build your own").click()
    row(page, "1. Convolution").wait_for()
    return settle(page)


def row(page: Page, text: str) -> Locator:
    return page.locator(".st-key-build_blocks button", has_text=text).filter(visible=True)


def change(page: Page, block: str, setting: str, value: str) -> None:
    """Change a number of a block, with the keyboard alone."""
    row(page, block).focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("spinbutton", name=setting)
    expect(field).to_be_visible()
    field.fill(value)
    field.press("Enter")


def test_builder_is_accessible_and_fits(app: str, open_page: OpenPage) -> None:
    page = open_builder(open_page, app, width=WIDTHS[0])
    reach_all(page)
    page.get_by_text("Show the code").click()
    expect_accessible(settle(page))
    row(page, "1. Convolution").click()
    expect(page.get_by_role("spinbutton", name="Filters")).to_be_visible()
    expect_accessible(settle(page))
    page.keyboard.press("Escape")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(500)
        assert max(page.evaluate(OVERFLOW)) <= 0, width


def test_network_is_refused_saved_opened_and_kept(
    app: str, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_builder(open_page, app)
    change(page, "2. Pooling", "Window", "27")
    expect(page.get_by_text("larger than the 26×26 px that are left")).to_be_visible()
    # The popover is still open; the value that fits ends the complaint.
    page.get_by_role("spinbutton", name="Window").fill("13")
    page.get_by_role("spinbutton", name="Window").press("Enter")
    expect(row(page, "2. Pooling · 13×13 → 2×2×16")).to_be_visible()
    expect(page.get_by_text("Block 3 (convolution): Its window")).to_be_visible()
    page.keyboard.press("Escape")
    row(page, "1. Convolution").click()
    page.locator("[data-testid=stPopoverBody]").get_by_text("tanh", exact=True).click()
    expect(row(page, "1. Convolution · 16 filters of 3×3, tanh")).to_be_visible()
    for name, value in (("Filters", "16"), ("Window", "3")):
        expect(page.get_by_role("spinbutton", name=name)).to_have_value(value)
    page.keyboard.press("Escape")
    row(page, "3. Convolution").click()
    page.get_by_role("button", name="Remove").filter(visible=True).click()
    row(page, "3. Pooling").wait_for()
    with page.expect_download() as download:
        page.locator(".st-key-build_save button:visible").click()
    path = tmp_path / "network.json"
    download.value.save_as(path)
    saved = json.loads(path.read_bytes())["blocks"]
    assert [block["kind"] for block in saved] == [
        "convolution", "pooling", "pooling", "dense", "dense",
    ]  # fmt: skip
    assert saved[0]["activation"] == "tanh"
    # A walk over the pages keeps the network.
    page.wait_for_timeout(1500)
    go_to(page, "Draw", "Draw a digit")
    go_to(page, "Train and evaluate", "Train networks")
    expect(row(page, "2. Pooling · 13×13 → 2×2×16")).to_be_visible()
    # A file replaces it; another one is refused, and changes nothing.
    saved[0]["filters"] = 5
    for name, content, answer in (
        ("mine.json", {"blocks": saved}, "From the file mine.json."),
        ("bad.json", {"blocks": [7]}, "Block 1 must be a table with a 'kind'"),
    ):
        page.get_by_role("button", name="Open a file").filter(visible=True).click()
        data = json.dumps(content).encode()
        page.locator("[data-testid=stPopoverBody] input[type=file]").set_input_files(
            files=[{"name": name, "mimeType": "application/json", "buffer": data}]
        )
        expect(page.get_by_text(answer)).to_be_visible()
        page.keyboard.press("Escape")
    expect(row(page, "1. Convolution · 5 filters")).to_be_visible()


def test_pupil_trains_a_changed_preset_and_draws_with_it(
    tmp_path: Path, models: Path, environment: dict[str, str], open_page: OpenPage
) -> None:
    with running_app(tmp_path / "log.txt", **environment) as app:
        page = open_builder(open_page, app)
        page.locator(".st-key-build_preset").get_by_text("Overfitting on 500 images").click()
        change(page, "1. Dense", "Units", "100")
        expect(row(page, "1. Dense · 100 units, relu → 100")).to_be_visible()
        page.keyboard.press("Escape")
        page.locator(".st-key-build_add button:visible", has_text="Dropout").click()
        row(page, "3. Dropout").wait_for()
        press(page, "train_start")
        expect(status(page)).to_contain_text("my-blocks-1: done", timeout=LONG)
        card = load_card("my-blocks-1", models)
        assert [block["kind"] for block in card.configuration["blocks"]] == [
            "dense", "dense", "dropout", "dense",
        ]  # fmt: skip
        assert card.configuration["training_images"] == 500
        assert card.test_accuracy > 0.8
        press(page, "train_use")
        sidebar = page.get_by_test_id("stSidebar")
        expect(sidebar).to_contain_text("Own network: dense 100 units, relu;")
        sidebar.get_by_text("Draw", exact=True).click()
        ready(page)
        draw(page, OWN_STROKES[1])
        expect_reading(page, "1")
        expect(page.get_by_text("by my-blocks-1").first).to_be_visible()
