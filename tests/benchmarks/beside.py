"""How much slower a digit is read while a training goes on: python tests/benchmarks/beside.py

A training is started as the Train tab starts it. It is halted and let go on in turns of some
seconds, and in each turn drawings are read, with the pauses that people make between strokes.
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

TURNS, READINGS, PAUSE = 8, 60, 0.03


def main(architecture: str) -> None:
    """Print a line for each way."""
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
        took: dict[str, list[float]] = {"halted": [], "training": []}
        try:
            for turn in range(2 * TURNS):
                way = ("halted", "training")[turn % 2]
                os.kill(pid, signal.SIGSTOP if way == "halted" else signal.SIGCONT)
                time.sleep(0.3)
                for _ in range(READINGS):
                    time.sleep(PAUSE)
                    start = time.perf_counter()
                    recognizer.read(image)
                    took[way].append(1000 * (time.perf_counter() - start))
        finally:
            os.kill(pid, signal.SIGCONT)
            jobs.cancel(run, keep=False)
            while run.is_active:
                time.sleep(0.1)
    print(f"{os.cpu_count()} cores, {recognizer.card.name} reads, {architecture} trains; ms")
    print("| | median | 95 % |\n| --- | ---: | ---: |")
    for way, times in took.items():
        high = statistics.quantiles(times, n=20)[-1]
        print(f"| {way} | {statistics.median(times):.2f} | {high:.2f} |")
    ratio = statistics.median(took["training"]) / statistics.median(took["halted"])
    print(f"{ratio:.2f} times as long while training")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "cnn")
