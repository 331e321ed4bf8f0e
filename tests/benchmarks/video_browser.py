"""A viewer in headless Chromium, with the complete Webcam page."""

from __future__ import annotations

import re
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import video_peers
from browser.cameras import READ, browser_filming
from browser.conftest import running_app
from machine import cpu_seconds, limit_cores
from support.sheets import film

# Goal from Start to the first reading, seconds.
START_LIMIT = 3
# The frames that a video shows, and the milliseconds that it takes.
SHOWN = """
(video, span) => new Promise((resolve) => {
  let first = null
  const next = (now, { presentedFrames }) => {
    first ??= { now, presentedFrames }
    const passed = now - first.now
    if (passed >= span) resolve([presentedFrames - first.presentedFrames, passed])
    else video.requestVideoFrameCallback(next)
  }
  video.requestVideoFrameCallback(next)
})
"""


def measure(seconds: float, warm_up: float, cores: int, goal: float) -> str:
    """The table of one viewer.

    Args:
        seconds: duration of the measurement.
        warm_up: seconds before it.
        cores: number of cores for the server and the browser together.
        goal: frames per second.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        camera = film(folder / "film.y4m", video_peers.NUMBER, rate=30)
        with limit_cores(cores):
            address = stack.enter_context(running_app(folder / "log.txt"))
            browser = stack.enter_context(browser_filming(camera))
        waits = []
        # The model is loaded for the first visitor; the second one is typical.
        for _ in range(2):
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(60_000)
            page.goto(f"{address}/webcam")
            player = page.frame_locator(".st-key-video iframe")
            button = player.get_by_role("button", name="Start", exact=True)
            button.wait_for()
            page.wait_for_timeout(1000)
            start = time.perf_counter()
            button.click()
            page.wait_for_function(READ)
            waits.append(time.perf_counter() - start)
            if len(waits) < 2:
                page.close()
                time.sleep(3)  # until the server has noticed
        page.wait_for_timeout(1000 * warm_up)
        before = cpu_seconds(address.pid)
        start = time.perf_counter()
        shown, passed = player.locator("video").evaluate(SHOWN, 1000 * seconds)
        used = (cpu_seconds(address.pid) - before) / (time.perf_counter() - start)
        displayed = page.get_by_text(re.compile("frames per second · ")).inner_text()
    return "\n".join(
        (
            "| one viewer in headless Chromium, with the page | |",
            "| --- | ---: |",
            f"| Start to the first reading, first visitor (s, ≤ {START_LIMIT}) | {waits[0]:.1f} |",
            f"| the same, second visitor (s, ≤ {START_LIMIT}) | {waits[1]:.1f} |",
            f"| frames per second on the page (≥ {goal}) | {1000 * shown / passed:.1f} |",
            f"| displayed by the page | {displayed} |",
            f"| server's CPU, including the page | {used:.2f} |",
        )
    )
