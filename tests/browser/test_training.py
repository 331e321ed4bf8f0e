"""The Train tab in a real browser, with real trainings of the smallest network."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.conftest import ROOT, Address, OpenPage, running_app
from browser.test_draw import draw, expect_reading, ready
from playwright.sync_api import Locator, Page, expect
from support.own_strokes import OWN_STROKES

from mnist_core.registry.card import KERAS
from mnist_core.registry.store import load_card
from mnist_core.runs.run import Run

# A training loads TensorFlow first, and other tests may be running.
LONG = 180_000


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A copy of the bundled models."""
    folder = tmp_path / "models"
    shutil.copytree(ROOT / "models", folder, ignore=shutil.ignore_patterns(KERAS))
    return folder


@pytest.fixture
def environment(tmp_path: Path, models: Path) -> Iterator[dict[str, str]]:
    """Separate folders; runs in them are stopped at the end."""
    runs = tmp_path / "runs"
    # Other tests compete with the training.
    yield {"MNIST_RUNS": str(runs), "MNIST_MODELS": str(models), "MNIST_TRAINING_NICE": "0"}
    for run in runs.glob("*-*-*"):
        Run(run).request_stop(keep=False)


def status(page: Page) -> Locator:
    return page.locator(".st-key-training_status")


def open_tab(open_page: OpenPage, app: Address) -> Page:
    page = open_page(app)
    page.goto(f"{app}/train_evaluate")
    page.locator(".st-key-train_start button:visible").wait_for(timeout=LONG)
    return page


def start(page: Page, name: str, epochs: int) -> None:
    page.locator(".st-key-train_architecture").get_by_text("mlp", exact=True).click()
    field = page.locator(".st-key-train_name_mlp input")
    field.fill(name)
    field.press("Enter")
    page.get_by_text("More settings").click()
    number = page.locator(".st-key-train_epochs_mlp_quick input")
    number.fill(str(epochs))
    number.press("Enter")
    # The training must not end before the test stops it.
    for key, value in (("target", "1"), ("rate", "0.00005")):
        field = page.locator(f".st-key-train_{key}_mlp_quick input")
        field.fill(value)
        field.press("Enter")
    page.locator(".st-key-train_start button:visible").click()
    expect(status(page)).to_contain_text(f"Training {name}")


def press(page: Page, key: str) -> None:
    # Streamlit renders a button with a tooltip twice: for wide and for narrow windows.
    button = page.locator(f".st-key-{key} button").filter(visible=True)
    expect(button).to_be_enabled(timeout=LONG)
    button.click(timeout=LONG)


def points(page: Page) -> int:
    """Number of points of the training accuracy curve."""
    return page.evaluate(
        """() => {
            const plot = document.querySelector(".st-key-training_status .js-plotly-plot")
            return plot?.data?.[0]?.x?.length ?? 0
        }"""
    )


def wait_for_points(page: Page, more_than: int) -> int:
    end = time.monotonic() + LONG / 1000
    while (count := points(page)) <= more_than:
        assert time.monotonic() < end, status(page).inner_text()
        page.wait_for_timeout(200)
    return count


def test_training_is_watched_saved_and_used(
    tmp_path: Path, models: Path, environment: dict[str, str], open_page: OpenPage
) -> None:
    with running_app(tmp_path / "first.txt", **environment) as app:
        page = open_tab(open_page, app)
        start(page, "fresh", 300)
        few = wait_for_points(page, 0)
        # A reload and another visitor show the same progress.
        page.reload()
        wait_for_points(page, few)
        other = open_tab(open_page, app)
        expect(status(other)).to_contain_text("Training fresh")
        wait_for_points(other, 0)
    # The training survives the server, and a new server finds it.
    with running_app(tmp_path / "second.txt", **environment) as app:
        page = open_tab(open_page, app)
        expect(status(page)).to_contain_text("Training fresh")
        wait_for_points(page, few)
        press(page, "train_keep")
        expect(status(page)).to_contain_text("Training fresh: cancelled", timeout=LONG)
        expect(status(page)).to_contain_text("was saved")
        page.reload()
        accuracy = load_card("fresh", models).test_accuracy
        expect(status(page)).to_contain_text(f"{accuracy:.2%}")
        press(page, "train_use")
        sidebar = page.get_by_test_id("stSidebar")
        expect(sidebar).to_contain_text(f"{accuracy:.2%} of 10,000 MNIST test images")
        sidebar.get_by_text("Draw", exact=True).click()
        ready(page)
        expect(sidebar).to_contain_text(f"{accuracy:.2%} of 10,000 MNIST test images")
        draw(page, OWN_STROKES[1])
        expect_reading(page, "1")
        expect(page.get_by_text(re.compile("by fresh")).first).to_be_visible()


@pytest.mark.slow
def test_training_is_cancelled_without_a_model(
    tmp_path: Path, models: Path, environment: dict[str, str], open_page: OpenPage
) -> None:
    with running_app(tmp_path / "log.txt", **environment) as app:
        page = open_tab(open_page, app)
        start(page, "never", 50)
        wait_for_points(page, 0)
        press(page, "train_cancel")
        cancelled = time.monotonic()
        expect(status(page)).to_contain_text("Training never: cancelled")
        # It stops within two seconds, the page refreshes every second, and the machine may be busy.
        assert time.monotonic() - cancelled < 2 + 1 + 7
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
        assert not (models / "never").exists()
