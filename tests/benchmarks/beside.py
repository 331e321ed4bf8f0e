"""The time to read a drawing while a training runs.

    python tests/benchmarks/beside.py
    python tests/benchmarks/beside.py champion

A training of this architecture, by default `cnn`, is started in the same way as on the Train
tab. It is paused and resumed every few seconds; in each phase drawings are read, with short pauses
like those between strokes.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# Pairs of phases, readings per phase, and seconds between two readings.
ROUNDS, READINGS, PAUSE = 8, 60, 0.03


def main(architecture: str) -> None:
    """Measure and print the table."""
    from support.own_strokes import OWN_STROKES
    from support.strokes import draw_strokes, place_strokes

    from mnist_core import TrainingConfig, load_recognizer
    from mnist_core.runs import jobs

    recognizer = load_recognizer()
    strokes = place_strokes(OWN_STROKES[4], side=180, center=(140, 140))
    image = draw_strokes(strokes)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MNIST_RUNS"] = folder + "/runs"
        config = TrainingConfig(
            architecture=architecture, name="beside", epochs=1000, target_accuracy=1.0
        )
        run = jobs.start(config, Path(folder) / "models")
        while not run.events() or "batch" not in (run.folder / "events.jsonl").read_text():
            time.sleep(0.2)
        pid = run.process.pid
        assert pid
        times: dict[str, list[float]] = {"training paused": [], "training running": []}
        try:
            for phase in ROUNDS * list(times):
                os.kill(pid, signal.SIGSTOP if phase == "training paused" else signal.SIGCONT)
                time.sleep(0.3)
                for _ in range(READINGS):
                    time.sleep(PAUSE)
                    start = time.perf_counter()
                    recognizer.read(image)
                    times[phase].append(1000 * (time.perf_counter() - start))
        finally:
            os.kill(pid, signal.SIGCONT)
            jobs.cancel(run, keep=False)
            while run.is_active:
                time.sleep(0.1)
    print(f"{os.cpu_count()} cores, {recognizer.card.name} reads, {architecture} is trained; ms")
    print("| | median | 95th percentile |\n| --- | ---: | ---: |")
    for phase, values in times.items():
        high = statistics.quantiles(values, n=20)[-1]
        print(f"| {phase} | {statistics.median(values):.2f} | {high:.2f} |")
    paused, running = (statistics.median(values) for values in times.values())
    print(f"{running / paused:.2f} times as long while the training runs")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "cnn")
