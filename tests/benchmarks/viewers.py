"""How many people can show digits to the Webcam page at once, and does one get the full rate?

    python tests/benchmarks/viewers.py
    python tests/benchmarks/viewers.py --seconds 5 --most 4 --no-browser

One after the other, 1, 2, 3 … viewers send 640x480 at 30 frames per second, until one of them has
less than 15 back, or less than 15 of his frames read. Server and viewers are processes of their own
on the same two cores (`--cores`): see video_server.py and video_peers.py for what each does, and
what the viewers leave out. Then one viewer is headless Chromium, with the page and its readings.

How to read the table: *back* is what comes to a viewer, *read* what was read of it; where reading
is late, the frame before is sent once more, so *back* alone tells little. *New* is how many
different pictures came to the first viewer, and *delay* is how old they were. The processor time of
the server says how many viewers two cores would hold that had nothing else to do.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
if __name__ in ("__main__", "__mp_main__"):
    # Streamlit is imported with its WebRTC, and warns that nobody runs it.
    logging.disable(logging.WARNING)

import video_peers  # noqa: E402
import video_server  # noqa: E402

VIEWERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
# Frames per second: what every viewer shall have, and what one alone shall have.
ENOUGH, FULL = 15, 25
# A page's goal from Start to the first reading, seconds.
SOON = 3
COLUMNS = (
    "viewers",
    "back, lowest",
    "back, median",
    "read, lowest",
    "read, median",
    "new",
    "delay",
    "ms per frame",
    "skipped",
    "server's CPU",
    "viewers' CPU",
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What so many viewers had; all but the delay and the milliseconds are per second.

    Attributes:
        back: frames that came back, of each viewer.
        read: frames that were read, of each viewer.
        sent: frames that the slowest viewer sent.
        new: pictures that the first viewer had not just had.
        delay: how old they were, seconds, median; None where none came.
        milliseconds: to read a frame, the median viewer's.
        skipped: frames that were not read, of all viewers.
        right: how many viewers had the right reading at the end.
        server: CPU seconds of the server.
        peers: CPU seconds of the viewers.
    """

    back: tuple[float, ...]
    read: tuple[float, ...]
    sent: float
    new: float
    delay: float | None
    milliseconds: float
    skipped: float
    right: int
    server: float
    peers: float

    @property
    def lowest(self) -> float:
        """What the viewer had who had least: a frame counts when it was read and came back."""
        return min(*self.back, *self.read)


Counts = tuple[dict[str, Any], dict[str, Any]]


def difference(before: Counts, after: Counts) -> Step:
    """What happened between two counts of (server, viewers)."""
    server, peers = (_rates(old, new) for old, new in zip(before, after, strict=True))
    delays = after[1]["delays"]
    return Step(
        back=peers["back"],
        read=server["read"],
        sent=min(peers["sent"]),
        new=peers["seen"],
        delay=median(delays) if delays else None,
        milliseconds=median(after[0]["milliseconds"]),
        skipped=server["skipped"],
        right=after[0]["readings"].count(video_peers.NUMBER),
        server=server["cpu"],
        peers=peers["cpu"],
    )


