"""The time of an explanation, of similar images, of activations, and of the map's input.

It prints a table in Markdown, after about half a minute, and a minute or two more the first time:

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
from mnist_core.explanation.crossing import find_crossing
from mnist_core.explanation.occlusion import explain
from mnist_core.explanation.similar_images import find_similar_images
from pages.widgets.similar import SHOWN

ROUNDS, SIMILAR_ROUNDS = 15, 100
IMAGES = 2000


def main() -> None:
    """Print the table."""
    print("| median and 95%, ms | champion | cnn | mlp |\n| --- | ---: | ---: | ---: |")
    columns = [_measure(name) for name in ("champion", "cnn", "mlp")]
    for case in columns[0]:
        print(f"| {case} | " + " | ".join(column[case] for column in columns) + " |")


def _measure(name: str) -> dict[str, str]:
    """Case -> median and 95%, ms."""
    frames = load_mnist().x_test
    recognizer = load_recognizer(name)
    activations = open_activations(recognizer.card)
    similar = find_similar_images(activations)
    dataset = load_mnist()
    sources: list[tuple[np.ndarray, int]] = []

    def find_nearest(frame: np.ndarray) -> None:
        ranking = similar.nearest(activations.features(frame[np.newaxis])[0])
        runner_up = int(np.argsort(recognizer.classify(frame[np.newaxis])[0])[-2])
        nearest = ranking[dataset.y_train[ranking] == runner_up][:SHOWN]
        sources.append((dataset.x_train[nearest], runner_up))

    def cross_over(frame: np.ndarray) -> None:
        images, digit = sources[-1]
        find_crossing(recognizer.classify, frame, images, digit)

    counts: list[int] = []

    def classify(images: np.ndarray) -> np.ndarray:
        counts.append(len(images))
        return recognizer.classify(images)

    cases: dict[str, tuple[int, Callable[[np.ndarray], object]]] = {
        "`explain` one digit": (ROUNDS, lambda frame: explain(classify, frame)),
        "`classify` for its images": (ROUNDS, lambda _: recognizer.classify(frames[: counts[-1]])),
        "the training images most like it": (SIMILAR_ROUNDS, find_nearest),
        "the change to the runner-up": (SIMILAR_ROUNDS, cross_over),
        "`layers` of one digit": (ROUNDS, activations.layers),
        f"`features` of {IMAGES:,} images": (3, lambda _: activations.features(frames[:IMAGES])),
        f"`classify` {IMAGES:,} images": (3, lambda _: recognizer.classify(frames[:IMAGES])),
    }
    times: dict[str, list[float]] = {case: [] for case in cases}
    for index, frame in enumerate(frames[:SIMILAR_ROUNDS]):
        for case, (rounds, work) in cases.items():
            if index < rounds:
                times[case].append(_time(work, frame))
    return {
        case: f"{median(taken):.1f}, {np.quantile(taken, 0.95):.1f}"
        for case, taken in times.items()
    }


def _time(work: Callable[[np.ndarray], object], frame: np.ndarray) -> float:
    start = time.perf_counter()
    work(frame)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
