"""The latency of the Draw page, from the end of a stroke to its reading.

    python tests/benchmarks/page.py

It starts the app, draws with the mouse in headless Chromium and measures in the page, from the
release of the mouse button until the digit is in the document.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.chromium import find  # noqa: E402
from browser.conftest import ARGUMENTS, running_app  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from support.own_strokes import OWN_STROKES  # noqa: E402
from support.strokes import place_strokes  # noqa: E402

ROUNDS = 4
# Goal, ms.
GOAL = 300
# Only the first stroke of a digit is measured: after it, the first digit appears on the page.
WATCH = """
() => {
  window.released = null
  window.waits = []
  window.addEventListener("mouseup", () => { window.released ??= performance.now() }, true)
  new MutationObserver(() => {
    const reading = document.querySelector(".st-key-reading")?.innerText ?? ""
    if (window.released !== null && /\\d/.test(reading)) {
      window.waits.push(performance.now() - window.released)
      window.released = null
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true })
}
"""


def measure(address: str) -> list[float]:
    """The latency of each digit in each round, ms."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.locator("canvas").last.wait_for()
        page.wait_for_timeout(1000)
        page.evaluate(WATCH)
        for _ in range(ROUNDS):
            for strokes in OWN_STROKES.values():
                box = page.locator("canvas").last.bounding_box()
                assert box
                center = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
                (first, *_) = place_strokes(strokes, side=180, center=center)
                page.mouse.move(*first[0])
                page.mouse.down()
                for point in first[1:]:
                    page.mouse.move(*point)
                page.mouse.up()
                page.wait_for_timeout(700)
                page.evaluate("window.released = null")
                page.keyboard.press("c")
                page.wait_for_timeout(700)
                page.evaluate("window.released = null")
        waits: list[float] = page.evaluate("window.waits")
        browser.close()
    return waits


def main() -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder) / "log.txt") as address,
    ):
        waits = measure(address)
    print("| end of a stroke to its reading | goal | median | 95th percentile | readings |")
    print("| --- | ---: | ---: | ---: | ---: |")
    print(
        f"| headless Chromium, `cnn` (ms) | ≤ {GOAL} | {median(waits):.0f} | "
        f"{quantiles(waits, n=20)[-1]:.0f} | {len(waits)} |"
    )


if __name__ == "__main__":
    main()
