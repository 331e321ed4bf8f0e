"""The server's own routes: readings per second over HTTP, and thirty visitors who draw.

    python tests/benchmarks/server.py
    python tests/benchmarks/server.py --seconds 5 --visitors 10

App and clients share the first two cores (`--cores`), with whatever else the machine does. *Bare*
is the recognizer in one thread of this process, in the same minutes: compare with it.

A visitor has a page and a socket. Every 3 s he draws a digit for 1 s: the socket sends the drawing,
waits for the answer and sends the drawing of that moment. Then the page itself reads the complete
drawing, as at the end of a stroke: the *final* reading.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.conftest import running_app  # noqa: E402
from machine import cpu_seconds, describe_machine, limit_cores  # noqa: E402
from socket_visitors import Drawing, Visitor, drawings  # noqa: E402
from support.servers import encode_digit  # noqa: E402

from mnist_core import load_image, load_recognizer  # noqa: E402

CLIENTS = (1, 16)
# Goals: readings per second over HTTP, one and 16 clients.
HTTP_GOALS = (200, 250)
# Goals for each visitor: readings per second while drawing; milliseconds of 95% of the answers, and
# of 95% of the final readings.
RATE_GOAL, ANSWER_GOAL, FINAL_GOAL = 10, 100, 1000


def bare(seconds: float) -> tuple[float, float]:
    """Readings per second of the recognizer in one thread, and its CPU time for each, ms."""
    recognizer = load_recognizer()
    images = [encode_digit(digit) for digit in range(10)]
    for image in images:
        recognizer.analyze(load_image(image))
    count, start, used = 0, time.perf_counter(), time.thread_time()
    while (passed := time.perf_counter() - start) < seconds:
        recognizer.analyze(load_image(images[count % 10]))
        count += 1
    return count / passed, 1000 * (time.thread_time() - used) / count


def over_http(host: str, clients: int, seconds: float) -> tuple[float, list[float], int]:
    """Readings per second, their milliseconds, and how many were not the reading of their image."""
    recognizer = load_recognizer()
    images = [encode_digit(digit) for digit in range(10)]
    expected = [
        json.loads(json.dumps(recognizer.analyze(load_image(image)).as_json())) for image in images
    ]
    waits: list[float] = []
    wrong: list[int] = []
    start = time.perf_counter()

    def work(client: int) -> None:
        connection = http.client.HTTPConnection(host, timeout=60)
        number = client
        while time.perf_counter() - start < seconds:
            began = time.perf_counter()
            connection.request("POST", "/api/read", images[number % 10])
            answer = json.loads(connection.getresponse().read())
            waits.append(1000 * (time.perf_counter() - began))
            if answer != {"file": None} | expected[number % 10]:
                wrong.append(number)
            number += 1
        connection.close()

    threads = [threading.Thread(target=work, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(waits) / (time.perf_counter() - start), waits, len(wrong)


async def drawing_visitors(host: str, count: int, seconds: float) -> list[Visitor]:
    """Let visitors draw; the first 3 s are not counted."""
    pictures: list[Drawing] = drawings()
    visitors = [Visitor(host) for _ in range(count)]
    for visitor in visitors:
        await visitor.open()
    end = time.perf_counter() + seconds + 3
    await asyncio.gather(
        *(
            visitor.draw_until(end, pictures, delay=3 * number / count)
            for number, visitor in enumerate(visitors)
        )
    )
    for visitor in visitors:
        await visitor.close()
    return visitors


def row(name: str, value: str, goal: str, reached: bool) -> str:
    """A row of the table."""
    return f"| {name} | {value} | {goal} | {'yes' if reached else 'no'} |"


def http_rows(measure: Callable[[int], tuple[float, list[float], int]], app: int) -> list[str]:
    """The rows of `POST /api/read`; `app` is the process ID of the server."""
    rows = []
    for clients, goal in zip(CLIENTS, HTTP_GOALS, strict=True):
        before = cpu_seconds(app)
        rate, waits, wrong = measure(clients)
        used = 1000 * (cpu_seconds(app) - before) / len(waits)
        name = f"`POST /api/read`, {clients} client{'s' * (clients > 1)}"
        rows += [
            row(f"{name}, readings per second", f"{rate:.0f}", f"≥ {goal}", rate >= goal),
            row(
                f"{name}, median and 95% (ms)",
                f"{median(waits):.1f}, {np.quantile(waits, 0.95):.1f}",
                "",
                True,
            ),
            row(f"{name}, server's CPU for each (ms)", f"{used:.1f}", "", True),
            row(f"{name}, wrong or mixed up", f"{wrong} of {len(waits):,}", "0", wrong == 0),
        ]
    return rows


def visitor_rows(visitors: list[Visitor]) -> list[str]:
    """The rows of visitors who draw."""
    rates = [visitor.rate for visitor in visitors]
    answers = [wait for visitor in visitors for wait in visitor.answers]
    finals = [wait for visitor in visitors for wait in visitor.finals]
    late, final = np.quantile(answers, 0.95), np.quantile(finals, 0.95)
    wrong = sum(visitor.wrong for visitor in visitors)
    name = f"{len(visitors)} visitors"
    return [
        row(
            f"{name}, readings per second while drawing, lowest",
            f"{min(rates):.1f}",
            f"≥ {RATE_GOAL}",
            min(rates) >= RATE_GOAL,
        ),
        row(f"{name}, the same, median", f"{median(rates):.1f}", "", True),
        row(f"{name}, answers, median (ms)", f"{median(answers):.0f}", "", True),
        row(f"{name}, answers, 95% (ms)", f"{late:.0f}", f"≤ {ANSWER_GOAL}", late <= ANSWER_GOAL),
        row(f"{name}, final readings, median (ms)", f"{median(finals):.0f}", "", True),
        row(f"{name}, final, 95% (ms)", f"{final:.0f}", f"≤ {FINAL_GOAL}", final <= FINAL_GOAL),
        row(f"{name}, final, wrong", f"{wrong} of {len(finals)}", "0", wrong == 0),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement")
    parser.add_argument("--visitors", type=int, default=30, help="who draw at the same time")
    parser.add_argument("--cores", type=int, default=2, help="for the app and the clients")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(limit_cores(options.cores))
        address = stack.enter_context(running_app(folder / "log.txt"))
        host = urlsplit(address).netloc
        over_http(host, 2, 1)  # loads the model
        rate = bare(options.seconds / 4)
        rows = http_rows(partial(over_http, host, seconds=options.seconds), address.pid)
        before, start = cpu_seconds(address.pid), time.perf_counter()
        visitors = asyncio.run(drawing_visitors(host, options.visitors, options.seconds))
        used = (cpu_seconds(address.pid) - before) / (time.perf_counter() - start)
        again = bare(options.seconds / 4)
    print(f"{describe_machine(options.cores)}\n")
    print("| | | goal | |\n| --- | ---: | ---: | --- |")
    for name, values in zip(
        ("readings per second", "CPU for each (ms)"), zip(rate, again, strict=True), strict=True
    ):
        cell = ", ".join(f"{value:.1f}" for value in values)
        print(row(f"bare recognizer, {name}, before and after", cell, "", True))
    print("\n".join([*rows, *visitor_rows(visitors)]))
    print(row("server's CPU during the visits, cores", f"{used:.2f}", "", True))


if __name__ == "__main__":
    main()
