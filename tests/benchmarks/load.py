"""Thirty people who draw for minutes or hours, and a thousand who come and go.

    python tests/benchmarks/load.py                  30 people, 5 minutes; then 1,000 sessions
    python tests/benchmarks/load.py --minutes 60
    python tests/benchmarks/load.py --minutes 1 --sessions 100

People speak Streamlit's own protocol: every 3 s, each one's canvas sends a drawn digit, as a
browser does at the end of a stroke. Measured from there until the run of the page has ended; a
wrong digit and a lost connection are errors. The server is a process of its own on the same cores
(`--cores`); its memory is what the system has given it (resident). Streamlit keeps a session that
was left for two minutes, for a browser that comes back, so memory is measured again after that.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.conftest import running_app  # noqa: E402
from machine import Usage, cpu_seconds, describe_machine, limit_cores, usage  # noqa: E402
from socket_visitors import PERIOD, Drawing, Visitor, drawings  # noqa: E402

# Goals: milliseconds of the median and of 95%; memory, relative to that after `_LEVEL` minutes, or
# after `_WARM_UP` of the sessions.
MEDIAN_GOAL, LATE_GOAL, MEMORY_GOAL = 60, 200, 0.05
_LEVEL, _WARM_UP = 5, 0.2
# A session that was left is kept for 120 s, and forgotten at most 30 s later.
_KEPT = 160
_AT_ONCE = 4
_IDLE = 4


@dataclass
class Minute:
    """What was measured in a minute.

    Attributes:
        waits: milliseconds of each reading.
        errors: what went wrong.
    """

    waits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def draw(
    visitor: Visitor, minute: list[Minute], pictures: Sequence[Drawing], start: float, end: float
) -> None:
    """Send a drawing in each period, from `start` to `end` of `time.perf_counter`."""
    number = round(10 * start)
    while start < end:
        await asyncio.sleep(max(0, start - time.perf_counter()))
        picture = pictures[number % len(pictures)]
        sent = time.perf_counter()
        try:
            reading = await asyncio.wait_for(visitor.read_on_page(picture, f"{number}"), 60)
        except Exception as error:  # of any kind: it is counted
            minute[-1].errors.append(repr(error))
            return
        minute[-1].waits.append(1000 * (time.perf_counter() - sent))
        if reading != str(picture.label):
            minute[-1].errors.append(f"{picture.label} was read as {reading!r}")
        number, start = number + 1, start + PERIOD


async def warm_up(host: str) -> None:
    """Let one visitor draw, so that the model and the page's modules are loaded."""
    visitor = Visitor(host)
    await visitor.open(live=False)
    for number, picture in enumerate(drawings()):
        await visitor.read_on_page(picture, f"{number}")
    await visitor.close()


async def people(host: str, process: int, count: int, minutes: float) -> list[Usage]:
    """Let people draw; print a row for each minute, and return what the server uses after each."""
    pictures = drawings()
    visitors = [Visitor(host) for _ in range(count)]
    for visitor in visitors:
        await visitor.open(live=False)
    measured, used = [Minute()], []
    start = time.perf_counter() + 1
    end = start + 60 * minutes
    tasks = [
        asyncio.create_task(draw(visitor, measured, pictures, start + PERIOD * i / count, end))
        for i, visitor in enumerate(visitors)
    ]
    while (left := end - time.perf_counter()) > 1:
        await asyncio.sleep(min(60, left))
        used.append(usage(process))
        print(row(f"{len(used)}", measured[-1], used[-1]), flush=True)
        measured.append(Minute())
    await asyncio.gather(*tasks)
    for visitor in visitors:
        await visitor.close()
    whole = Minute(
        [wait for minute in measured for wait in minute.waits],
        [error for minute in measured for error in minute.errors],
    )
    print(row("all", whole, usage(process)))
    for error in whole.errors[:5]:
        print(f"  {error}")
    middle, late = np.quantile(whole.waits, (0.5, 0.95))
    print(
        f"\nmedian {middle:.0f} ms (goal: at most {MEDIAN_GOAL}), 95% {late:.0f} ms (at most "
        f"{LATE_GOAL}), {len(whole.errors)} errors (none)"
    )
    return used


