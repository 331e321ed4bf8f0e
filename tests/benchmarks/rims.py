"""Digits at the rims of their styles: the families of `rim_families`, read by one or more models.

It prints the accuracy and the refusals of each family in Markdown:

    python tests/benchmarks/rims.py
    python tests/benchmarks/rims.py --images 100 --model champion --model cnn
    python tests/benchmarks/rims.py --sheet rims.png      # and a sheet of samples

The digits are drawn on a canvas and framed like a user's drawing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rim_families import FAMILIES, Family
from support.strokes import draw_strokes, place_strokes

from mnist_core import Recognizer, load_recognizer
from mnist_core.preprocessing.extraction import extract_digits

__all__ = ["frames_of", "rims_table"]

COUNT, SEED, CANVAS = 1000, 2106, 280


@dataclass(frozen=True, kw_only=True)
class Rim:
    """How a model reads a family.

    Attributes:
        right: share of the images that is classified correctly, 0 to 1.
        refused: share that is rejected as a non-digit.
        wrong: the most frequent wrong digit and its share; None if there is none.
    """

    right: float
    refused: float
    wrong: tuple[int, float] | None

    @property
    def cells(self) -> tuple[str, str, str]:
        """The three values as text."""
        wrong = f"{self.wrong[0]}: {self.wrong[1]:.1%}" if self.wrong else ""
        return f"{self.right:.1%}", f"{self.refused:.1%}", wrong


def frames_of(family: Family, count: int, seed: int = SEED) -> NDArray[np.uint8]:
    """A family's images, framed like a user's drawing: (count, 28, 28) uint8."""
    frames = []
    number = FAMILIES.index(family)
    for index in range(count):
        random = np.random.default_rng((seed, number, index))
        slant, narrow = random.normal(0, 0.12), random.uniform(0.75, 1.15)
        shear = np.array([(narrow, 0), (-slant, 1)])
        strokes = [
            (stroke + random.normal(0, 0.006, stroke.shape)) @ shear
            for stroke in family.draw(random)
        ]
        side = random.uniform(110, 200)
        placed = place_strokes(strokes, side=side, center=(CANVAS / 2, CANVAS / 2))
        brush = side * np.exp(random.uniform(np.log(0.04), np.log(0.12)))
        found = extract_digits(draw_strokes(placed, width=CANVAS, height=CANVAS, brush=brush))
        largest = max(found.digits, key=lambda digit: digit.box[2] * digit.box[3])
        frames.append(largest.frame)
    return np.stack(frames)


def rims_table(models: Sequence[Recognizer], count: int = COUNT, seed: int = SEED) -> str:
    """Read every family's images with every model: a table in Markdown."""
    names = [f"`{model.card.name}`" for model in models]
    heads = ["family", "images"]
    for name in names:
        heads += [f"{name}: right", "refused", "most frequent error"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    rims: list[list[Rim]] = [[] for _ in models]
    for family in FAMILIES:
        frames = frames_of(family, count, seed)
        cells = [family.name, f"{count:,}"]
        for model, own in zip(models, rims, strict=True):
            own.append(measure(model, frames, family.digit))
            cells += own[-1].cells
        lines.append(cells)
    total = ["all", f"{count * len(FAMILIES):,}"]
    for own in rims:
        right, refused = (np.mean([getattr(r, name) for r in own]) for name in ("right", "refused"))
        total += [f"{right:.2%}", f"{refused:.2%}", ""]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, total])


def measure(model: Recognizer, frames: NDArray[np.uint8], digit: int) -> Rim:
    """Read images, (n, 28, 28) uint8, of one digit."""
    labels = model.classify(frames).argmax(axis=1)
    refused = model.digit_scores(frames) < model.card.digit_threshold
    errors = np.bincount(labels[labels != digit], minlength=10)
    return Rim(
        right=float((labels == digit).mean()),
        refused=float(refused.mean()),
        wrong=(int(errors.argmax()), float(errors.max()) / len(frames)) if errors.any() else None,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="The accuracy at the rims of the digits' styles.")
    parser.add_argument("--images", type=int, default=COUNT, help="number per family")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--model", action="append", help="a name from models/; may be repeated; default: the first"
    )
    parser.add_argument("--sheet", type=Path, help="write a PNG with samples of each family")
    options = parser.parse_args()
    if options.sheet:
        cv2.imwrite(
            str(options.sheet),
            np.vstack([np.hstack(list(frames_of(f, 30, options.seed))) for f in FAMILIES]),
        )
    models = [load_recognizer(name) for name in options.model or [None]]
    print(rims_table(models, options.images, options.seed))


if __name__ == "__main__":
    main()