def _rates(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Whatever counts, per second of its own process's clock."""
    span = new["clock"] - old["clock"]
    rates = {}
    for name in new.keys() & {"cpu", "read", "sent", "back", "skipped", "seen"}:
        if isinstance(new[name], list):
            pairs = zip(old[name], new[name], strict=True)
            rates[name] = tuple((later - earlier) / span for earlier, later in pairs)
        else:
            rates[name] = (new[name] - old[name]) / span
    return rates


def measure(
    viewers: int,
    film: list[bytes],
    *,
    seconds: float,
    warm_up: float,
    cores: int,
    model: str | None = None,
    newest: bool = True,
) -> Step:
    """Let so many viewers come, one after the other, and count what they have."""
    with (
        beside(video_server.run, model, newest, cores=cores) as server,
        beside(video_peers.run, film, cores=cores) as peers,
    ):
        for _ in range(viewers):
            answer = ask(server, "offer", *ask(peers, "offer"))
            ask(peers, "answer", *answer)
        time.sleep(warm_up)
        before = ask(server, "counts"), ask(peers, "counts")
        time.sleep(seconds)
        return difference(before, (ask(server, "counts"), ask(peers, "counts")))


@contextmanager
def beside(run: Callable[..., None], *values: object, cores: int) -> Iterator[Any]:
    """A process of its own, on the first so many cores; gives the pipe to it, and ends it."""
    # Spawned, not forked: nothing is inherited, but the cores.
    context = multiprocessing.get_context("spawn")
    pipe, far = context.Pipe()
    process = context.Process(target=run, args=(far, *values), daemon=True)
    with only(cores):
        process.start()
    far.close()
    try:
        yield pipe
    finally:
        pipe.close()
        process.join(10)
        process.kill()
        process.join()


@contextmanager
def only(cores: int) -> Iterator[None]:
    """What is started meanwhile has the first so many cores, where the system can be told so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def ask(pipe: Any, *command: object) -> Any:
    """Say something to a process, and wait for what it answers."""
    try:
        pipe.send(command)
        if not pipe.poll(60):
            raise RuntimeError(f"No answer to {command[0]!r} in a minute")
        return pipe.recv()
    except (EOFError, OSError) as error:
        raise RuntimeError(f"The process ended before it answered {command[0]!r}") from error


def line(step: Step) -> str:
    """A line of the table."""
    cells = (
        str(len(step.back)),
        *(f"{of(rates):.1f}" for rates in (step.back, step.read) for of in (min, median)),
        f"{step.new:.1f}",
        "" if step.delay is None else f"{1000 * step.delay:,.0f} ms",
        f"{step.milliseconds:.1f}",
        f"{step.skipped:.1f}",
        f"{step.server:.2f}",
        f"{step.peers:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def answer(steps: list[Step], cores: int) -> str:
    """How many viewers are held, in a line; and how many by the server's CPU alone, in another."""
    enough = [step for step in steps if step.lowest >= ENOUGH]
    held = max((len(step.back) for step in enough), default=0)
    more = "" if any(step.lowest < ENOUGH for step in steps) else ", and more were not tried"
    noun = "viewer" if held == 1 else "viewers"
    lines = [f"{cores} cores hold {held} {noun} at {ENOUGH} frames per second or more{more}."]
    # Where all are served fully, a viewer's share is what he needs; and the more, the surer it is.
    full = [step for step in enough if step.lowest >= FULL] or enough[:1]
    if full:
        share = full[-1].server / len(full[-1].back)
        rate = median(full[-1].read)
        lines.append(
            f"A viewer at {rate:.0f} frames per second takes {share:.2f} of a core: were there "
            f"nothing but the server, {cores} cores would hold {int(cores / share)}."
        )
    return "\n".join(lines)


def in_browser(seconds: float, warm_up: float, cores: int) -> str:
    """One viewer with all of the page, in headless Chromium; what it had, as a table."""
    from browser.chromium import find
    from browser.conftest import ARGUMENTS, running_app
    from playwright.sync_api import sync_playwright
    from support.sheets import film

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        camera = film(folder / "film.mjpeg", video_peers.NUMBER)
        with only(cores):
            address = stack.enter_context(running_app(folder / "log.txt"))
            playwright = stack.enter_context(sync_playwright())
            browser = playwright.chromium.launch(
                executable_path=find(),
                args=[
                    *ARGUMENTS,
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                    f"--use-file-for-fake-video-capture={camera}",
                ],
            )
        stack.callback(browser.close)
        waits = []
        # The first visitor waits for what is loaded once; the second one is anybody.
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
                time.sleep(3)  # the server sees that he is gone
        page.wait_for_timeout(1000 * warm_up)
        before = cpu_seconds(address.pid)
        start = time.perf_counter()
        shown, passed = player.locator("video").evaluate(SHOWN, 1000 * seconds)
        used = (cpu_seconds(address.pid) - before) / (time.perf_counter() - start)
        says = page.get_by_text(re.compile("frames per second · ")).inner_text()
    return "\n".join(
        (
            "| one viewer in headless Chromium, with the page | |",
            "| --- | ---: |",
            f"| Start to the first reading, first visitor (s, ≤ {SOON}) | {waits[0]:.1f} |",
            f"| the same, second visitor (s, ≤ {SOON}) | {waits[1]:.1f} |",
            f"| frames per second shown by the page (≥ {FULL}) | {1000 * shown / passed:.1f} |",
            f"| the page says | {says} |",
            f"| server's CPU, the page's readings included | {used:.2f} |",
        )
    )


# The page: is a number read? The video: how many frames are shown in so many milliseconds?
READ = r"""() => /\d/.test(document.querySelector(".st-key-live_reading")?.innerText ?? "")"""
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


def cpu_seconds(process: int) -> float:
    """The processor time that a process has had so far; needs Linux's /proc."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def heading(cores: int) -> str:
    """Where was measured."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{cores} of {os.cpu_count()} cores; load average {load}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How many viewers does the Webcam page hold?")
    parser.add_argument("--seconds", type=float, default=10, help="that each step is counted for")
    parser.add_argument("--warm-up", type=float, default=3, help="seconds before that")
    parser.add_argument("--most", type=int, default=VIEWERS[-1], help="viewers to try")
    parser.add_argument("--cores", type=int, default=2, help="for server and viewers together")
    parser.add_argument("--model", help="a folder of models/; the default one if left out")
    parser.add_argument("--queued", action="store_true", help="with aiortc's relay, not the page's")
    parser.add_argument("--no-browser", action="store_true", help="leave Chromium out")
    options = parser.parse_args()
    if min(options.seconds, options.most, options.cores) <= 0 or options.warm_up < 0:
        parser.error("--seconds, --most and --cores are above 0, and --warm-up is not below")
    print(heading(options.cores), end="\n\n")
    film = video_peers.encoded()
    print(f"| {' | '.join(COLUMNS)} |\n|{' ---: |' * len(COLUMNS)}", flush=True)
    steps: list[Step] = []
    for viewers in (number for number in VIEWERS if number <= options.most):
        steps.append(
            measure(
                viewers,
                film,
                seconds=options.seconds,
                warm_up=options.warm_up,
                cores=options.cores,
                model=options.model,
                newest=not options.queued,
            )
        )
        print(line(steps[-1]), flush=True)
        if steps[-1].lowest < ENOUGH:
            break
    print(f"\n{answer(steps, options.cores)}", flush=True)
    if not options.no_browser:
        print(f"\n{in_browser(options.seconds, options.warm_up, options.cores)}")


if __name__ == "__main__":
    main()
