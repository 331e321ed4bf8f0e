"""Handwritten digits for simulated pictures: MNIST test images, or the development strokes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulation import Image, write
from support.strokes import DEVELOPMENT_STROKES, Stroke, load_development_strokes

from mnist_core import load_mnist

__all__ = ["Source", "available_sources", "choose_number"]

Source = Literal["mnist", "strokes"]

SOURCES: tuple[Source, ...] = ("mnist", "strokes")


def available_sources() -> list[Source]:
    """The sources of digits whose files are here."""
    return [name for name in SOURCES if name != "strokes" or DEVELOPMENT_STROKES.is_file()]


def choose_number(
    length: int, source: Source, random: np.random.Generator
) -> tuple[list[Image | Sequence[Stroke]], str]:
    """Digits of a source, as `simulation.write` takes them, and the number that they make."""
    written, labels = _load(source)
    chosen: list[int] = []
    while len(chosen) < length:
        digit = int(random.integers(len(labels)))
        if source == "strokes" or _keeps_topology(digit):
            chosen.append(digit)
    return [written[digit] for digit in chosen], "".join(str(labels[digit]) for digit in chosen)


@cache
def _load(source: Source) -> tuple[Sequence[Image | Sequence[Stroke]], NDArray[np.int64]]:
    if source == "strokes":
        return load_development_strokes()
    dataset = load_mnist()
    return list(dataset.x_test), dataset.y_test


@cache
def _keeps_topology(index: int) -> bool:
    """Check that an MNIST test digit has the same parts and holes after a pen has redrawn it.

    The skeleton breaks where strokes are faint and forks where they are thick. Such a picture would
    be wrong, not its reading.
    """
    frame = _load("mnist")[0][index]
    large = cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    redrawn = write(frame, height=90, width=4) > 0.5
    # The result depends on the threshold of the ink: fewest parts and most holes are expected.
    parts, holes = zip(*(_parts_and_holes(large >= level) for level in (40, 70, 100)), strict=True)
    return _parts_and_holes(redrawn) == (min(parts), max(holes))


def _parts_and_holes(ink: NDArray[np.bool_]) -> tuple[int, int]:
    padded = np.pad(ink, 1).view(np.uint8)
    parts, _ = cv2.connectedComponents(padded, connectivity=8)
    holes, _ = cv2.connectedComponents(1 - padded, connectivity=4)
    return parts - 1, holes - 2
