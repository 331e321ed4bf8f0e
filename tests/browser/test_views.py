"""Views that show something only after a choice: in both themes, on wide windows and phones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from browser.conftest import ARTIFACTS, Address, OpenPage, running_app
from browser.tabs import settle
from browser.test_accessibility import OVERFLOW, expect_accessible
from playwright.sync_api import Locator, Page, TimeoutError, expect
from support.searches import search

from mnist_core.registry.store import load_card
from mnist_core.storage.cache import store_arrays
from mnist_core.training.formats import FORMATS, export_path

WIDTHS = (1440, 390)
# Parts of a chart or picture that the window cuts off.
CUT = """
() => [...document.querySelectorAll(
    ".stMain :is(.stPlotlyChart, .stImage img), [role=dialog] *, [data-testid=stPopoverBody] *")]
  .filter((part) => part.getBoundingClientRect().right > innerWidth + 1).length
"""
# Keras may have to be loaded, while other tests run.
LONG = 180_000
EVALUATE = "train_evaluate?tab=Evaluate&evaluation_models=mlp&evaluation_view="


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """An app with a search of twelve trials, and with a file of another format."""
    folder = tmp_path_factory.mktemp("views")
    places = {f"MNIST_{name}": str(folder / name.lower()) for name in ("RUNS", "CACHE")}
    with pytest.MonkeyPatch.context() as patch:
        for name, place in places.items():
            patch.setenv(name, place)
        # The model of the search is none: its trainings are not real.
        patch.setenv("MNIST_MODELS", str(folder / "models"))
        Path(folder / "models").mkdir()
        assert search(trials=16).error == ""
        patch.delenv("MNIST_MODELS")
        card = load_card("mlp")
        content = np.frombuffer(b"int digits;", np.uint8)
        exported = {"content": content, "accuracy": np.array(0.9744)}
        store_arrays(export_path("export", card, "micro"), exported)
        figures = {"size": np.array(420_000), "accuracy": np.array(0.9744)}
        store_arrays(export_path("export-figures", card, "micro"), figures)
    with running_app(folder / "log.txt", **places) as address:
        yield address


def expect_shown_well(
    page: Page, part: Locator, name: str, open_again: Callable[[], None] = lambda: None
) -> None:
    """Check a view in both themes and widths, and keep a picture of each."""
    ARTIFACTS.mkdir(exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        open_again()
        part.scroll_into_view_if_needed()
        assert max(page.evaluate(OVERFLOW)) <= 0, width
        assert page.evaluate(CUT) == 0, width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(500)
            expect(part).to_be_visible()
            page.screenshot(path=ARTIFACTS / f"{name}-{width}-{scheme}.png")
    expect_accessible(page)


def choose(part: Locator, name: str) -> None:
    """Choose an option of the select box in a part of the page."""
    option = part.page.get_by_role("option", name=name, exact=True)
    for _ in range(5):  # a list closes when the page moves below it
        part.get_by_role("combobox").click()
        with suppress(TimeoutError):
            option.click(timeout=5_000)
            return
    raise AssertionError(f"The list of options did not stay open: {name}")


@pytest.mark.slow
def test_trials_of_a_search_are_charts(lab: Address, open_page: OpenPage) -> None:
    page = settle(open_page(lab, "train_evaluate?tab=Train"))
    choose(page.locator(".st-key-search"), "best")
    trials = page.locator(".st-key-search_trials")
    trials.locator(".parcoords").first.wait_for()
    importance = page.locator(".st-key-search_importance")
    expect(importance.locator(".bars path").first).to_be_attached()
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text(re.compile(r"\d+ trials are complete, \d+ were pruned; the best"))
    expect(main).to_contain_text("learning rate matters most, with")
    expect_shown_well(page, importance, "search")


@pytest.mark.slow
def test_other_formats_are_made_and_saved(lab: Address, open_page: OpenPage) -> None:
    page = settle(open_page(lab, "train_evaluate?tab=Train", accept_downloads=True))
    choose(page.locator(".st-key-shelf"), "mlp")
    opener = page.locator(".st-key-shelf_formats button").filter(visible=True)
    opener.click()
    panel = page.get_by_test_id("stPopoverBody")
    expect(panel).to_contain_text("0.42 MB, MNIST test accuracy 97.44%, 0.67% less than LiteRT")
    for form in FORMATS.values():
        expect(panel).to_contain_text(form.summary)
    with page.expect_download() as download:
        panel.locator(".st-key-shelf_as_micro button").filter(visible=True).click()
    assert download.value.suggested_filename == "mlp-micro.zip"
    assert Path(download.value.path()).read_bytes() == b"int digits;"

    def open_again() -> None:
        if not panel.is_visible():  # the page's width has closed it
            opener.click()
        expect(panel).to_contain_text("MNIST test accuracy 97.44%")

    expect_shown_well(page, panel, "formats", open_again)


@pytest.mark.slow
def test_similar_images_and_the_change_to_the_runner_up(lab: Address, open_page: OpenPage) -> None:
    page = settle(open_page(lab, f"{EVALUATE}Confusion+matrix"))
    page.locator(".st-key-mistakes_gallery button").first.click()
    shown = page.locator(".st-key-mistake_shown")
    shown.get_by_text("Most like yours").click()
    crossing = shown.get_by_text(re.compile(r"pixels? of 784, taken from image [1-8], turn"))
    expect(crossing).to_be_visible(timeout=LONG)
    expect(shown.get_by_text("The strongest support for")).to_be_visible()
    # Eight neighbors, eight of the runner-up, and three images of the change.
    expect(shown.get_by_alt_text(re.compile("^A training image labeled"))).to_have_count(16)
    expect(shown.get_by_alt_text(re.compile(" the change|The change of each"))).to_have_count(3)
    expect_shown_well(page, crossing, "similar")


@pytest.mark.slow
def test_labels_that_may_be_wrong_are_reviewed(lab: Address, open_page: OpenPage) -> None:
    page = settle(open_page(lab, f"{EVALUATE}Labels"))
    page.locator(".st-key-labels_gallery button").first.click()
    shown = page.locator(".st-key-label_shown")
    expect(shown.get_by_text("Wrong").first).to_be_visible()
    expect_shown_well(page, shown, "labels")


@pytest.mark.slow
def test_accuracy_of_a_broken_network(lab: Address, open_page: OpenPage) -> None:
    page = settle(open_page(lab, f"{EVALUATE}Break+it"))
    page.locator(".st-key-break_start button").filter(visible=True).click()
    off = page.locator(".st-key-evaluation_break_off")
    off.locator(".bars path").first.wait_for(timeout=4 * LONG, state="attached")
    expect(page.locator(".st-key-break_it")).to_contain_text("The complete network reads")
    expect(page.locator(".st-key-break_it .stPlotlyChart")).to_have_count(4)
    expect_shown_well(page, off, "break-it")


@pytest.mark.slow
def test_grad_cam_and_attack_of_one_image(lab: Address, open_page: OpenPage) -> None:
    page = settle(open_page(lab, f"{EVALUATE.replace('mlp', 'cnn')}Confusion+matrix"))
    page.locator(".st-key-mistakes_gallery button").first.click()
    shown = page.locator(".st-key-mistake_shown")
    shown.get_by_text("Grad-CAM", exact=True).click()
    where = shown.get_by_text(re.compile(r"It supports \d (most at the|nowhere)"))
    expect(where).to_be_visible(timeout=LONG)
    expect_shown_well(page, where, "grad-cam")
    shown.get_by_text("Break it", exact=True).click()
    panel = shown.locator('[class*="st-key-break_"]').first
    expect(panel).to_contain_text(re.compile("The answer (changes from|stays)"), timeout=LONG)
    expect_shown_well(page, panel, "attack")