async def sessions(host: str, process: int, count: int) -> tuple[Usage, Usage]:
    """Open and close sessions; what the server uses after the warm-up and at the end."""
    queue = iter(range(count))
    warm: list[Usage] = []

    async def come_and_go() -> None:
        for number in queue:
            visitor = Visitor(host)
            await visitor.open(live=False)
            await visitor.close()
            if number % max(1, count // 10) == 0:
                print(row(f"{number}", Minute(), usage(process)), flush=True)
            if number == int(_WARM_UP * count):
                warm.append(usage(process))

    await asyncio.gather(*(come_and_go() for _ in range(_AT_ONCE)))
    return warm[0], usage(process)


def row(name: str, measured: Minute, used: Usage) -> str:
    """A row of the table."""
    middle, late = np.quantile(measured.waits, (0.5, 0.95)) if measured.waits else (0, 0)
    cells = (
        f"{name:>6}",
        f"{len(measured.waits):8,}",
        f"{middle:6.0f}",
        f"{late:6.0f}",
        f"{len(measured.errors):6}",
        f"{used.memory:8.1f}",
        f"{used.threads:7}",
        f"{used.sockets:7}",
    )
    return f"| {' | '.join(cells)} |"


def heading(name: str) -> str:
    """The table's head."""
    names = f"{name:>6} | drawings | median |    95% | errors | memory | threads | sockets"
    return f"| {names} |\n|{' ---: |' * 8}"


def compare(name: str, before: Usage, after: Usage) -> str:
    """How far what the server uses has changed, and whether that is within the goal."""
    change = after.memory / before.memory - 1
    level = abs(change) <= MEMORY_GOAL
    # Idle threads for work beside the pages are started when they are first needed.
    back = after.threads <= before.threads + _IDLE and after.sockets <= before.sockets
    return (
        f"{name}: memory {before.memory:.1f} to {after.memory:.1f} MB, {change:+.1%} "
        f"({'level' if level else 'not level'}); threads {before.threads} to {after.threads}, "
        f"sockets {before.sockets} to {after.sockets} ({'back' if back else 'more than before'})"
    )


def measure(host: str, process: int, options: argparse.Namespace) -> None:
    """Measure and print both parts."""
    asyncio.run(warm_up(host))
    time.sleep(_KEPT)
    print(heading("minute"))
    begin, spent = time.perf_counter(), cpu_seconds(process)
    before = usage(process)
    used = asyncio.run(people(host, process, options.people, options.minutes))
    busy = (cpu_seconds(process) - spent) / (time.perf_counter() - begin)
    print(f"server's CPU: {busy:.2f} cores")
    if len(used) > _LEVEL:
        level = [one.memory for one in used[_LEVEL - 1 :]]
        print(
            f"memory after {_LEVEL} minutes: {level[0]:.1f} MB, then {min(level):.1f} to "
            f"{max(level):.1f} MB (goal: {MEMORY_GOAL:.0%} at most)"
        )
    time.sleep(_KEPT)
    print(compare(f"after the last visitor, and {_KEPT} s", before, usage(process)))
    if options.sessions:
        print(f"\n{heading('number')}")
        warm, end = asyncio.run(sessions(host, process, options.sessions))
        print(compare(f"from session {_WARM_UP:.0%} to {options.sessions:,}", warm, end))
        time.sleep(_KEPT)
        print(compare(f"since the beginning, {_KEPT} s later", before, usage(process)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5, help="default: %(default)s")
    parser.add_argument("--people", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--sessions", type=int, default=1000, help="default: %(default)s; 0: none")
    parser.add_argument("--cores", type=int, default=2, help="for the server and the people")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(limit_cores(options.cores))
        address = stack.enter_context(running_app(folder / "log.txt"))
        measure(urlsplit(address).netloc, address.pid, options)
        log = (folder / "log.txt").read_text()
        print(f"tracebacks in the server's log: {log.count('Traceback')}")
    print(describe_machine(options.cores))


if __name__ == "__main__":
    main()
