"""Handwriting as strokes: styles of digits, and signs that are not digits.

A style is a family of shapes: a few strokes, each a smooth curve through control points, and the
ways in which people vary them, such as the length of an upstroke, the size of a head, the curl of a
tail. `assets/handwriting.json` gives each style as a base and one variation per parameter; "/"
separates strokes, and `Style` explains the notation of the points. A group with two digits is the
rim between them, which people write for either: each of its styles belongs to both.

The forms are those that schools teach, and what haste makes of them: the 1 with an upstroke and the
7 with a bar of the Vereinfachte Ausgangsschrift (H. Grünewald, 1969) and the Grundschrift
(Grundschulverband, 2011), Germany, and of the Basisschrift (H. E. Meier, 2006), Switzerland; the
digits of the modèles d'écriture scolaire A and B (Éducation nationale, 2013), France; of D'Nealian
(D. Thurber, 1978) and Zaner-Bloser, USA.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
        base: one string per stroke with its control points: "x,y" in hundredths of the digit's
            height, x to the right and y down. "!" after a point makes it a corner.
        variations: one or more, of the same strokes and numbers of points; "." is the base's point.
            Each is where its parameter alone takes the base to, and the effects of all add up.
        weight: how often it is chosen, relative to the digit's other styles.
    """

    digit: int | None
    base: tuple[str, ...]
    variations: tuple[tuple[str, ...], ...]
    weight: float = 1.0

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """The control points of the base, stroke after stroke: (n, 2)."""
        return np.array([_parse(point) for point in _points(self.base)])

    @cached_property
    def directions(self) -> NDArray[np.float64]:
        """How far each parameter moves the points between its extremes: (parameters, n, 2)."""
        return np.array(
            [
                [
                    (0.0, 0.0) if point == "." else np.subtract(_parse(point), start)
                    for point, start in zip(_points(variation), self.points, strict=True)
                ]
                for variation in self.variations
            ]
        )

    @cached_property
    def curves(self) -> list[NDArray[np.float64]]:
        """The matrix of each stroke from all control points to its samples: (samples, n)."""
        corners = [[point.endswith("!") for point in stroke.split()] for stroke in self.base]
        total, start, curves = sum(map(len, corners)), 0, []
        for stroke in corners:
            basis = smooth_basis(np.array(stroke))
            curve = np.zeros((len(basis), total))
            curve[:, start : start + len(stroke)] = basis
            start += len(stroke)
            curves.append(curve)
        return curves


def _points(strokes: tuple[str, ...]) -> list[str]:
    return [point for stroke in strokes for point in stroke.split()]


def _parse(point: str) -> list[float]:
    return [float(number) / 100 for number in point.rstrip("!").split(",")]


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


def _load(shapes: list[str], digit: int | None, weight: float = 1.0) -> Style:
    base, *variations = (tuple(shape.split(" / ")) for shape in shapes)
    return Style(digit, base, tuple(variations), weight)


def _load_group(group: dict[str, Any]) -> list[Style]:
    digits, weight = group["digit"], group.get("weight", 1.0)
    digits = digits if isinstance(digits, list) else [digits]
    # Half of a rim's images have the one label and half the other. The mean of their losses is
    # that of the soft target of one half each.
    return [_load(shapes, digit, weight) for shapes in group["styles"] for digit in digits]


_HANDWRITING = json.loads((ASSETS / "handwriting.json").read_text(encoding="utf-8"))
# Styles of digits that MNIST's American writers rarely use.
STYLES = tuple(style for group in _HANDWRITING["digits"] for style in _load_group(group))
# Letters and signs that are not digits.
SIGNS = tuple(_load(sign["style"], None) for sign in _HANDWRITING["signs"])
