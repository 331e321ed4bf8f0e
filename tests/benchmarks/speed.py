"""How fast does a picture become a number, and how fast is the plain way?

Run it from anywhere, best when the machine has nothing else to do; it prints two tables, after some
three minutes: everything for one model, and 10,000 images with each of the bundled ones:

    python tests/benchmarks/speed.py
    python tests/benchmarks/speed.py --model mlp --rounds 20
    python tests/benchmarks/speed.py --only-batch

Ours, the least that the libraries under it allow, and the plain way (Keras's `model.predict`) take
turns, round after round, so that whatever else the machine does hits all of them. Ours and Keras
live in processes of their own: TensorFlow's memory and threads are not beside ours. A fresh process
is timed from before its start to its answer; its memory is the peak that the system counted for it
(`ru_maxrss`).
"""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from ways import FRESH, OWNERS, make_pictures

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# Nothing large is imported at the top: a process begins with the peak of the one that started it.
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

Samples = dict[str, list[float]]

PRINT_PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
# How often something is done in a round, where not once.
RUNS = {
    "ours one": 200,
    "bare one": 200,
    "keras call": 20,
    "keras one": 5,
    "ours canvas": 40,
    "bare canvas": 40,
    "keras canvas": 5,
    "ours number": 40,
    "keras number": 5,
    "ours photo": 5,
    "keras photo": 5,
}
# Fewer rounds, for they take seconds.
FRESH_EVERY = 2


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Something to be done, and the ways to do it.

    Attributes:
        name: what is done.
        unit: of the samples, the limit and the table.
        ways: case -> what it is called; ours comes first.
        limit: what our median must not exceed; None where nothing was promised.
    """

    name: str
    unit: str
    ways: dict[str, str]
    limit: float | None = None


BATCH = Measure(
    name="classify the 10,000 MNIST test images",
    unit="ms",
    ways={
        "ours test": "Recognizer.classify, all cores",
        "bare test": "LiteRT: one batch, all cores",
        "keras test": "Keras: model.predict, batches of 32",
        "keras large": "Keras: model.predict, batches of 1,000",
    },
)

ONE_FRAME = "classify one frame"
MEASURES = (
    Measure(
        name="fresh process to the first reading of a canvas",
        unit="ms",
        ways={
            "fresh ours": "mnist_core: import, load_recognizer, read",
            "fresh bare": "OpenCV, LiteRT: import, load, resize, invoke",
            "fresh keras": "Keras: import, load_model, resize, predict",
        },
        limit=1000,
    ),
    Measure(
        name="peak memory of that process",
        unit="MB",
        ways={
            "fresh ours, memory": "mnist_core",
            "fresh bare, memory": "OpenCV, LiteRT",
            "fresh keras, memory": "Keras",
        },
        limit=250,
    ),
    Measure(
        name=ONE_FRAME,
        unit="ms",
        ways={
            "ours one": "Recognizer.classify",
            "bare one": "LiteRT: set_tensor, invoke, get_tensor",
            "keras call": "Keras: model(x)",
            "keras one": "Keras: model.predict",
        },
        limit=0.5,
    ),
    Measure(
        name="read a canvas, 280x280 RGBA, one digit",
        unit="ms",
        ways={
            "ours canvas": "Recognizer.read",
            "bare canvas": "OpenCV, LiteRT: resize, invoke",
            "keras canvas": "OpenCV, Keras: resize, predict",
        },
        limit=3,
    ),
    Measure(
        name="read a canvas, 560x280 RGBA, three digits",
        unit="ms",
        ways={
            "ours number": "Recognizer.read",
            "keras number": "OpenCV, Keras: resize, predict (one answer)",
        },
    ),
    Measure(
        name="read a photograph, 1280x960 RGB, three digits",
        unit="ms",
        ways={
            "ours photo": "Recognizer.read",
            "keras photo": "OpenCV, Keras: resize, predict (one answer)",
        },
    ),
    BATCH,
)

# What one frame may take, ms: more with the default model, which looks closer.
ONE_FRAME_LIMITS = {"champion": 1.0}
# Of these, 10,000 images are classified in turns; the first is held to the limit, s.
BATCH_MODELS, BATCH_LIMIT = ("cnn", "mlp", "champion"), 3.0


def main() -> None:
    """Measure in rounds, then print the tables."""
    parser = argparse.ArgumentParser(description="Time reading, and the plain way beside it.")
    parser.add_argument("--model", default="champion", help="a folder of models/")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--only-batch", action="store_true", help="the second table alone")
    options = parser.parse_args()
    folder = ROOT / "models" / options.model
    if not (folder / "model.tflite").is_file() or options.rounds < 1:
        parser.error(f"--model is a folder of {folder.parent}, and --rounds is 1 or more")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as temporary:
        canvas = Path(temporary) / "canvas.npy"
        if not options.only_batch:
            head = heading(options.model)
            samples = measure(folder, canvas, options.rounds)
            print(head)
            limit = ONE_FRAME_LIMITS.get(options.model)
            measures = [
                dataclasses.replace(each, limit=limit) if limit and each.name == ONE_FRAME else each
                for each in MEASURES
            ]
            print("\n".join(line for each in measures for line in lines(each, samples)), "\n")
        print("\n".join(batch_lines(measure_batches(canvas, options.rounds))))


def measure(folder: Path, canvas: Path, rounds: int) -> Samples:
    """Everything for one model: case -> its times."""
    from tqdm import tqdm

    samples: Samples = defaultdict(list)
    workers = {name: Worker(name, folder, canvas) for name in OWNERS}
    for number in tqdm(range(rounds), unit=" rounds"):
        for case in (case for measure in MEASURES for case in measure.ways):
            owner = case.split()[0]
            if owner in workers:
                samples[case] += workers[owner].time(case, RUNS.get(case, 1))
            elif case in FRESH and number % FRESH_EVERY == 0:
                elapsed, peak = time_fresh(FRESH[case], folder, canvas)
                samples[case].append(elapsed)
                samples[f"{case}, memory"].append(peak)
    for worker in workers.values():
        worker.stop()
    return samples


def measure_batches(canvas: Path, rounds: int) -> dict[str, Samples]:
    """10,000 images with each of the bundled models, all ways in turns: model -> case -> times."""
    from tqdm import tqdm

    samples: dict[str, Samples] = {model: defaultdict(list) for model in BATCH_MODELS}
    workers = {
        (model, owner): Worker(owner, ROOT / "models" / model, canvas)
        for model in BATCH_MODELS
        for owner in OWNERS
    }
    for _ in tqdm(range(rounds), unit=" rounds"):
        for (model, owner), worker in workers.items():
            for case in (case for case in BATCH.ways if case.startswith(owner)):
                samples[model][case] += worker.time(case, 1)
    for worker in workers.values():
        worker.stop()
    return samples


def batch_lines(samples: dict[str, Samples]) -> Iterable[str]:
    """The second table: medians in seconds, a column a model, and how Keras compares with ours."""
    ours = {model: median(cases["ours test"]) for model, cases in samples.items()}
    limited = BATCH_MODELS[0]
    verdict = "MISSED" if ours[limited] > 1e3 * BATCH_LIMIT else "kept"
    yield f"{BATCH.name}, s (median of {len(samples[limited]['ours test'])} rounds)"
    yield f"limit for {limited} with Recognizer.classify: <= {BATCH_LIMIT:g} s, {verdict}"
    yield f"  {'':44} " + " ".join(f"{model:>18}" for model in samples)
    for case, name in BATCH.ways.items():
        cells = []
        for model, cases in samples.items():
            taken = median(cases[case])
            cells.append(f"{taken / 1e3:8.2f} ({taken / ours[model]:6.2f}x)")
        yield f"  {name:44} " + " ".join(f"{cell:>18}" for cell in cells)


def heading(model: str) -> str:
    """What was measured, and where."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"model {model}; Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores; load average {load}\n\n"
        f"{'':46} {'limit':>10} {'median':>11} {'99 %':>11} {'to ours':>8} {'runs':>6}"
    )


