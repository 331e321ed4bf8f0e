"""The accuracy on simulated photographs of numbers on paper, from easy to hard.

It prints a table in Markdown, after about a minute:

    python tests/benchmarks/papers.py
    python tests/benchmarks/papers.py --model mlp --pictures 200 --seed 7

The real photographs are few and come from one camera. Here, MNIST *training* digits are written on
a sheet and photographed with a severity of 0 to 4. The simulation shows where the detection of
digits fails, not how often it fails in reality. As the digits are training images, the accuracy
measures detection and preprocessing, not the network.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulation import (
    PENS,
    SEVERITIES,
    Floats,
    Generator,
    Image,
    Pen,
    capture,
    illumination,
    lay_ink,
    make_paper,
    roughen,
    write,
)
from support.strokes import Stroke

__all__ = ["photograph", "pictures"]

# Each tenth picture is an empty sheet.
EMPTY_EVERY = 10


def photograph(
    digits: Sequence[Image | Sequence[Stroke]], severity: int, random: Generator
) -> Image:
    """A photograph of a number on a sheet: (h, w, 3) RGB uint8, about 640 to 1280 px wide.

    Args:
        digits: frames or strokes, as `write` takes them; an empty sheet without them.
        severity: 0, a clean black pen on white, to 4, hard.
        random: random state of everything else.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"The severity must be from 0 to 4. Received: {severity!r}")
    width = int(random.integers(640, 1281))
    height = round(width * random.uniform(0.5, 0.75))
    share = severity / 4
    name = random.choice(list(PENS)) if severity else "marker"
    color, cover, rough, least, most = PENS[name]
    pen = Pen(
        color=color, cover=cover, rough=rough * share, width=float(random.uniform(least, most))
    )
    sheet = make_paper(height, width, share, random)
    ink = _write_number(digits, pen, height, width, random)
    sheet = lay_ink(sheet, roughen(ink, pen, random), pen)
    sheet = _tilt(sheet, share, random) * illumination(height, width, share, random)
    return capture(sheet, share, random)


def _write_number(
    digits: Sequence[Image | Sequence[Stroke]],
    pen: Pen,
    height: int,
    width: int,
    random: Generator,
) -> Floats:
    """The ink of a number at a random place of the sheet: (height, width), 0 to 1."""
    sheet = np.zeros((height, width), np.float32)
    if not len(digits):
        return sheet
    # A third of the largest possible size, or more.
    room = min(0.6 * height, 0.8 * width / (1.15 * len(digits)))
    size = room * random.uniform(0.35, 1)
    written = [
        write(digit, height=round(size * random.uniform(0.88, 1.1)), width=max(2, pen.width * size))
        for digit in digits
    ]
    gaps = size * random.uniform(0.14, 0.3, len(written)) + pen.width * size
    total = sum(ink.shape[1] for ink in written) + gaps[1:].sum()
    left = random.uniform(0.08 * width, max(0.08 * width, 0.92 * width - total))
    middle = random.uniform(0.15 * height + size / 2, 0.85 * height - size / 2)
    for ink, gap in zip(written, gaps, strict=True):
        top = round(middle - ink.shape[0] / 2 + size * random.uniform(-0.06, 0.06))
        top, column = max(0, top), round(left)
        part = sheet[top : top + ink.shape[0], column : column + ink.shape[1]]
        np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
        left += ink.shape[1] + gap
    return sheet


def _tilt(sheet: Floats, share: float, random: Generator) -> Floats:
    """The sheet from a camera that is slightly rotated and tilted."""
    height, width = sheet.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    angle = np.radians(random.uniform(-4, 4) * share)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (corners - (width / 2, height / 2)) @ turn.T + (width / 2, height / 2)
    moved += random.uniform(-0.03, 0.03, (4, 2)) * share * width
    view = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return cv2.warpPerspective(
        sheet, view, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def pictures(severity: int, count: int, seed: int) -> list[tuple[Image, str]]:
    """Photographs of numbers of one to five MNIST training digits, and their numbers as text."""
    from mnist_core import load_mnist

    dataset = load_mnist()
    made = []
    for index in range(count):
        random = np.random.default_rng((seed, severity, index))
        length = 0 if index % EMPTY_EVERY == EMPTY_EVERY - 1 else random.integers(1, 6)
        chosen = random.integers(len(dataset.x_train), size=length)
        number = "".join(str(label) for label in dataset.y_train[chosen])
        made.append((photograph(list(dataset.x_train[chosen]), severity, random), number))
    return made


def main() -> None:
    """Read photographs of each severity and print the table."""
    from tqdm import tqdm

    from mnist_core import load_recognizer

    parser = argparse.ArgumentParser(description="The accuracy on simulated photographs.")
    parser.add_argument("--model", default="cnn", help="a folder of models/")
    parser.add_argument("--pictures", type=int, default=100, help="number per severity")
    parser.add_argument("--seed", type=int, default=28)
    options = parser.parse_args()
    if options.pictures < EMPTY_EVERY:
        parser.error(f"--pictures must be at least {EMPTY_EVERY}")
    recognizer = load_recognizer(options.model)
    lines = [
        "| severity | digits found | number correct | empty sheets correct |",
        "| --- " * 4 + "|",
    ]
    with tqdm(total=len(SEVERITIES) * options.pictures, unit=" pictures") as progress:
        for severity in SEVERITIES:
            counted, read, empty = [], [], []
            for image, number in pictures(severity, options.pictures, options.seed):
                found = recognizer.read(image)
                if number:
                    counted.append(len(found) == len(number))
                    read.append("".join(str(digit.label) for digit in found) == number)
                else:
                    empty.append(not found)
                progress.update()
            shares = (f"{np.mean(correct):.1%}" for correct in (counted, read, empty))
            lines.append(f"| {severity} | {' | '.join(shares)} |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
