"""Reading while the pen moves, and video without WebRTC, in headless Chromium.

    python tests/benchmarks/live.py
    python tests/benchmarks/live.py --rounds 1 --seconds 3

Strokes of one second are drawn with the mouse, in turns on the page as it is and on a page whose
socket for drawings is refused. *Move to shown reading* is the time from the newest move of the
pointer in a drawing to its reading in the document; the screen shows it with its next frame. *End
of a stroke to its final reading* is that of the page itself. *Echo* sends a message as large as a
drawing over a WebSocket to a server that returns it at once: nothing can be quicker.

Then the camera plays a film of 640x480 pixels at 30 frames per second over the page's connection.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.cameras import READ, browser_filming  # noqa: E402
from browser.conftest import running_app  # noqa: E402
from machine import describe_machine  # noqa: E402
from playwright.sync_api import Browser, Page  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.routing import WebSocketRoute  # noqa: E402
from starlette.websockets import WebSocket  # noqa: E402
from support.own_strokes import OWN_STROKES  # noqa: E402
from support.servers import serving  # noqa: E402
from support.sheets import film  # noqa: E402
from support.strokes import place_strokes  # noqa: E402

# Goals: ms, and numbers per second.
MOVE_GOALS, RATE_GOAL, FINAL_GOAL, FRAME_GOAL, START_GOAL = (16, 35), 40, 50, 15, 2.0
# Digits that people write in one stroke; one per second, in steps of a 60 Hz screen.
DIGITS, STROKE, STEP = (0, 2, 3, 6, 8, 9), 1.0, 1 / 60
ECHOES = 300
NUMBER = "3"

WATCH = """
window.moved = 0
window.waits = []
window.frames = 0
window.bytes = 0
window.released = window.final = null
const FINAL = ".st-key-reading p:not(.live):not(.invitation)"
addEventListener("mousemove", () => { moved = performance.now() }, true)
addEventListener("mouseup", () => { released = performance.now() }, true)
const look = () => {
  if (released === null || final !== null) return
  const shown = document.querySelector(FINAL)
  if (shown?.offsetParent && shown.innerText.trim()) final = performance.now() - released
}
new MutationObserver(look).observe(
  document, { subtree: true, childList: true, characterData: true, attributes: true })
const Socket = window.WebSocket
window.WebSocket = class extends Socket {
  constructor(url, ...rest) {
    super(BLOCKED && /live/.test(url) ? "ws://127.0.0.1:9/" : url, ...rest)
    if (!/live/.test(url)) return
    const send = this.send.bind(this)
    let drawn = 0
    this.send = (message) => {
      drawn = moved
      bytes = message.length
      send(message)
    }
    // After the page's own listener.
    setTimeout(() => this.addEventListener("message", () => {
      frames += 1
      if (document.querySelector(".live_strokes.on")) waits.push(performance.now() - drawn)
    }))
  }
}
"""
ECHO = """
([url, bytes, count]) => new Promise((resolve) => {
  const socket = new WebSocket(url), message = new Uint8Array(bytes), waits = []
  let sent
  const send = () => {
    sent = performance.now()
    socket.send(message)
  }
  socket.onopen = send
  socket.onmessage = () => {
    waits.push(performance.now() - sent)
    if (waits.length < count) return send()
    socket.close()
    resolve(waits)
  }
})
"""


@dataclass
class Drawn:
    """What was measured on one page.

    Attributes:
        waits: ms from each newest move to its reading.
        counts: readings during each stroke.
        finals: ms from the end of each stroke to the page's own reading.
    """

    waits: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    finals: list[float] = field(default_factory=list)


def open_page(browser: Browser, address: str, *, blocked: bool) -> Page:
    """The Draw page, watched."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(f"const BLOCKED = {json.dumps(blocked)}\n{WATCH}")
    page.goto(address)
    page.locator("canvas").last.wait_for()
    page.wait_for_timeout(1500)
    return page


def draw(page: Page, digit: int, drawn: Drawn) -> None:
    """Draw a digit's first stroke for a second, and clear it."""
    page.bring_to_front()
    box = page.locator("canvas").last.bounding_box()
    assert box
    center = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    points = place_strokes(OWN_STROKES[digit], side=180, center=center)[0]
    path = np.array(points, float)
    page.evaluate("() => { waits = []; released = final = null }")
    page.mouse.move(*path[0])
    page.mouse.down()
    start = time.perf_counter()
    while (passed := time.perf_counter() - start) < STROKE:
        place = passed / STROKE * (len(path) - 1)
        x, y = (np.interp(place, range(len(path)), path[:, axis]) for axis in (0, 1))
        page.mouse.move(float(x), float(y))
        time.sleep(max(0.0, STEP - (time.perf_counter() - start - passed)))
    waits = page.evaluate("waits")
    page.mouse.up()
    page.wait_for_function("final !== null")
    drawn.waits += waits
    drawn.counts.append(len(waits))
    drawn.finals.append(page.evaluate("final"))
    page.keyboard.press("c")
    page.locator(".st-key-reading .invitation").wait_for()
    page.wait_for_timeout(500)


