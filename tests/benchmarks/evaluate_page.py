"""Latency of the Evaluate tab.

    python tests/benchmarks/evaluate_page.py

Starts the app and measures in headless Chromium, from the press of the mouse button to the frame in
which the result is in the document. The first visitor opens the tab on a server that has just
started. Every visitor's browser cache is empty.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.chromium import find  # noqa: E402
from browser.conftest import ARGUMENTS, running_app  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from mnist_core.evaluation.datasets import mnist_test  # noqa: E402
from mnist_core.evaluation.metrics import evaluate_probabilities  # noqa: E402
from mnist_core.registry.artifacts import load_predictions  # noqa: E402
from mnist_core.registry.store import load_card  # noqa: E402

VISITORS = 5
# Action -> the longest that it may take, ms.
LIMITS = {
    "first visitor: tab to first chart": 2000,
    "later visitors: tab to first chart": 2000,
    "another model selected": 1000,
    "a model added, comparison shown": 1000,
    "a cell clicked, images shown": 500,
    "an image clicked, probabilities shown": 500,
    "the coverage slider moved": 500,
}
# Waits for the next press, then checks the condition in every frame.
WATCH = """
(condition) => {
  const holds = new Function("return " + condition)
  window.waited = null
  const begin = () => {
    const start = performance.now()
    const look = () => {
      if (holds()) window.waited = performance.now() - start
      else requestAnimationFrame(look)
    }
    look()
  }
  for (const kind of ["mousedown", "keydown"]) window.addEventListener(kind, begin, {
    capture: true, once: true,
  })
}
"""
TAB = 'document.querySelector(".st-key-evaluation")'
CHART = f'{TAB}?.querySelector(".heatmaplayer .hm image, .heatmaplayer image") != null'


def contains(text: str, where: str = ".st-key-evaluation") -> str:
    return f"document.querySelector({where!r})?.innerText.includes({text!r})"


def largest_error() -> tuple[int, int]:
    """The default model's most frequent error: true digit and prediction."""
    result = evaluate_probabilities(load_predictions(load_card()), mnist_test().labels)
    errors = result.confusion * (1 - np.eye(10, dtype=int))
    truth, answer = np.unravel_index(errors.argmax(), errors.shape)
    return int(truth), int(answer)


class Stopwatch:
    """Latencies of each action, ms."""

    def __init__(self) -> None:
        self.waits: dict[str, list[float]] = {name: [] for name in LIMITS}

    def time(self, page: Page, name: str, condition: str) -> None:
        """Start timing at the next press, until the condition holds; `take` gets the time."""
        assert not page.evaluate(f"() => Boolean({condition})"), f"{name}: shown already"
        page.evaluate(WATCH, condition)
        self.name = name

    def take(self, page: Page) -> None:
        page.wait_for_function("window.waited !== null")
        self.waits[self.name].append(page.evaluate("window.waited"))
        # Everything else ends before the next action.
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
    watch.take(page)

    box = page.locator(".st-key-evaluation .heatmaplayer").first.bounding_box()
    assert box
    truth, answer = largest_error()
    watch.time(page, "a cell clicked, images shown", contains(f"of {truth} predicted as {answer}"))
    page.mouse.click(
        box["x"] + box["width"] * (answer + 0.5) / 10, box["y"] + box["height"] * (truth + 0.5) / 10
    )
    watch.take(page)

    watch.time(
        page,
        "an image clicked, probabilities shown",
        'document.querySelector(".st-key-mistake_shown .bars path") != null',
    )
    page.locator(".st-key-mistakes_gallery button").first.click()
    watch.take(page)

    page.locator(".st-key-evaluation_models input").click()
    page.get_by_role("option", name="mlp").wait_for()
    watch.time(page, "a model added, comparison shown", contains("Comparison"))
    page.get_by_role("option", name="mlp").click()
    watch.take(page)
    page.keyboard.press("Escape")

    accuracy = f"{load_card('mlp').test_accuracy:.2%}"
    watch.time(page, "another model selected", contains(accuracy, ".st-key-evaluation_headline"))
    page.locator(".st-key-evaluation").get_by_role("radio", name="mlp").click(force=True)
    watch.take(page)

    page.get_by_role("tab", name="Calibration").click()
    page.locator(".st-key-coverage_result").wait_for()
    page.wait_for_timeout(2000)
    before = page.evaluate('document.querySelector(".st-key-coverage_result").innerText')
    page.get_by_role("slider").focus()
    moved = f'document.querySelector(".st-key-coverage_result").innerText !== {before!r}'
    watch.time(page, "the coverage slider moved", moved)
    page.keyboard.press("ArrowRight")
    watch.take(page)
    context.close()


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
    print(f"Load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("| headless Chromium, ms | limit | median | least | most | times |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, limit in LIMITS.items():
        waits = watch.waits[name]
        print(
            f"| {name} | ≤ {limit} | {median(waits):.0f} | {min(waits):.0f} | {max(waits):.0f} | "
            f"{len(waits)} |"
        )


if __name__ == "__main__":
    main()
