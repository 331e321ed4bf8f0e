"""The accuracy on numbers whose digits touch, overlap or stand close together.

    python tests/benchmarks/touching.py
    python tests/benchmarks/touching.py --numbers 1000 --seed 1

A number counts as correct if exactly its digits are read, in order. The digits are MNIST's test
images, and, where they are available, the development strokes drawn with one pen; neither was used
for training. `--errors` prints what was read instead.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.strokes import DEVELOPMENT_STROKES, draw_strokes, load_development_strokes

from mnist_core import load_mnist, load_recognizer

Image = NDArray[np.uint8]
# Makes a number of that many digits: its image, and the digits.
Maker = Callable[[int, np.random.Generator], tuple[Image, str]]


def images_side_by_side(gap: int) -> Maker:
    """MNIST test images on black, cut to their ink, with boxes `gap` px apart."""

    def make(length: int, random: np.random.Generator) -> tuple[Image, str]:
        test = load_mnist().test
        chosen = random.integers(len(test.labels), size=length)
        canvas = np.zeros((56, 24 * length + 60), np.uint8)
        right = 20
        for image in test.images[chosen]:
            left, top, width, height = cv2.boundingRect((image >= 48).view(np.uint8))
            y, x = 28 - height // 2 + int(random.integers(-1, 2)), right
            window = canvas[y : y + height, x : x + width]
            np.maximum(window, image[top : top + height, left : left + width], out=window)
            right = x + width + gap
        return canvas[:, : right + 20], "".join(map(str, test.labels[chosen]))

    return make


def strokes_side_by_side(low: float, high: float) -> Maker:
    """Development strokes in white on black, lines `low` to `high` of their height apart."""

    def make(length: int, random: np.random.Generator) -> tuple[Image, str]:
        strokes, labels = _development()
        chosen = random.integers(len(labels), size=length)
        height, right, placed = 100.0, 60.0, []
        pen = height * random.uniform(0.06, 0.14)
        for index in chosen:
            points = np.concatenate([np.array(stroke, float) for stroke in strokes[index]])
            corner, extent = points.min(axis=0), np.ptp(points, axis=0)
            size = height * random.uniform(0.85, 1.1)
            scale = size / max(extent[1], 0.6 * extent[0], 1)
            y = 160 - extent[1] * scale + random.normal(0, 4)
            placed += [
                [tuple((point - corner) * scale + (right, y)) for point in np.array(stroke, float)]
                for stroke in strokes[index]
            ]
            right += extent[0] * scale + random.uniform(low, high) * height
        image = draw_strokes(placed, width=round(right) + 60, height=240, brush=pen)
        return image, "".join(str(labels[index]) for index in chosen)

    return make


@cache
def _development() -> tuple[list, NDArray[np.int64]]:
    return load_development_strokes()


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--numbers", type=int, default=300, help="numbers for each value")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--errors", action="store_true", help="print what was read incorrectly")
    options = parser.parse_args()
    model = load_recognizer()
    rows: list[tuple[str, tuple[int, ...], Maker]] = [
        (f"test images, boxes {gap} px apart", (2, 3, 4), images_side_by_side(gap))
        for gap in (1, 0, -1, -2, -4)
    ]
    if DEVELOPMENT_STROKES.exists():
        rows += [
            ("strokes, -0.12 to 0.10", (2, 3, 4, 6), strokes_side_by_side(-0.12, 0.1)),
            ("strokes, 0.15 to 0.35", (2, 3, 4, 6), strokes_side_by_side(0.15, 0.35)),
        ]
    print("| digits | 2 | 3 | 4 | 6 |\n| --- | ---: | ---: | ---: | ---: |")
    for name, lengths, make in tqdm(rows, leave=False):
        cells = dict.fromkeys((2, 3, 4, 6), "")
        for length in lengths:
            random, correct = np.random.default_rng((options.seed, length)), 0
            for _ in range(options.numbers):
                image, number = make(length, random)
                text = "".join(digit.text for digit in model.read(image))
                correct += text == number
                if options.errors and text != number:
                    tqdm.write(f"{name}: {number} read as {text}")
            cells[length] = f"{correct / options.numbers:.1%}"
        tqdm.write(f"| {name} | {' | '.join(cells.values())} |")


if __name__ == "__main__":
    main()
