"""Handwriting as strokes: styles of digits, and signs that are not digits.

A style consists of a few strokes, each a smooth curve through control points. It is given twice, at
the two extremes between which people write it. `assets/handwriting.json` has both extremes of each
style; "/" separates strokes, and `Style` explains the notation of the points.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mnist_core.storage.paths import ASSETS

__all__ = ["SIGNS", "STYLES", "Style", "smooth_basis"]

# Samples of a curve between two of its control points.
_SAMPLES = 8


@dataclass(frozen=True)
class Style:
    """One way to write a digit or another sign.

    Attributes:
        digit: 0 to 9; None for a non-digit.
        first, second: the two extremes, one string per stroke with its control points: "x,y" in
            hundredths of the digit's height, x to the right and y down. "!" after a point makes it
            a corner. Both extremes have the same strokes and numbers of points.
    """

    digit: int | None
    first: tuple[str, ...]
    second: tuple[str, ...]

    @cached_property
    def extremes(self) -> NDArray[np.float64]:
        """The control points of both extremes, stroke after stroke: (2, n, 2)."""
        return np.array([_parse(self.first), _parse(self.second)])

    @cached_property
    def curves(self) -> list[NDArray[np.float64]]:
        """The matrix of each stroke from all control points to its samples: (samples, n)."""
        corners = [[point.endswith("!") for point in stroke.split()] for stroke in self.first]
        total, start, curves = sum(map(len, corners)), 0, []
        for stroke in corners:
            basis = smooth_basis(np.array(stroke))
            curve = np.zeros((len(basis), total))
            curve[:, start : start + len(stroke)] = basis
            start += len(stroke)
            curves.append(curve)
        return curves


def _parse(strokes: tuple[str, ...]) -> list[list[float]]:
    return [
        [float(number) / 100 for number in point.rstrip("!").split(",")]
        for stroke in strokes
        for point in stroke.split()
    ]


def smooth_basis(corners: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The matrix from control points to samples of the curve through them.

    A Catmull-Rom spline (E. Catmull and R. Rom, 1974), broken at the corners.

    Args:
        corners: (n,) True for control points that are corners; n at least 2.

    Returns:
        (samples, n) float64; each row sums to 1.
    """
    count = len(corners)
    identity = np.eye(count)
    t = np.arange(_SAMPLES)[:, np.newaxis] / _SAMPLES
    rows = []
    for i in range(count - 1):
        start, end = identity[i], identity[i + 1]
        # Beyond an end or a corner the curve is extended as a straight line.
        before = identity[i - 1] if i > 0 and not corners[i] else 2 * start - end
        after = identity[i + 2] if i + 2 < count and not corners[i + 1] else 2 * end - start
        into, out = (end - before) / 2, (after - start) / 2
        rows.append(
            (2 * t**3 - 3 * t**2 + 1) * start
            + (t**3 - 2 * t**2 + t) * into
            + (3 * t**2 - 2 * t**3) * end
            + (t**3 - t**2) * out
        )
    return np.concatenate([*rows, identity[-1:]])


def _load(extremes: list[str], digit: int | None) -> Style:
    first, second = (tuple(strokes.split(" / ")) for strokes in extremes)
    return Style(digit, first, second)


_HANDWRITING = json.loads((ASSETS / "handwriting.json").read_text(encoding="utf-8"))
# Styles of digits that MNIST's American writers rarely use.
STYLES = tuple(
    _load(extremes, group["digit"])
    for group in _HANDWRITING["digits"]
    for extremes in group["styles"]
)
# Letters and signs that are not digits.
SIGNS = tuple(_load(sign["style"], None) for sign in _HANDWRITING["signs"])
