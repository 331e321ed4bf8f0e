"""The time of an explanation, of the activations of all layers, and of the embedding map's input.

It prints a table in Markdown, after about ten seconds:

    python tests/benchmarks/explaining.py

The time of `classify` for the same number of images, in the same round, is listed for comparison:
unlike the times, their ratio hardly depends on the machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from mnist_core import load_mnist, load_recognizer
from mnist_core.explanation.activations import open_activations
from mnist_core.explanation.occlusion import explain

ROUNDS = 15
IMAGES = 2000


def main() -> None:
    """Print the table."""
    print("| median of rounds, ms | champion | cnn | mlp |\n| --- | ---: | ---: | ---: |")
    columns = [_measure(name) for name in ("champion", "cnn", "mlp")]
    for case in columns[0]:
        print(f"| {case} | " + " | ".join(f"{column[case]:.1f}" for column in columns) + " |")


def _measure(name: str) -> dict[str, float]:
    """Case -> median, ms."""
    frames = load_mnist().x_test
    recognizer = load_recognizer(name)
    activations = open_activations(recognizer.card)
    counts: list[int] = []

    def classify(images: np.ndarray) -> np.ndarray:
        counts.append(len(images))
        return recognizer.classify(images)

    cases: dict[str, tuple[int, Callable[[np.ndarray], object]]] = {
        "`explain` one digit": (ROUNDS, lambda frame: explain(classify, frame)),
        "`classify` for its images": (ROUNDS, lambda _: recognizer.classify(frames[: counts[-1]])),
        "`layers` of one digit": (ROUNDS, activations.layers),
        f"`features` of {IMAGES:,} images": (3, lambda _: activations.features(frames[:IMAGES])),
        f"`classify` {IMAGES:,} images": (3, lambda _: recognizer.classify(frames[:IMAGES])),
    }
    times: dict[str, list[float]] = {case: [] for case in cases}
    for index, frame in enumerate(frames[:ROUNDS]):
        for case, (rounds, work) in cases.items():
            if index < rounds:
                times[case].append(_time(work, frame))
    return {case: median(taken) for case, taken in times.items()}


def _time(work: Callable[[np.ndarray], object], frame: np.ndarray) -> float:
    start = time.perf_counter()
    work(frame)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
