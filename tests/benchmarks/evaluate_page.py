"""Latency of the Evaluate tab.

    python tests/benchmarks/evaluate_page.py

It starts the app and measures in headless Chromium, from the press of a button to the frame in
which the result is in the document. The first visitor opens the tab on a server that has just
started. Each visitor's browser cache is empty.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.chromium import find  # noqa: E402
from browser.conftest import ARGUMENTS, running_app  # noqa: E402
from machine import describe_machine  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from mnist_core.evaluation.datasets import mnist_test  # noqa: E402
from mnist_core.evaluation.metrics import evaluate_probabilities  # noqa: E402
from mnist_core.registry.artifacts import load_predictions  # noqa: E402
from mnist_core.registry.store import load_card  # noqa: E402

VISITORS = 5
# Action -> goal, ms.
GOALS = {
    "first visitor: tab to first chart": 2000,
    "later visitors: tab to first chart": 2000,
    "another model selected": 1000,
    "a model added, comparison shown": 1000,
    "a cell clicked, images shown": 500,
    "an image clicked, probabilities shown": 500,
    "the coverage slider moved": 500,
    "Break it: ε moved": 300,
}
# Waits for the next press, then checks the condition in every frame.
WATCH = """
(condition) => {
  const holds = new Function("return " + condition)
  const listeners = new AbortController()
  window.waited = null
  const begin = () => {
    listeners.abort()
    const start = performance.now()
    const check = () => {
      if (holds()) window.waited = performance.now() - start
      else requestAnimationFrame(check)
    }
    check()
  }
  for (const kind of ["mousedown", "keydown"]) window.addEventListener(kind, begin, {
    capture: true, signal: listeners.signal,
  })
}
"""
TAB = 'document.querySelector(".st-key-evaluation")'
CHART = f'{TAB}?.querySelector(".heatmaplayer .hm image, .heatmaplayer image") != null'


def contains(text: str, selector: str = ".st-key-evaluation") -> str:
    """The JavaScript condition that an element contains a text."""
    return f"document.querySelector({selector!r})?.innerText.includes({text!r})"


def largest_error() -> tuple[int, int]:
    """The default model's most frequent error: true digit and prediction."""
    result = evaluate_probabilities(load_predictions(load_card()), mnist_test().labels)
    errors = result.confusion * (1 - np.eye(10, dtype=int))
    truth, prediction = np.unravel_index(errors.argmax(), errors.shape)
    return int(truth), int(prediction)


class Stopwatch:
    """Latencies of each action, ms."""

    def __init__(self) -> None:
        self.waits: dict[str, list[float]] = {name: [] for name in GOALS}

    def time(self, page: Page, name: str, condition: str) -> None:
        """Measure from the next press until the condition holds; `stop` waits for it."""
        assert not page.evaluate(f"() => Boolean({condition})"), (
            f"{name}: the condition holds already"
        )
        page.evaluate(WATCH, condition)
        self.name = name

    def stop(self, page: Page) -> None:
        """Wait for the end of the measurement and record it."""
        page.wait_for_function("window.waited !== null")
        self.waits[self.name].append(page.evaluate("window.waited"))
        # The page finishes all other work before the next action.
        page.wait_for_timeout(700)


def visit(browser: Browser, address: str, watch: Stopwatch, first: bool) -> None:
    """Measure one visitor's actions."""
    context = browser.new_context(viewport={"width": 1280, "height": 1200})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}/train_evaluate")
    page.get_by_role("tab", name="Evaluate").wait_for()
    page.wait_for_timeout(4000)

    watch.time(page, f"{'first visitor' if first else 'later visitors'}: tab to first chart", CHART)
    page.get_by_role("tab", name="Evaluate").click()
    watch.stop(page)

    box = page.locator(".st-key-evaluation .heatmaplayer").first.bounding_box()
    assert box
    truth, prediction = largest_error()
    watch.time(
        page, "a cell clicked, images shown", contains(f"of {truth} predicted as {prediction}")
    )
    page.mouse.click(
        box["x"] + box["width"] * (prediction + 0.5) / 10,
        box["y"] + box["height"] * (truth + 0.5) / 10,
    )
    watch.stop(page)

    watch.time(
        page,
        "an image clicked, probabilities shown",
        'document.querySelector(".st-key-mistake_shown .bars path") != null',
    )
    page.locator(".st-key-mistakes_gallery button").first.click()
    watch.stop(page)

    page.locator(".st-key-evaluation_models input").click()
    page.get_by_role("option", name="mlp").wait_for()
    watch.time(page, "a model added, comparison shown", contains("Comparison"))
    page.get_by_role("option", name="mlp").click()
    watch.stop(page)
    page.keyboard.press("Escape")

    accuracy = f"{load_card('mlp').test_accuracy:.2%}"
    watch.time(page, "another model selected", contains(accuracy, ".st-key-evaluation_headline"))
    page.locator(".st-key-evaluation").get_by_role("radio", name="mlp").click(force=True)
    watch.stop(page)

    page.get_by_role("tab", name="Calibration").click()
    page.locator(".st-key-coverage_result").wait_for()
    page.wait_for_timeout(2000)
    before = page.evaluate('document.querySelector(".st-key-coverage_result").innerText')
    page.get_by_role("slider").focus()
    moved = f'document.querySelector(".st-key-coverage_result").innerText !== {before!r}'
    watch.time(page, "the coverage slider moved", moved)
    page.keyboard.press("ArrowRight")
    watch.stop(page)

    page.goto(f"{address}/train_evaluate?tab=Evaluate")
    page.locator(".st-key-mistakes_gallery button").first.click()
    break_it(page, watch)
    context.close()


def break_it(page: Page, watch: Stopwatch) -> None:
    """Move the slider of an attack on the image shown; the attack itself is not measured."""
    panel = page.locator(".st-key-mistake_shown")
    panel.get_by_text("Break it", exact=True).click()
    selector = '.st-key-mistake_shown [class*="_attacked"]'
    page.locator(selector).wait_for(timeout=180_000)  # the first one loads Keras
    page.wait_for_timeout(1000)
    attacked = f"[...document.querySelectorAll({selector + ' img'!r})].at(-1)?.src"
    before = page.evaluate(attacked)
    panel.get_by_role("slider").focus()
    moved = f"({attacked} ?? {before!r}) !== {before!r}"
    watch.time(page, "Break it: ε moved", moved)
    page.keyboard.press("ArrowRight")
    watch.stop(page)


def main() -> None:
    """Measure and print a table."""
    watch = Stopwatch()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder) / "log.txt") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        for number in range(VISITORS):
            visit(browser, address, watch, number == 0)
        browser.close()
    print(describe_machine())
    print("| headless Chromium, ms | goal | median | minimum | maximum | visitors |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, goal in GOALS.items():
        waits = watch.waits[name]
        print(
            f"| {name} | ≤ {goal} | {median(waits):.0f} | {min(waits):.0f} | {max(waits):.0f} | "
            f"{len(waits)} |"
        )


if __name__ == "__main__":
    main()