def draw_in_turns(browser: Browser, address: str, rounds: int) -> tuple[Drawn, Drawn, int]:
    """With and without the socket, and the size of the last drawing's message in bytes."""
    pages = [open_page(browser, address, blocked=blocked) for blocked in (False, True)]
    results = [Drawn(), Drawn()]
    for page in pages:
        draw(page, DIGITS[0], Drawn())  # loads the model
    for number in range(rounds):
        for digit in DIGITS:
            for place in (0, 1) if number % 2 else (1, 0):
                draw(pages[place], digit, results[place])
    size = pages[0].evaluate("bytes")
    for page in pages:
        page.context.close()
    return results[0], results[1], size


def echo(browser: Browser, address: str, size: int) -> list[float]:
    """Milliseconds there and back, without reading."""

    async def answer(socket: WebSocket) -> None:
        await socket.accept()
        while (await socket.receive())["type"] != "websocket.disconnect":
            await socket.send_json({"frame": 0, "digits": [{"probabilities": [0.1] * 10}]})

    with serving(Starlette(routes=[WebSocketRoute("/echo", answer)])) as host:
        page = browser.new_page()
        page.goto(f"{address}/_stcore/health")
        return page.evaluate(ECHO, [f"ws://{host}/echo", size, ECHOES])


def video(browser: Browser, address: str, seconds: float) -> tuple[float, float]:
    """Seconds from Start to the first reading on the page, and frames read per second."""
    first = rate = 0.0
    for _ in range(2):  # the model is loaded for the first visitor
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(60_000)
        page.add_init_script(f"const BLOCKED = false\n{WATCH}")
        page.goto(f"{address}/webcam")
        button = page.locator(".live_video .primary")
        button.wait_for()
        page.wait_for_timeout(1500)
        start = time.perf_counter()
        button.click()
        page.wait_for_function(READ)
        first = time.perf_counter() - start
        page.wait_for_timeout(2000)
        before, start = page.evaluate("frames"), time.perf_counter()
        page.wait_for_timeout(1000 * seconds)
        rate = (page.evaluate("frames") - before) / (time.perf_counter() - start)
        page.close()
    return first, rate


def percentile(values: list[float]) -> float:
    """The 95th percentile."""
    return float(np.quantile(values, 0.95))


def rows(live: Drawn, plain: Drawn, echoes: list[float], film: tuple[float, float]) -> list[str]:
    """The table's rows: name, value, goal, reached."""
    middle, late = median(live.waits), percentile(live.waits)
    final, before = median(live.finals), median(plain.finals)
    readings = median(live.counts) / STROKE
    cells = [
        (
            "move to shown reading, median and 95% (ms)",
            f"{middle:.1f}, {late:.1f}",
            "≤ {}, {}".format(*MOVE_GOALS),
            middle <= MOVE_GOALS[0] and late <= MOVE_GOALS[1],
        ),
        (
            "echo of a WebSocket, median and 95% (ms)",
            f"{median(echoes):.1f}, {percentile(echoes):.1f}",
            "",
            True,
        ),
        (
            "readings during a stroke of 1 s, median",
            f"{readings:.0f}",
            f"≥ {RATE_GOAL}",
            readings >= RATE_GOAL,
        ),
        (
            "end of a stroke to its final reading, median and 95% (ms)",
            f"{final:.0f}, {percentile(live.finals):.0f}",
            f"≤ {FINAL_GOAL}",
            final <= FINAL_GOAL,
        ),
        (
            "the same without the socket",
            f"{before:.0f}, {percentile(plain.finals):.0f}",
            "",
            True,
        ),
        (
            "video: Start to the first reading (s)",
            f"{film[0]:.1f}",
            f"≤ {START_GOAL:g}",
            film[0] <= START_GOAL,
        ),
        (
            "video: frames read per second",
            f"{film[1]:.1f}",
            f"≥ {FRAME_GOAL}",
            film[1] >= FRAME_GOAL,
        ),
    ]
    return [f"| {a} | {b} | {c} | {'yes' if reached else 'no'} |" for a, b, c, reached in cells]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4, help="of six strokes on each page")
    parser.add_argument("--seconds", type=float, default=10, help="of video")
    options = parser.parse_args()
    loads = [os.getloadavg()[0]]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = {"MNIST_VIDEO": '{"connection": "page"}'}
        address = stack.enter_context(running_app(folder / "log.txt", **settings))
        camera = film(folder / "film.y4m", NUMBER, rate=30)
        browser = stack.enter_context(browser_filming(camera))
        live, plain, size = draw_in_turns(browser, address, options.rounds)
        loads.append(os.getloadavg()[0])
        echoes = echo(browser, address, size)
        filmed = video(browser, address, options.seconds)
        loads.append(os.getloadavg()[0])
    print(f"{describe_machine()}; {min(loads):.0f} to {max(loads):.0f} during the measurement\n")
    print(f"{len(live.finals)} strokes on each page, messages of {size:,} bytes\n")
    print("| `champion`, one visitor | | goal | |\n| --- | ---: | ---: | --- |")
    print("\n".join(rows(live, plain, echoes, filmed)))


if __name__ == "__main__":
    main()