def lines(measure: Measure, samples: Samples) -> Iterable[str]:
    """The table's lines about one measure; 99 % of the runs took no longer than its column says."""
    ours = median(samples[next(iter(measure.ways))])
    yield f"{measure.name} ({measure.unit})"
    for case, name in measure.ways.items():
        values = sorted(samples[case])
        late = values[min(len(values) - 1, int(0.99 * len(values)))]
        limit = verdict = ""
        if measure.limit is not None and "ours" in case:
            limit = f"<= {measure.limit:g}"
            verdict = "  MISSED" if ours > measure.limit else ""
        yield (
            f"  {name:44} {limit:>10} {_number(median(values)):>11} {_number(late):>11} "
            f"{median(values) / ours:7.2f}x {len(values):6}{verdict}"
        )


def _number(value: float) -> str:
    return f"{value:,.3f}" if value < 10 else f"{value:,.0f}"


def time_fresh(program: str, folder: Path, canvas: Path) -> tuple[float, float]:
    """Run a program in a new Python: milliseconds to its first line, and its peak in MB."""
    command = [sys.executable, "-c", program + PRINT_PEAK, str(folder), str(canvas)]
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        elapsed = time.perf_counter() - start
        peak, messages = process.stdout.read(), process.stderr.read()
    if process.returncode:
        sys.exit(f"A fresh process failed:\n{messages}")
    kilobytes = float(peak) / (1024 if sys.platform == "darwin" else 1)
    return elapsed * 1e3, kilobytes * 1024 / 1e6


class Worker:
    """A process that has its cases ready and times them when asked.

    Args:
        owner: "ours", "bare" or "keras".
        folder: the model's.
        canvas: where "ours" saves the canvas for the fresh processes.
    """

    def __init__(self, owner: str, folder: Path, canvas: Path) -> None:
        # Spawned, not forked: nothing is inherited.
        context = multiprocessing.get_context("spawn")
        self._pipe, far = context.Pipe()
        self._process = context.Process(
            target=_work, args=(far, owner, folder, canvas), daemon=True
        )
        self._process.start()
        far.close()
        try:
            self._pipe.recv()  # it is ready
        except EOFError:
            sys.exit(f"The process of '{owner}' ended before it was ready; see above.")

    def time(self, case: str, runs: int) -> list[float]:
        """Do it so often; the milliseconds of each."""
        self._pipe.send((case, runs))
        times: list[float] = self._pipe.recv()
        return times

    def stop(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join()


def _work(pipe: Connection, owner: str, folder: Path, canvas: Path) -> None:
    _hide_native_messages()
    pictures = make_pictures()
    if owner == "ours":
        import numpy as np

        np.save(canvas, pictures["canvas"])
    cases = OWNERS[owner](folder, pictures)
    for run in cases.values():
        run()  # the first time is another story
    pipe.send("ready")
    while True:
        try:
            case, runs = pipe.recv()
        except EOFError:
            return
        run = cases[case]
        if runs > 1:
            run()  # awake again: the others had the processor's caches
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
        pipe.send(times)


def _hide_native_messages() -> None:
    """Let Python write to the terminal, and not what LiteRT and TensorFlow tell of the machine."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)


if __name__ == "__main__":
    main()
