"""Non-digits made of digits: halves, pairs that touch, what lies between two, crossed-out ones.

A cut may be a digit again: half of an 8 is a 0 or a 3, half of a 7 a 1, and a 1 beside a 0 may be
meant as a 6. Only what no writer means as a digit is made here.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.digit_styles import STYLES
from mnist_core.augmentation.synthetic_digits import (
    draw_pen,
    frame_canvas,
    frame_of_strokes,
    random_pens,
    write_strokes,
)

__all__ = [
    "BROAD",
    "HALVES",
    "cross_out",
    "cut_between",
    "cut_canvas",
    "cut_half",
    "join_pair",
    "lines_across",
]

Strokes = list[NDArray[np.float64]]

# Digits, and their halves, that are never digits: the left of an 8 is a mirrored 3, of a 3 two or
# three ends; the bottom of a 2 is an angle, of a 0 a bowl.
HALVES = ((8, "left"), (3, "left"), (2, "bottom"), (0, "bottom"))
# Digits that a neighbor cannot complete to another one: not the bars, a 1 and many a 7.
BROAD = (0, 2, 3, 4, 5, 6, 8, 9)
# Where a half ends, from the left or from the bottom, as a share of the digit's width or height.
_CUT_LOW, _CUT_HIGH = 0.35, 0.5
# Height of a bowl or an angle, as a share of its width: a higher one may be an open 0 or a 1.
_FLAT = 0.8
# Sides of a bar, one to the other: it may be a 1.
_LONG = 3.0
# A thick pen fills what a cut leaves, and one sign hides the other.
_THICKEST = 0.09
# The boxes of a pair overlap by up to this share of the height, or are so far apart.
_OVERLAP, _GAP = 0.1, 0.04


def cut_half(random: np.random.Generator) -> NDArray[np.uint8]:
    """Half of a digit, a (28, 28) uint8 frame."""
    while (half := _half(*HALVES[random.integers(len(HALVES))], random)) is None:
        pass
    return half


def _half(digit: int, side: str, random: np.random.Generator) -> NDArray[np.uint8] | None:
    """Half of a digit as a frame; None if it may be a digit itself."""
    half = cut_canvas(draw_pen(_digit(digit, random), _thin_pen(random)), side, random)
    return None if half is None else frame_canvas(half)


def cut_canvas(
    canvas: NDArray[np.uint8], side: str, random: np.random.Generator
) -> NDArray[np.uint8] | None:
    """Cut off a half of one of `HALVES`.

    Args:
        canvas: (h, w) uint8, one digit in white on black; it is modified.
        side: of the half, "left" or "bottom".
        random: generator of the cut.

    Returns:
        The canvas with this half alone; None if it may be a digit: it has a ring or is an upright
        bowl, or it is a bar.
    """
    share = random.uniform(_CUT_LOW, _CUT_HIGH)
    y, x = np.nonzero(canvas)
    if side == "left":
        canvas[:, round(x.min() + share * float(np.ptp(x))) :] = 0
    else:
        canvas[: round(y.max() - share * float(np.ptp(y)))] = 0
    _, _, width, height = cv2.boundingRect(canvas)
    _, levels = cv2.findContours(canvas, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    has_ring = levels is not None and bool((levels[0, :, 3] >= 0).any())
    is_upright = side == "bottom" and height > _FLAT * width
    _, sides, _ = cv2.minAreaRect(cv2.findNonZero(canvas))
    is_bar = max(sides) > _LONG * min(sides)
    return None if has_ring or is_upright or is_bar else canvas


def join_pair(random: np.random.Generator) -> NDArray[np.uint8]:
    """Two digits that touch or nearly touch, as one (28, 28) uint8 frame."""
    left, right = (_digit(random.choice(BROAD), random) for _ in range(2))
    return frame_of_strokes([*left, *_beside(left, right, random)], _thin_pen(random))


def cut_between(random: np.random.Generator) -> NDArray[np.uint8]:
    """The right part of a digit and the left part of the next one, a (28, 28) uint8 frame."""
    left, right = (_digit(random.choice(BROAD), random) for _ in range(2))
    right = _beside(left, right, random)
    canvas = draw_pen([*left, *right], _thin_pen(random))
    x = np.flatnonzero(canvas.any(axis=0))
    first, last = x[0], x[-1]
    (start, middle), (_, end) = _span(left), _span(right)
    seam = first + (middle - start) / (end - start) * (last - first)
    canvas[:, : round(seam - random.uniform(0.4, 0.65) * (seam - first))] = 0
    canvas[:, round(seam + random.uniform(0.4, 0.65) * (last - seam)) :] = 0
    return frame_canvas(canvas)


def cross_out(random: np.random.Generator) -> NDArray[np.uint8]:
    """A digit under at least two lines, as one (28, 28) uint8 frame.

    One line alone is the bar of a 7, of a 4, or the slash of a 0.
    """
    strokes = _digit(int(random.integers(10)), random)
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 0.3)
    crossing = [line * half + middle for line in lines_across(random)]
    return frame_of_strokes([*strokes, *crossing], _thin_pen(random))


def lines_across(random: np.random.Generator) -> Strokes:
    """Lines that cross a digit out: each (n, 2), the digit from -1 to 1."""
    kind = random.integers(3)
    if kind == 0:  # a cross
        lines = [np.array([(-1, -1), (1, 1)]), np.array([(-1, 1), (1, -1)])]
    elif kind == 1:  # lines
        heights = np.linspace(-0.7, 0.7, int(random.integers(3, 6)))
        slope = random.uniform(-0.5, 0.5)
        lines = [np.array([(-1, y - slope), (1, y + slope)]) for y in heights]
    else:  # one zigzag
        turns = int(random.integers(7, 12))
        across = np.where(np.arange(turns) % 2, 1.0, -1.0)
        lines = [np.column_stack([across, np.linspace(-0.9, 0.9, turns)])]
    reach = random.uniform(1.0, 1.35)
    return [(line + random.normal(0, 0.08, line.shape)) * reach for line in lines]


def _digit(digit: int, random: np.random.Generator) -> Strokes:
    styles = [style for style in STYLES if style.digit == digit]
    return write_strokes(styles[random.integers(len(styles))], 1, random)[0]


def _thin_pen(random: np.random.Generator) -> float:
    return float(min(random_pens(1, random)[0], _THICKEST))


def _beside(left: Strokes, right: Strokes, random: np.random.Generator) -> Strokes:
    """The right digit's strokes, moved to the right side of the left one's."""
    gap = random.uniform(-_OVERLAP, _GAP)
    size = random.uniform(0.9, 1.1)
    right = [size * stroke for stroke in right]
    move = np.array([_span(left)[1] - _span(right)[0] + gap, random.normal(0, 0.05)])
    return [stroke + move for stroke in right]


def _span(strokes: Strokes) -> tuple[float, float]:
    """The left and right end of strokes."""
    x = np.concatenate(strokes)[:, 0]
    return float(x.min()), float(x.max())
