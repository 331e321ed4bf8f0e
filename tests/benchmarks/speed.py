"""The speed of reading, compared with bare LiteRT and with Keras's `model.predict`.

It prints two tables, after about three minutes on an idle machine: all measures for one model, and
10,000 images with each bundled model:

    python tests/benchmarks/speed.py
    python tests/benchmarks/speed.py --model mlp --rounds 20
    python tests/benchmarks/speed.py --only-batch

The three methods take turns in each round, so that other load affects all of them. Each runs in its
own process, so that TensorFlow's memory and threads do not affect the others. A fresh process is
timed from its start to its answer; its memory is the system's peak value (`ru_maxrss`).
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from child_processes import child_process, request
from machine import describe_machine
from speed_methods import FRESH, OWNERS, run_cases

# No large package is imported here: a process inherits the peak memory of its parent.
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

Samples = dict[str, list[float]]

PRINT_PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
# Calls per round; other cases: one.
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
# Fresh processes take seconds and run in every second round only.
FRESH_EVERY = 2


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A task and the methods that are compared.

    Attributes:
        name: of the task.
        unit: of the samples, the limit and the table.
        methods: case -> description; this project's comes first.
        limit: upper limit of this project's median; None without one.
    """

    name: str
    unit: str
    methods: dict[str, str]
    limit: float | None = None


