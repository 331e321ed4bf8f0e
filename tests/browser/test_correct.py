"""Corrections in a real browser: of a drawing and of video, in the gallery, undone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.cameras import OpenCamera, open_camera, with_film
from browser.cameras import expect_reading as expect_live
from browser.conftest import Address, OpenPage, running_app
from browser.test_draw import draw, expect_reading, ready
from browser.test_webcam import press
from playwright.sync_api import Locator, Page, expect
from support.own_strokes import OWN_STROKES
from support.sheets import film

from mnist_core.corrections.store import CorrectionStore

__all__ = ["open_camera"]  # the fixture


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> CorrectionStore:
    return CorrectionStore(tmp_path_factory.mktemp("corrections") / "corrections.sqlite3")


@pytest.fixture(scope="module")
def app(store: CorrectionStore) -> Iterator[Address]:
    """An app with a store of its own."""
    folder = store.path.parent
    with running_app(folder / "log.txt", MNIST_CORRECTIONS=str(store.path)) as address:
        yield address


@pytest.fixture(autouse=True)
def _empty_store(store: CorrectionStore) -> None:
    store.delete(found.id for found in store.find() if found.id is not None)


def wrong(page: Page) -> Locator:
    return page.get_by_role("button", name="Wrong?")


def answers(page: Page) -> Locator:
    return page.get_by_test_id("stPopoverBody").get_by_role("radio")


def choose(page: Page, label: str) -> None:
    page.get_by_test_id("stPopoverBody").get_by_text(label, exact=True).click()


def test_correction_of_a_drawing_appears_in_the_gallery(
    app: Address, open_page: OpenPage, store: CorrectionStore
) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[7])
    expect_reading(page, "7")
    wrong(page).click()
    choose(page, "1")
    expect(page.get_by_text("Saved as 1")).to_be_visible()
    # The popover is closed, and its button is gone.
    expect(wrong(page)).to_have_count(0)
    (correction,) = store.find()
    assert (correction.label, correction.guess, correction.model) == (1, 7, "champion")

    page.get_by_role("link", name="Train and evaluate").click()
    image = page.get_by_alt_text("A correction: 1, 28 by 28 pixels.")
    expect(image).to_be_visible()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_test_id("stPopoverBody")).to_contain_text("Read by champion as a 7")
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No corrections yet")).to_be_visible()
    page.locator(".st-key-corrections_undo button:visible").click()
    expect(image).to_be_visible()
    assert [found.id for found in store.find()] == [correction.id]


@pytest.mark.slow
def test_undo_beside_the_drawing(app: Address, open_page: OpenPage, store: CorrectionStore) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[4])
    expect_reading(page, "4")
    wrong(page).click()
    choose(page, "non-digit")
    expect(page.get_by_text("Saved as non-digit")).to_be_visible()
    page.locator('[class*="st-key-undo_"] button:visible').click()
    expect(wrong(page)).to_be_visible()
    assert store.find() == []
    # The browser does not restore the undone choice.
    wrong(page).click()
    expect(answers(page)).to_have_count(10)
    expect(answers(page).and_(page.locator("[aria-checked=true]"))).to_have_count(0)
    page.wait_for_timeout(500)
    expect(page.get_by_text("Saved as non-digit")).to_have_count(0)
    assert store.find() == []


@pytest.mark.slow
def test_correction_by_keyboard(app: Address, open_page: OpenPage, store: CorrectionStore) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[2])
    expect_reading(page, "2")
    wrong(page).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    focused = "document.activeElement.getAttribute('role') + document.activeElement.innerText"
    # The help comes before the answers.
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for label in "013":
        # An arrow key moves the focus without a choice.
        page.wait_for_function(f"{focused} === 'radio{label}'")
        page.keyboard.press("Enter" if label == "3" else "ArrowRight")
    expect(page.get_by_text("Saved as 3")).to_be_visible()
    assert store.counts() == {3: 1}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_correction_by_touch_on_a_phone(
    app: Address, open_page: OpenPage, store: CorrectionStore, scheme: str
) -> None:
    page = ready(open_page(app, width=390, height=844, has_touch=True, color_scheme=scheme))
    draw(page, OWN_STROKES[7])
    expect_reading(page, "7")
    wrong(page).tap()
    body = page.get_by_test_id("stPopoverBody")
    box = body.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    body.get_by_text("1", exact=True).tap()
    expect(page.get_by_text("Saved as 1")).to_be_visible()
    assert store.counts() == {1: 1}
    page.goto(f"{app}/train_evaluate")
    expect(page.get_by_alt_text(re.compile("A correction: 1"))).to_be_visible()
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0


@pytest.mark.slow
def test_corrections_are_exported_and_imported(
    app: Address, open_page: OpenPage, store: CorrectionStore, tmp_path: Path
) -> None:
    from support.frames import make_correction

    store.add(*(make_correction(n, n % 10) for n in range(30)))
    page = open_page(app)
    page.goto(f"{app}/train_evaluate")
    expect(page.get_by_alt_text(re.compile("A correction"))).to_have_count(24)
    page.get_by_role("button", name="Next page").or_(
        page.get_by_test_id("stPagination").get_by_text("2", exact=True)
    ).first.click()
    expect(page.get_by_alt_text(re.compile("A correction"))).to_have_count(6)
    for name in ("Export NPZ", "Export images"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        store.delete(found.id for found in store.find() if found.id is not None)
        page.reload()
        page.locator(".st-key-corrections_import button:visible").click()
        page.locator("input[type=file]").set_input_files(path)
        expect(page.get_by_text("30 of 30 imported.")).to_be_visible()
        assert store.counts() == dict.fromkeys(range(10), 3)


def test_correction_of_video_uses_the_digits_at_the_click(
    app: Address, open_camera: OpenCamera, store: CorrectionStore, tmp_path: Path
) -> None:
    one = film(tmp_path / "one.y4m", "3")
    page = open_camera(app, with_film(one))
    wrong(page).click()
    expect(page.get_by_text("There was no digit in the box")).to_be_visible(timeout=45_000)
    page.keyboard.press("Escape")
    press(page, "Start")
    expect_live(page, "3")
    # The digits of this moment stay, while the video continues.
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    wrong(page).click()
    expect(page.get_by_alt_text("Read as a 3.")).to_be_visible()
    choose(page, "8")
    expect(page.get_by_text("Saved as 8")).to_be_visible()
    (correction,) = store.find()
    assert (correction.label, correction.guess, correction.source) == (8, 3, "webcam")
