"""The number of visitors that the Webcam page can serve at once, and the frame rate of one.

    python tests/benchmarks/viewers.py
    python tests/benchmarks/viewers.py --seconds 5 --most 4 --no-browser

1, 2, 3 … viewers send 640x480 pixels at 30 frames per second, until fewer than 15 frames per second
of one of them are returned or read. Server and viewers are separate processes on the same two cores
(`--cores`): see video_server.py and video_peers.py. Then one viewer is headless Chromium with the
complete page: see video_browser.py.

Columns, per second: *returned* frames of a viewer; *read* frames (if reading is late, the previous
frame is returned again, so *returned* alone is not sufficient); *new*: different pictures that the
first viewer received; *delay*: their age; *CPU*: seconds of processor time, from which the number
of viewers on two cores without the viewers' own processes is computed.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
if __name__ in ("__main__", "__mp_main__"):
    # Importing streamlit-webrtc imports Streamlit, which warns that it is not running.
    logging.disable(logging.WARNING)

import video_peers  # noqa: E402
import video_server  # noqa: E402
from child_processes import child_process, request  # noqa: E402
from machine import describe_machine  # noqa: E402

VIEWERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
# Goals, frames per second: each viewer's, and a single viewer's.
MIN_RATE, FULL_RATE = 15, 25
COLUMNS = (
    "viewers",
    "returned, lowest",
    "returned, median",
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
class Measurement:
    """The rates of some viewers, per second.

    Attributes:
        returned: returned frames of each viewer.
        read: read frames of each viewer.
        sent: sent frames of the slowest viewer.
        new: different pictures that the first viewer received.
        delay: their median age, seconds; None without new pictures.
        milliseconds: time to read a frame, the median viewer's.
        skipped: frames of all viewers that were not read.
        correct: number of viewers with the correct reading at the end.
        server: CPU seconds of the server.
        peers: CPU seconds of the viewers.
    """

    returned: tuple[float, ...]
    read: tuple[float, ...]
    sent: float
    new: float
    delay: float | None
    milliseconds: float
    skipped: float
    correct: int
    server: float
    peers: float

    @property
    def lowest(self) -> float:
        """The lowest rate at which frames of a viewer are both read and returned."""
        return min(*self.returned, *self.read)


Counts = tuple[dict[str, Any], dict[str, Any]]


def rates_between(before: Counts, after: Counts) -> Measurement:
    """The rates between two counts of (server, viewers)."""
    server, peers = (_rates(old, new) for old, new in zip(before, after, strict=True))
    delays = after[1]["delays"]
    return Measurement(
        returned=peers["returned"],
        read=server["read"],
        sent=min(peers["sent"]),
        new=peers["new"],
        delay=median(delays) if delays else None,
        milliseconds=median(after[0]["milliseconds"]),
        skipped=server["skipped"],
        correct=after[0]["readings"].count(video_peers.NUMBER),
        server=server["cpu"],
        peers=peers["cpu"],
    )


def _rates(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The counters per second of their own process's clock."""
    span = new["clock"] - old["clock"]
    rates = {}
    for name in new.keys() & {"cpu", "read", "sent", "returned", "skipped", "new"}:
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
    latest: bool = True,
) -> Measurement:
    """Connect viewers one by one and measure their rates.

    Args:
        viewers: their number.
        film: packets, from `video_peers.encode_film`.
        seconds: duration of the measurement.
        warm_up: seconds before it.
        cores: number of cores for the server and the viewers together.
        model: a folder of models/; None: the default model.
        latest: use the page's relay; False: aiortc's.
    """
    with (
        child_process(video_server.run, model, latest, cores=cores) as server,
        child_process(video_peers.run, film, cores=cores) as peers,
    ):
        for _ in range(viewers):
            answer = request(server, "offer", *request(peers, "offer"))
            request(peers, "answer", *answer)
        time.sleep(warm_up)
        before = request(server, "counts"), request(peers, "counts")
        time.sleep(seconds)
        return rates_between(before, (request(server, "counts"), request(peers, "counts")))


def table_row(result: Measurement) -> str:
    """A row of the table."""
    cells = (
        str(len(result.returned)),
        *(
            f"{function(rates):.1f}"
            for rates in (result.returned, result.read)
            for function in (min, median)
        ),
        f"{result.new:.1f}",
        "" if result.delay is None else f"{1000 * result.delay:,.0f} ms",
        f"{result.milliseconds:.1f}",
        f"{result.skipped:.1f}",
        f"{result.server:.2f}",
        f"{result.peers:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def summarize(results: list[Measurement], cores: int) -> str:
    """The number of viewers served, and the number by the CPU time of the server alone."""
    served = [result for result in results if result.lowest >= MIN_RATE]
    count = max((len(result.returned) for result in served), default=0)
    noun = "viewer" if count == 1 else "viewers"
    more = "; more were not tried" if len(served) == len(results) else ""
    lines = [f"{cores} cores serve {count} {noun} at {MIN_RATE} frames per second or more{more}."]
    # The CPU time per viewer is measured at the full rate, with as many viewers as possible.
    full = [result for result in served if result.lowest >= FULL_RATE] or served[:1]
    if full:
        share, rate = full[-1].server / len(full[-1].returned), median(full[-1].read)
        lines.append(
            f"A viewer at {rate:.0f} frames per second takes {share:.2f} of a core: "
            f"for the server alone, {cores} cores are enough for {int(cores / share)}."
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description="The number of visitors that the Webcam page can serve."
    )
    parser.add_argument("--seconds", type=float, default=10, help="duration of each measurement")
    parser.add_argument("--warm-up", type=float, default=3, help="seconds before it")
    parser.add_argument("--most", type=int, default=VIEWERS[-1], help="maximum number of viewers")
    parser.add_argument("--cores", type=int, default=2, help="for server and viewers together")
    parser.add_argument("--model", help="a folder of models/; default: the default model")
    parser.add_argument(
        "--queued", action="store_true", help="with aiortc's relay instead of the page's"
    )
    parser.add_argument("--no-browser", action="store_true", help="without Chromium")
    options = parser.parse_args()
    if min(options.seconds, options.most, options.cores) <= 0 or options.warm_up < 0:
        parser.error("--seconds, --most and --cores must be above 0, --warm-up at least 0")
    print(describe_machine(options.cores), end="\n\n")
    film = video_peers.encode_film()
    print(f"| {' | '.join(COLUMNS)} |\n|{' ---: |' * len(COLUMNS)}", flush=True)
    results: list[Measurement] = []
    for viewers in (number for number in VIEWERS if number <= options.most):
        results.append(
            measure(
                viewers,
                film,
                seconds=options.seconds,
                warm_up=options.warm_up,
                cores=options.cores,
                model=options.model,
                latest=not options.queued,
            )
        )
        print(table_row(results[-1]), flush=True)
        if results[-1].lowest < MIN_RATE:
            break
    print(f"\n{summarize(results, options.cores)}", flush=True)
    if not options.no_browser:
        import video_browser

        table = video_browser.measure(options.seconds, options.warm_up, options.cores, FULL_RATE)
        print(f"\n{table}")


if __name__ == "__main__":
    main()
