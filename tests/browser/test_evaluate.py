"""The Evaluate tab in a real browser."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser.conftest import OpenPage
from playwright.sync_api import Download, Locator, Page, expect

from mnist_core import load_mnist
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities
from mnist_core.registry.artifacts import load_predictions
from mnist_core.registry.store import load_card
from pages.evaluate.tab import VIEWS


def evaluation(name: str) -> Evaluation:
    return evaluate_probabilities(load_predictions(load_card(name)), mnist_test().labels)


# Waits until some frames are drawn, however slow software rendering is.
FRAMES = """
() => new Promise((done) => {
  let left = 6
  const next = () => (left-- ? requestAnimationFrame(next) : done())
  next()
})
"""


def tab(page: Page) -> Locator:
    return page.locator(".st-key-evaluation")


def open_tab(page: Page) -> Page:
    """Open the tab and wait for its first chart."""
    page.get_by_role("link", name="Train and evaluate").click()
    page.get_by_role("tab", name="Evaluate").click()
    # The first chart loads Plotly.
    matrix(page).wait_for(timeout=60_000)
    return page


def matrix(page: Page) -> Locator:
    """The cells of the confusion matrix."""
    return tab(page).locator(".heatmaplayer").first


def click_cell(page: Page, truth: int, answer: int) -> None:
    matrix(page).scroll_into_view_if_needed()
    box = matrix(page).bounding_box()
    assert box
    page.mouse.click(
        box["x"] + box["width"] * (answer + 0.5) / 10, box["y"] + box["height"] * (truth + 0.5) / 10
    )


def choose_models(page: Page, *names: str) -> None:
    """Choose these models as well."""
    field = page.locator(".st-key-evaluation_models input")
    for name in names:
        field.click()
        page.get_by_role("option", name=re.compile(f"^{name}")).click()
    page.keyboard.press("Escape")


def headline(page: Page) -> Locator:
    return page.locator(".st-key-evaluation_headline")


def test_confusion_matrix_click_shows_the_images(app: str, open_page: OpenPage) -> None:
    page = open_tab(open_page(app))
    result = evaluation("champion")
    expect(tab(page)).to_contain_text(f"{len(result.errors)} errors, worst first")
    gallery = page.locator(".st-key-mistakes_gallery button")
    expect(gallery).to_have_count(min(48, len(result.errors)))
    # The largest cell off the diagonal.
    errors = result.confusion - np.diag(np.diag(result.confusion))
    truth, answer = (int(place) for place in np.unravel_index(errors.argmax(), errors.shape))
    click_cell(page, truth, answer)
    expect(tab(page)).to_contain_text(f"{errors.max()} images of {truth} predicted as {answer}")
    expect(gallery).to_have_count(int(errors.max()))
    for index in range(int(errors.max())):
        expect(gallery.nth(index)).to_contain_text(f"{truth} → {answer}")
    # Select an image with the keyboard.
    gallery.nth(1).focus()
    page.keyboard.press("Enter")
    shown = page.locator(".st-key-mistake_shown")
    expect(shown).to_contain_text(f"{truth}, predicted as {answer}")
    # The probabilities, and side by side the evidence for the two most probable digits.
    expect(shown.locator(".stPlotlyChart")).to_have_count(3)
    # At one moment: the page may still be moving.
    tops = "charts => charts.map(chart => chart.getBoundingClientRect().y)"
    _, answer_map, other_map = shown.locator(".stPlotlyChart").evaluate_all(tops)
    assert answer_map == other_map
    expect(gallery.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(gallery.nth(1)).to_be_focused()
    # A cell on the diagonal has more images than a page.
    click_cell(page, 3, 3)
    expect(tab(page)).to_contain_text(f"{result.confusion[3, 3]:,} images of 3 predicted as 3")
    expect(shown.locator(".stPlotlyChart")).to_have_count(0)
    page.locator(".st-key-more button:visible").click()
    expect(gallery).to_have_count(96)


@pytest.mark.slow
def test_comparison_details_and_coverage_slider(app: str, open_page: OpenPage) -> None:
    page = open_tab(open_page(app))
    expect(headline(page)).to_contain_text(f"{load_card('champion').test_accuracy:.2%}")
    choose_models(page, "mlp")
    expect(tab(page)).to_contain_text("Comparison")
    expect(headline(page)).to_contain_text(f"{load_card('champion').test_accuracy:.2%}")
    page.locator(".st-key-evaluation").get_by_role("radio", name="mlp").click()
    expect(headline(page)).to_contain_text(f"{load_card('mlp').test_accuracy:.2%}")
    result = evaluation("mlp")
    expect(tab(page)).to_contain_text(f"{len(result.errors)} errors, worst first")
    page.get_by_role("tab", name="Calibration").click()
    coverage = page.locator(".st-key-coverage_result")
    expect(coverage).to_contain_text(f"({(result.confidences >= 0.9).sum():,} of 10,000 images)")
    page.get_by_role("slider").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(coverage).to_contain_text(f"({(result.confidences >= 0.92).sum():,} of 10,000 images)")


def download(page: Page, press: Callable[[], None]) -> Download:
    with page.expect_download() as downloading:
        press()
    return downloading.value


@pytest.mark.slow
def test_report_predictions_and_charts_are_saved(
    app: str, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_tab(open_page(app, accept_downloads=True))
    # The fastest model: the report measures robustness.
    choose_models(page, "mlp")
    page.get_by_role("button", name=re.compile("^Remove champion")).click()
    expect(headline(page)).to_contain_text(f"{load_card('mlp').test_accuracy:.2%}")
    result = evaluation("mlp")
    predictions = download(page, page.get_by_role("button", name="Predictions").click)
    rows = list(csv.DictReader(io.StringIO(Path(predictions.path()).read_text())))
    assert sum(row["right"] == "1" for row in rows) == result.correct.sum()

    page.get_by_role("tab", name="Per class").click()
    chart = page.locator(".st-key-evaluation_digits .stPlotlyChart")
    chart.locator(".main-svg").first.hover()
    picture = download(page, chart.locator('.modebar-btn[data-title*="Download"]').click)
    assert picture.suggested_filename == "digits.png"
    assert Path(picture.path()).read_bytes().startswith(b"\x89PNG")

    page.set_default_timeout(180_000)
    saved = download(page, page.get_by_role("button", name="Report").click)
    assert saved.suggested_filename == "mlp.html"
    path = tmp_path / "mlp.html"
    saved.save_as(path)
    # Offline; `open_page` fails the test on any request.
    report = open_page(path.as_uri(), offline=True)
    expect(report.get_by_role("heading", name="Evaluation of mlp")).to_be_visible()
    expect(report.locator(".plotly-graph-div .main-svg:first-child")).to_have_count(15)
    for title in (
        "Training curves",
        "Embedding, 3-D",
        "Robustness to corruptions",
        "Robust accuracy",
    ):
        expect(report.get_by_role("heading", name=title)).to_be_visible()
    expect(report.locator('.modebar-btn[data-title*="Download"]')).to_have_count(15)
    expect(report.locator("figure img")).to_have_count(len(result.errors))
    # It is interactive: a click in the legend hides a curve.
    roc = report.locator(".plotly-graph-div").nth(4)
    lines = roc.locator(".scatterlayer .trace")
    before = lines.count()
    roc.locator(".legendtoggle").first.click()
    expect(lines).to_have_count(before - 1)
    # On A4 nothing is wider than the page, whose margins are 14 mm, and charts stay whole.
    report.set_viewport_size({"width": 688, "height": 1000})
    report.emulate_media(media="print")
    report.evaluate("dispatchEvent(new Event('beforeprint'))")
    parts = ".scroll, table, figure, .plotly-graph-div, .plotly-graph-div .main-svg"
    wider = (
        f"[...document.querySelectorAll('{parts}')]"
        ".filter((part) => part.getBoundingClientRect().right > innerWidth + 1).length"
    )
    report.wait_for_function(f"() => {wider} === 0")
    kept = "(part) => getComputedStyle(part).breakInside === 'avoid'"
    assert report.evaluate(f"[...document.querySelectorAll('section')].every({kept})")


@pytest.mark.slow
def test_embedding_3d_point_is_clicked(app: str, open_page: OpenPage) -> None:
    page = open_tab(open_page(app))
    page.get_by_role("tab", name="Embedding").click()
    shown = page.locator(".st-key-map_chosen")
    field = page.locator(".st-key-map_image input")
    field.fill("18")
    field.press("Enter")
    expect(shown).to_contain_text("test image 18")
    page.locator(".st-key-feature_map").get_by_text("3-D", exact=True).click()
    chart = page.locator(".st-key-feature_map .js-plotly-plot").first
    chart.locator("#scene canvas").wait_for()
    expect(shown).to_contain_text("Evidence for")
    # A point's position depends on the projection: search around the ring.
    page.evaluate(
        """() => {
          const chart = document.querySelector(".st-key-feature_map .js-plotly-plot")
          chart.on("plotly_hover", (event) => { window.over = event.points[0].customdata })
          chart.on("plotly_unhover", () => { window.over = null })
        }"""
    )
    box = chart.bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + 0.42 * box["height"])
    for step in range(60):
        page.mouse.move(middle[0] - 150 + 5 * step, middle[1] - 30 + step)
        page.evaluate(FRAMES)
        if page.evaluate("window.over"):
            break
    assert page.evaluate("window.over")
    page.mouse.down()
    page.mouse.up()
    expect(field).not_to_have_value("18")
    expect(shown).to_contain_text(f"test image {field.input_value()}")


@pytest.mark.slow
def test_box_selects_images_of_the_map(app: str, open_page: OpenPage) -> None:
    page = open_tab(open_page(app))
    page.get_by_role("tab", name="Embedding").click()
    embedding_map = page.locator(".st-key-feature_map")
    embedding_map.get_by_text("Box", exact=True).click()
    plane = embedding_map.locator(".js-plotly-plot .nsewdrag").first
    # The chart is drawn again in the new mode.
    expect(plane).to_have_css("cursor", "crosshair")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"], steps=5)
    page.mouse.up()
    selection = page.locator(".st-key-map_selection")
    expect(selection.get_by_role("heading")).to_have_text(re.compile(r"^\d+ images selected$"))
    expect(selection).to_contain_text("Labels: ")
    title = selection.get_by_role("heading").inner_text()
    # An image of the grid is shown with its neighbors, and the selection stays.
    selection.locator("button").nth(1).click()
    neighbors = page.locator(".st-key-map_neighbors")
    expect(neighbors.locator("button")).to_have_count(12)
    expect(page.locator(".st-key-map_chosen")).to_contain_text("test image")
    expect(selection.get_by_role("heading")).to_have_text(title)


def test_slider_moves_the_operating_point_in_all_views(app: str, open_page: OpenPage) -> None:
    page = open_tab(open_page(app))
    page.get_by_role("tab", name="ROC and PR").click()
    expect(tab(page)).to_contain_text("From 90.0% on (diamonds)")
    page.get_by_role("slider").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(tab(page)).to_contain_text("From 92.0% on (diamonds)")
    legend = page.locator(".st-key-evaluation_roc .legendtext", has_text="at least 92.0%")
    expect(legend).to_have_count(1)
    page.get_by_role("tab", name="Calibration").click()
    expect(tab(page)).to_contain_text("predictions of at least 92.0% are answered")


def test_uploaded_set(app: str, open_page: OpenPage, tmp_path: Path) -> None:
    test = load_mnist()
    good, bad = tmp_path / "good.npz", tmp_path / "bad.npz"
    np.savez(good, images=test.x_test[:25], labels=test.y_test[:25])
    bad.write_bytes(b"no archive")
    page = open_tab(open_page(app))
    page.locator(".st-key-evaluation_data").get_by_role("combobox").click()
    page.get_by_role("option", name="Uploaded set").click()
    page.locator('.st-key-evaluation_upload input[type="file"]').set_input_files(bad)
    expect(tab(page)).to_contain_text("The file cannot be used")
    page.locator('.st-key-evaluation_upload input[type="file"]').set_input_files(good)
    expect(headline(page)).to_contain_text("of 25")
    # The images stay while another tab is open.
    page.get_by_role("tab", name="Train", exact=True).click()
    page.get_by_role("tab", name="Evaluate").click()
    expect(headline(page)).to_contain_text("of 25")


@pytest.mark.slow
def test_narrow_page_does_not_overflow(app: str, open_page: OpenPage) -> None:
    page = open_tab(open_page(app, color_scheme="dark"))
    page.set_viewport_size({"width": 390, "height": 844})
    for name in VIEWS:
        if name in ("Labels", "Robustness", "Break it"):
            continue  # they show no chart, or none before it is measured
        page.get_by_role("tab", name=name, exact=True).click()
        tab(page).locator(".stPlotlyChart .main-svg").first.wait_for()
        wider = page.evaluate(
            "() => [...document.querySelectorAll('.st-key-evaluation .stPlotlyChart')]"
            ".filter((chart) => chart.getBoundingClientRect().right > innerWidth + 1).length"
        )
        assert wider == 0, name
