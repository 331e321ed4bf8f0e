"""Correcting in a real browser: drawn, corrected, seen in the gallery, undone; on video too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.conftest import Address, OpenPage, running_app
from browser.test_draw import draw, expect_reading, ready
from browser.test_webcam import ALLOWED, OpenCamera, open_camera, press
from browser.test_webcam import expect_reading as expect_live
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
def _emptied(store: CorrectionStore) -> None:
    store.delete(found.id for found in store.find() if found.id is not None)


def wrong(page: Page) -> Locator:
    return page.get_by_role("button", name="Wrong?")


def answers(page: Page) -> Locator:
    return page.get_by_test_id("stPopoverBody").get_by_role("radio")


def choose(page: Page, label: str) -> None:
    page.get_by_test_id("stPopoverBody").get_by_text(label, exact=True).click()


def test_drawn_corrected_seen_and_undone(
    app: Address, open_page: OpenPage, store: CorrectionStore
) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[7])
    expect_reading(page, "7")
    wrong(page).click()
    choose(page, "1")
    expect(page.get_by_text("Kept as 1")).to_be_visible()
    # It is not asked for again, and the popover is out of the way.
    expect(wrong(page)).to_have_count(0)
    (kept,) = store.find()
    assert (kept.label, kept.guess, kept.model) == (1, 7, "champion")

    page.get_by_role("link", name="Train and evaluate").click()
    image = page.get_by_alt_text("A correction: 1, 28 by 28 pixels.")
    expect(image).to_be_visible()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_test_id("stPopoverBody")).to_contain_text("Read by champion as a 7")
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing has been corrected yet")).to_be_visible()
    page.locator(".st-key-corrections_undo button").click()
    expect(image).to_be_visible()
    assert [found.id for found in store.find()] == [kept.id]


def test_undo_on_the_spot(app: Address, open_page: OpenPage, store: CorrectionStore) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[4])
    expect_reading(page, "4")
    wrong(page).click()
    choose(page, "no digit")
    expect(page.get_by_text("Kept as no digit")).to_be_visible()
    page.locator('[class*="st-key-undo_"] button').click()
    expect(wrong(page)).to_be_visible()
    assert store.find() == []
    # What was chosen before is not chosen again, by nobody.
    wrong(page).click()
    expect(answers(page)).to_have_count(10)
    expect(answers(page).and_(page.locator("[aria-checked=true]"))).to_have_count(0)
    page.wait_for_timeout(500)
    expect(page.get_by_text("Kept as")).to_have_count(0)
    assert store.find() == []


def test_by_keyboard_alone(app: Address, open_page: OpenPage, store: CorrectionStore) -> None:
    page = ready(open_page(app))
    draw(page, OWN_STROKES[2])
    expect_reading(page, "2")
    wrong(page).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    focused = "document.activeElement.getAttribute('role') + document.activeElement.innerText"
    page.keyboard.press("Tab")
    for label in "013":
        # An arrow only goes there; nothing is chosen on the way.
        page.wait_for_function(f"{focused} === 'radio{label}'")
        page.keyboard.press("Enter" if label == "3" else "ArrowRight")
    expect(page.get_by_text("Kept as 3")).to_be_visible()
    assert store.counts() == {3: 1}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_finger_on_a_phone_corrects(
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
    expect(page.get_by_text("Kept as 1")).to_be_visible()
    assert store.counts() == {1: 1}
    page.goto(f"{app}/train_evaluate")
    expect(page.get_by_alt_text(re.compile("A correction: 1"))).to_be_visible()
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0


def test_files_go_out_and_come_in(
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
    for name in ("Save as NPZ", "Save as images"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        store.delete(found.id for found in store.find() if found.id is not None)
        page.reload()
        page.get_by_role("button", name="Bring in").click()
        page.locator("input[type=file]").set_input_files(path)
        expect(page.get_by_text("30 of 30 brought in.")).to_be_visible()
        assert store.counts() == dict.fromkeys(range(10), 3)


def test_a_digit_on_video_is_held_and_corrected(
    app: Address, open_camera: OpenCamera, store: CorrectionStore, tmp_path: Path
) -> None:
    one = film(tmp_path / "one.mjpeg", "3", frames=60)
    page = open_camera(app, [*ALLOWED, f"--use-file-for-fake-video-capture={one}"])
    wrong(page).click()
    expect(page.get_by_text("No digit was in the box")).to_be_visible(timeout=45_000)
    page.keyboard.press("Escape")
    press(page, "Start")
    expect_live(page, "3")
    # Held when it was pressed; the video goes on beside it.
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    wrong(page).click()
    expect(page.get_by_alt_text("Read as a 3.")).to_be_visible()
    choose(page, "8")
    expect(page.get_by_text("Kept as 8")).to_be_visible()
    (kept,) = store.find()
    assert (kept.label, kept.guess, kept.source) == (8, 3, "webcam")