BATCH = Measure(
    name="classify the 10,000 MNIST test images",
    unit="ms",
    methods={
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
        methods={
            "fresh ours": "mnist_core: import, load_recognizer, read",
            "fresh bare": "OpenCV, LiteRT: import, load, resize, invoke",
            "fresh keras": "Keras: import, load_model, resize, predict",
        },
        limit=1000,
    ),
    Measure(
        name="peak memory of that process",
        unit="MB",
        methods={
            "fresh ours, memory": "mnist_core",
            "fresh bare, memory": "OpenCV, LiteRT",
            "fresh keras, memory": "Keras",
        },
        limit=250,
    ),
    Measure(
        name=ONE_FRAME,
        unit="ms",
        methods={
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
        methods={
            "ours canvas": "Recognizer.read",
            "bare canvas": "OpenCV, LiteRT: resize, invoke",
            "keras canvas": "OpenCV, Keras: resize, predict",
        },
        limit=3,
    ),
    Measure(
        name="read a canvas, 560x280 RGBA, three digits",
        unit="ms",
        methods={
            "ours number": "Recognizer.read",
            "keras number": "OpenCV, Keras: resize, predict (one answer)",
        },
    ),
    Measure(
        name="read a photograph, 1280x960 RGB, three digits",
        unit="ms",
        methods={
            "ours photo": "Recognizer.read",
            "keras photo": "OpenCV, Keras: resize, predict (one answer)",
        },
    ),
    BATCH,
)

# Limits for one frame, ms: the default model is larger.
ONE_FRAME_LIMITS = {"champion": 1.0}
# The models of the second table; the limit, s, is the first one's.
BATCH_MODELS, BATCH_LIMIT = ("cnn", "mlp", "champion"), 3.0


def main() -> None:
    """Measure in rounds, then print the tables."""
    parser = argparse.ArgumentParser(description="The speed of reading, compared with Keras.")
    parser.add_argument("--model", default="champion", help="a folder of models/")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--only-batch", action="store_true", help="print the second table only")
    options = parser.parse_args()
    folder = ROOT / "models" / options.model
    if not (folder / "model.tflite").is_file() or options.rounds < 1:
        parser.error(f"--model must be a folder of {folder.parent}, --rounds at least 1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as temporary:
        canvas = Path(temporary) / "canvas.npy"
        if not options.only_batch:
            head = heading(options.model)
            samples = measure(folder, canvas, options.rounds)
            print(head)
            limit = ONE_FRAME_LIMITS.get(options.model)
            measures = [
                dataclasses.replace(task, limit=limit) if limit and task.name == ONE_FRAME else task
                for task in MEASURES
            ]
            print("\n".join(row for task in measures for row in table_rows(task, samples)), "\n")
        print("\n".join(batch_lines(measure_batches(canvas, options.rounds))))


def measure(folder: Path, canvas: Path, rounds: int) -> Samples:
    """All measures for one model: case -> samples."""
    from tqdm import tqdm

    samples: Samples = defaultdict(list)
    with ExitStack() as stack:
        workers = {owner: stack.enter_context(worker(owner, folder, canvas)) for owner in OWNERS}
        for number in tqdm(range(rounds), unit=" rounds"):
            for case in (case for measure in MEASURES for case in measure.methods):
                owner = case.split()[0]
                if owner in workers:
                    samples[case] += workers[owner](case, RUNS.get(case, 1))
                elif case in FRESH and number % FRESH_EVERY == 0:
                    elapsed, peak = time_fresh(FRESH[case], folder, canvas)
                    samples[case].append(elapsed)
                    samples[f"{case}, memory"].append(peak)
    return samples


def measure_batches(canvas: Path, rounds: int) -> dict[str, Samples]:
    """10,000 images with each bundled model; all methods take turns: model -> case -> samples."""
    from tqdm import tqdm

    samples: dict[str, Samples] = {model: defaultdict(list) for model in BATCH_MODELS}
    with ExitStack() as stack:
        workers = {
            (model, owner): stack.enter_context(worker(owner, ROOT / "models" / model, canvas))
            for model in BATCH_MODELS
            for owner in OWNERS
        }
        for _ in tqdm(range(rounds), unit=" rounds"):
            for (model, owner), time_case in workers.items():
                for case in (case for case in BATCH.methods if case.startswith(owner)):
                    samples[model][case] += time_case(case, 1)
    return samples


@contextmanager
def worker(owner: str, folder: Path, canvas: Path) -> Iterator[Callable[[str, int], list[float]]]:
    """A process that has prepared its cases: runs one several times, ms of each run.

    Args:
        owner: "ours", "bare" or "keras".
        folder: of the model.
        canvas: the file to which "ours" saves the canvas for the fresh processes.
    """
    with child_process(run_cases, owner, folder, canvas) as pipe:
        try:
            pipe.recv()  # the cases are ready
        except EOFError:
            sys.exit(f"The process of '{owner}' failed before it was ready; see above.")
        yield lambda case, runs: request(pipe, case, runs, timeout=None)


def batch_lines(samples: dict[str, Samples]) -> Iterable[str]:
    """The second table: medians in seconds per model, and their ratios to this project's."""
    ours = {model: median(cases["ours test"]) for model, cases in samples.items()}
    limited = BATCH_MODELS[0]
    verdict = "MISSED" if ours[limited] > 1e3 * BATCH_LIMIT else "kept"
    yield f"{BATCH.name}, s (median of {len(samples[limited]['ours test'])} rounds)"
    yield f"limit for {limited} with Recognizer.classify: <= {BATCH_LIMIT:g} s, {verdict}"
    yield f"  {'':44} " + " ".join(f"{model:>18}" for model in samples)
    for case, name in BATCH.methods.items():
        cells = []
        for model, cases in samples.items():
            value = median(cases[case])
            cells.append(f"{value / 1e3:8.2f} ({value / ours[model]:6.2f}x)")
        yield f"  {name:44} " + " ".join(f"{cell:>18}" for cell in cells)


def heading(model: str) -> str:
    """The model, the machine and the column names."""
    return (
        f"model {model}; {describe_machine()}\n\n"
        f"{'':46} {'limit':>10} {'median':>11} {'99th pct.':>11} {'ratio':>8} {'runs':>6}"
    )


def table_rows(measure: Measure, samples: Samples) -> Iterable[str]:
    """The rows of one measure: limit, median, 99th percentile, ratio to this project, runs."""
    ours = median(samples[next(iter(measure.methods))])
    yield f"{measure.name} ({measure.unit})"
    for case, name in measure.methods.items():
        values = sorted(samples[case])
        high = values[min(len(values) - 1, int(0.99 * len(values)))]
        limit = verdict = ""
        if measure.limit is not None and "ours" in case:
            limit = f"<= {measure.limit:g}"
            verdict = "  MISSED" if ours > measure.limit else ""
        yield (
            f"  {name:44} {limit:>10} {_number(median(values)):>11} {_number(high):>11} "
            f"{median(values) / ours:7.2f}x {len(values):6}{verdict}"
        )


def _number(value: float) -> str:
    return f"{value:,.3f}" if value < 10 else f"{value:,.0f}"


def time_fresh(program: str, folder: Path, canvas: Path) -> tuple[float, float]:
    """Run a program in a fresh Python: ms to its first line, and its peak memory in MB."""
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


if __name__ == "__main__":
    main()
