"""Styles of digits that MNIST's American writers rarely use, as strokes.

A style consists of a few strokes, each a smooth curve through control points. It is given twice, at
the two extremes between which people write it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["STYLES", "Style", "smooth_basis"]

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


STYLES = (
    # Zero: round, narrow or not quite closed; with a tail inside; slashed.
    Style(
        0,
        ("35,0 10,20 0,50 10,85 35,100 60,85 70,50 60,15 35,1 25,6",),
        ("55,8 20,5 2,45 10,90 45,98 70,80 75,45 66,18 50,10 40,14",),
    ),
    Style(
        0,
        ("50,30 40,5 10,15 0,50 12,88 40,100 66,80 70,45 60,12 35,2",),
        ("20,30 35,10 15,8 0,45 10,85 40,100 70,80 74,40 58,6 25,0",),
    ),
    Style(
        0,
        ("35,0 10,20 0,50 10,85 35,100 60,85 70,50 60,15 35,1 25,6", "52,22 18,78"),
        ("35,0 10,20 0,50 10,85 35,100 60,85 70,50 60,15 35,1 25,6", "80,-5 -10,105"),
    ),
    # One: a stroke; with a flag, short or as long as a seven's top; with a foot; bent.
    Style(1, ("5,0 5,100",), ("45,0 0,100",)),
    Style(1, ("12,28 30,0! 28,50 26,100",), ("-12,52 50,0! 42,50 32,100",)),
    Style(1, ("0,32 40,0! 38,50 34,100",), ("-25,42 48,0! 28,55 8,100",)),
    Style(1, ("0,40 22,18 38,2 37,30 34,100",), ("-15,32 20,15 42,2 38,25 10,100",)),
    Style(
        1, ("18,22 30,0! 28,50 24,100", "5,100 48,100"), ("-5,45 38,0! 38,50 36,98", "-8,100 75,98")
    ),
    Style(1, ("10,35 32,0! 30,60 28,98! 55,98",), ("-5,40 36,0! 34,60 30,95! 70,99",)),
    Style(1, ("12,20 25,0! 30,30 24,70 28,100",), ("5,45 30,0! 33,15 12,80 8,100",)),
    Style(1, ("4,52 34,0! 33,50 30,100",), ("-28,56 44,0! 40,50 30,100",)),
    Style(1, ("20,30 30,0! 30,50 28,100",), ("14,58 32,0! 30,52 20,100",)),
    # Two: round, with a loop, with a flat foot or a wave, swan-necked.
    Style(
        2,
        ("5,25 22,3 50,2 62,25 45,58 0,98! 70,98",),
        ("0,12 25,0 60,10 58,35 30,70 -5,100! 90,92",),
    ),
    Style(
        2,
        ("5,25 25,2 55,5 60,30 35,70 12,92 0,90 8,78 30,85 75,96",),
        ("0,30 22,0 50,2 55,30 38,65 5,98 -12,88 8,72 40,92 85,88",),
    ),
    Style(
        2,
        ("0,20 30,0 58,14 50,40 5,95! 40,92 72,100",),
        ("5,8 40,2 65,8 48,45 0,100! 25,86 85,98",),
    ),
    # Three: round, flat-topped, with a loop at the waist, almost without a waist.
    Style(
        3,
        ("5,12 30,0 58,18 45,42 25,46! 50,52 66,75 40,100 0,88",),
        ("0,5 35,2 62,12 50,38 15,50! 48,52 60,70 35,98 -12,98",),
    ),
    Style(
        3,
        ("5,2! 58,2! 28,40! 55,50 62,75 35,100 0,88",),
        ("-8,5! 65,0! 20,42! 60,48 66,78 30,102 -12,92",),
    ),
    Style(
        3,
        ("5,12 32,0 55,18 38,44 24,50 20,42 35,45 62,68 40,100 0,90",),
        ("0,10 35,0 58,20 36,48 12,56 10,44 32,44 64,70 30,100 -8,94",),
    ),
    Style(
        3, ("5,10 35,0 55,15 40,42 52,60 45,90 5,98",), ("0,2 40,0 62,8 45,45 58,70 38,95 -10,98",)
    ),
    # Four: open, closed, in one stroke, narrow, with a short, low stem.
    Style(4, ("22,0 0,58! 68,55", "48,20 45,100"), ("30,0 -8,62! 75,60", "55,-5 40,100")),
    Style(4, ("25,0 2,60! 60,56", "42,36 38,100"), ("18,0 0,66! 52,62", "40,48 28,100")),
    Style(4, ("12,0 5,45 20,58 48,52", "52,5 48,100"), ("18,5 -2,45 12,64 50,54", "62,0 42,100")),
    Style(4, ("15,0 3,50 12,62 30,56", "30,35 27,100"), ("22,0 0,58 16,66 36,52", "38,40 22,100")),
    Style(4, ("50,100 50,0! 0,66! 75,66",), ("38,100 56,0! -8,62! 72,60",)),
    Style(4, ("42,0 0,64! 70,64", "44,0 46,100"), ("52,0 -6,58! 72,55", "52,-2 38,100")),
    Style(
        4,
        ("15,0 2,48 18,58 45,45 52,5! 48,50 44,100",),
        ("25,0 0,45 20,55 48,35 58,2! 46,55 30,100",),
    ),
    Style(4, ("28,0 0,60! 55,54! 52,28! 42,100",), ("24,0 2,64! 42,60! 48,36! 28,100",)),
    # Four: narrow with a low angle, sharp or round; slanted and open.
    Style(4, ("14,0 4,72! 38,70", "34,48 30,100"), ("24,0 0,80! 42,74", "42,58 32,104")),
    Style(4, ("12,0 2,60 10,78 40,70", "36,50 32,100"), ("26,0 2,66 12,84 46,70", "44,55 28,100")),
    Style(4, ("24,5 8,44 20,54 46,44", "62,2 36,100"), ("40,0 10,40 18,50 48,34", "74,-4 18,100")),
    # Five: the bar last, the bar first, the bar detached, like an S.
    Style(
        5,
        ("10,2! 6,42! 30,36 60,65 35,100 0,92", "10,2 60,0"),
        ("18,4! 2,48! 32,40 58,70 25,102 -15,90", "15,0 90,-6"),
    ),
    Style(
        5,
        ("18,6! 10,42! 35,38 58,65 35,100 0,94", "28,2 70,-2"),
        ("12,10! 4,40! 40,40 55,72 20,100 -8,96", "18,-2 75,4"),
    ),
    Style(
        5,
        ("62,0! 14,2! 8,42! 36,38 60,68 32,100 0,90",),
        ("78,-4! 22,4! 2,48! 34,44 50,72 18,100 -18,94",),
    ),
    Style(
        5,
        ("62,2 28,2 8,22 30,45 58,66 40,98 0,94",),
        ("75,0 30,4 12,26 28,44 52,68 25,100 -15,96",),
    ),
    # Six: a tall loop, a small one, with a hook on top, with a loop that crosses its back.
    Style(
        6,
        ("50,0 20,25 2,65 18,96 50,92 58,68 38,52 8,66",),
        ("42,0 12,38 0,78 18,100 44,96 46,76 28,68 4,80",),
    ),
    Style(
        6,
        ("66,10 48,0 20,20 2,62 22,98 54,88 56,64 34,56 6,72",),
        ("60,15 40,0 10,20 0,65 30,100 66,84 60,54 32,46 2,62",),
    ),
    Style(
        6,
        ("46,0 22,30 8,72 24,98 48,88 44,70 20,66 -8,72",),
        ("36,0 14,35 2,80 18,100 40,92 40,74 10,62 -18,64",),
    ),
    # Seven: plain, hooked, wavy or round; with a bar, high or low.
    Style(7, ("5,3 60,2! 28,100",), ("-5,8 70,0! 10,100",)),
    Style(7, ("2,18 4,3! 58,2! 40,45 30,100",), ("-5,25 2,0! 68,4! 30,50 18,100",)),
    Style(7, ("5,3 60,2! 42,45 30,100", "15,50 62,48"), ("-5,8 70,0! 36,50 12,100", "2,62 70,50")),
    Style(
        7,
        ("2,18 4,3! 60,2! 40,45 30,100", "15,46 60,48"),
        ("-5,22 2,0! 68,4! 32,50 15,100", "5,66 65,60"),
    ),
    Style(
        7,
        ("0,14 16,0 36,8 60,0! 40,45 32,100", "12,48 62,46"),
        ("-8,20 14,2 38,12 66,2! 36,50 18,100", "0,64 75,58"),
    ),
    Style(
        7,
        ("2,14 26,0 54,8 50,32 34,62 26,100", "6,58 66,56"),
        ("-5,8 32,-2 62,10 50,38 30,65 18,100", "-8,72 80,66"),
    ),
    # Seven: round, its low bar with a hook at one end or waved.
    Style(
        7,
        ("2,16 24,0 52,8 48,34 32,66 22,100", "-2,70 8,60 30,60 60,56"),
        ("-6,12 28,-2 60,8 50,36 24,74 10,100", "-16,84 -4,70 26,70 70,64"),
    ),
    Style(
        7,
        ("2,18 10,4 54,4 50,28 34,60 26,100", "4,64 30,60 56,62 62,54"),
        ("-6,24 4,0 64,2 56,28 30,68 14,100", "-10,70 24,76 54,72 72,60"),
    ),
    Style(7, ("2,14 26,2 54,4 52,22 36,60 30,100",), ("-8,18 14,2 56,2 54,18 28,60 14,100",)),
    # Eight: begun at the top, on the right with an open top, small below; two circles.
    Style(
        8,
        ("52,14 30,0 8,20 30,47 58,74 32,100 4,76 30,47 54,24 48,10",),
        ("60,8 32,0 14,16 30,40 52,72 26,100 0,78 24,46 56,20 66,6",),
    ),
    Style(
        8,
        ("58,2 28,2 12,22 32,50 44,78 28,100 14,80 32,50 62,8",),
        ("66,0 30,5 6,24 34,52 42,82 24,100 10,86 34,48 70,4",),
    ),
    Style(
        8,
        ("30,0 10,12 12,38 30,47 48,38 52,12 30,0", "30,47 4,60 4,90 30,100 56,90 58,60 30,47"),
        ("30,2 14,10 14,32 30,40 46,32 46,10 30,0", "32,44 0,58 2,92 30,102 60,92 62,56 28,42"),
    ),
    Style(
        8,
        ("32,46 10,30 14,6 34,0 54,12 46,36 20,58 4,80 24,100 52,92 56,70 32,46",),
        ("30,42 4,28 8,2 34,0 62,10 48,38 24,58 10,82 28,100 46,90 46,68 30,42",),
    ),
    # Nine: straight, slightly curled, strongly curled, a tiny loop on a slanted stem, open.
    Style(
        9,
        ("54,14 34,0 6,14 8,40 32,48 52,28 55,8! 54,50 50,100",),
        ("52,8 28,0 2,20 10,42 28,46 44,34 56,8! 46,55 24,100",),
    ),
    Style(
        9,
        ("52,12 32,0 8,16 14,38 36,40 52,18 56,50 48,88 22,100 0,90",),
        ("50,10 28,0 6,12 14,30 38,30 54,12 58,60 44,96 0,100 -35,88",),
    ),
    Style(
        9,
        ("50,8 28,0 8,14 18,32 40,26 50,12! 56,55 50,90 10,98 -15,96",),
        ("46,12 26,0 12,10 20,22 38,20 50,8! 62,45 60,92 0,96 -45,100",),
    ),
    Style(
        9,
        ("46,8 28,0 12,14 24,30 42,18 50,6! 40,50 15,100",),
        ("52,6 34,0 20,8 30,20 46,14 58,4! 30,55 -12,100",),
    ),
    Style(
        9,
        ("50,4 22,2 5,22 22,38 46,26 52,12 54,55 36,98 0,92",),
        ("64,0 20,4 2,20 20,34 54,24 60,20 56,66 22,100 -30,92",),
    ),
    # Nine: a small head, its tail curled far and wide.
    Style(
        9,
        ("50,10 32,0 12,12 18,28 40,24 52,10 60,48 46,90 8,98 -14,86",),
        ("44,8 30,0 14,8 20,22 38,20 50,6 68,44 54,94 -4,102 -34,88",),
    ),
)
