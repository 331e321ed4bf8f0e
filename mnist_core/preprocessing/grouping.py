"""Which pieces of ink are one digit, by what a hand does when it writes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.components import Piece, mask_of

__all__ = ["join_pieces"]

# Lengths below are shares of the height of the taller of two pieces, unless said otherwise.
#
# A piece not taller than this is no digit beside the other, but a part: a bar, a dot, a flag.
_PART_HEIGHT = 0.6
# One piece stands over the other when they share this much of the narrower one's width …
_OVER = 0.5
# … and a part that does reaches its digit from this far. So does a bar, wherever it lies: it is at
# most so high, and so many times wider than high, as no digit is but the bar of a 5.
_OVER_REACH = 0.35
_BAR_HEIGHT, _BAR_WIDTH = 0.42, 1.3
# A part that shares only a little width must be nearer …
_BESIDE, _BESIDE_REACH = 0.1, 0.22
# … and one that shares none, nearer than digits are written side by side.
_TOUCH_REACH = 0.05
# Tall pieces over each other: strokes of a 4 that cross in height, loops of an 8 that do not.
_CROSSING_REACH, _STACKED_REACH = 0.15, 0.13
# Pieces side by side are two digits, unless they are an open 4 and its stem: the right one is at
# most so wide, in its own height. The rest is in shares of the height of both: it is near, begins
# so much lower than the left one, passes its foot by so much on both sides …
_STEM_WIDTH, _STEM_REACH, _STEM_TOP, _STEM_PASSES = 0.75, 0.13, 0.1, 0.06
# … and the left one, down to here in its own height, is a single stroke.
_FOOT = 0.5
# Two pieces over each other are the halves of a digit where each is lower than this share of the
# tallest piece, both together are about as high as it, and the gap is small for it. A bar, which
# is flatter than a half, may be further off.
_HALF, _WHOLE, _HALF_REACH, _BAR_REACH = 0.7, (0.6, 1.1), 0.2, 0.4

# A piece smaller than this share of the largest piece is dust, not even a dot of a digit.
_DUST = 0.04
# So many points of an outline tell how far pieces are apart.
_OUTLINE_POINTS = 100


def join_pieces(pieces: list[Piece], labels: NDArray[np.integer]) -> list[Piece]:
    """Join the pieces of each digit.

    Args:
        pieces: strokes that touch, the largest first.
        labels: (h, w): which pixel belongs to which stroke, 0 for none.
    """
    if len(pieces) < 2:
        return pieces
    # Dust is no stroke of anything.
    dust = _DUST * pieces[0].side
    pieces = [piece for piece in pieces if piece.side >= dust]
    if len(pieces) < 2:
        return pieces
    shapes = _Shapes(pieces, labels)
    return _join_halves(_join_strokes(pieces, shapes), shapes)


class _Shapes:
    """What joining has to know of pieces besides their boxes."""

    def __init__(self, pieces: list[Piece], labels: NDArray[np.integer]) -> None:
        self._labels = labels
        self._outlines = {piece.labels[0]: _outline(piece, labels) for piece in pieces}

    def distance(self, one: Piece, other: Piece) -> float:
        """The pixels between two pieces."""
        first = np.concatenate([self._outlines[label] for label in one.labels])
        second = np.concatenate([self._outlines[label] for label in other.labels])
        # Outlines that touch are one pixel apart.
        return float(np.sqrt(((first[:, np.newaxis] - second) ** 2).sum(axis=2).min())) - 1

    def is_single_stroke(self, piece: Piece) -> bool:
        """Does each row of a piece, down to where its foot may begin, cross one stroke only?"""
        rows = mask_of(piece, self._labels)[: max(1, round(_FOOT * piece.height))]
        starts = (np.diff(rows.astype(np.int8), axis=1, prepend=0) == 1).sum(axis=1)
        return float((starts <= 1).mean()) >= 0.9


def _join_strokes(pieces: list[Piece], shapes: _Shapes) -> list[Piece]:
    """Join what is near enough, each stroke with the piece that it is the nearest to."""
    boxes = np.array([(p.left, p.top, p.right, p.bottom) for p in pieces], float)
    kept = dict(enumerate(pieces))

    def farness(i: int, j: int) -> float:
        return _farness(kept[i], kept[j], shapes)

    def claimed(i: int, j: int) -> bool:
        """Is there a taller piece that the j-th is nearer to than to the i-th?"""
        others = (k for k in _near(boxes, j) if k in kept and k not in (i, j))
        mine = farness(i, j)
        return any(kept[k].height > kept[j].height and farness(j, k) < mine for k in others)

    def partner(i: int) -> int | None:
        near = (j for j in _near(boxes, i) if j in kept)
        return next(
            (
                j
                for j in near
                if farness(i, j) <= 1 and (kept[j].height > kept[i].height or not claimed(i, j))
            ),
            None,
        )

    for i in range(len(pieces)):
        # A piece that was joined may reach further: look around again.
        while i in kept and (j := partner(i)) is not None:
            piece = kept[i] = kept[i].joined(kept.pop(j))
            boxes[i] = piece.left, piece.top, piece.right, piece.bottom
    return list(kept.values())


def _near(boxes: NDArray[np.float64], i: int) -> list[int]:
    """The boxes that the i-th could reach at all, the smallest piece first."""
    gap = np.maximum(boxes[:, :2], boxes[i, :2]) - np.minimum(boxes[:, 2:], boxes[i, 2:])
    height = np.maximum(boxes[:, 3] - boxes[:, 1], boxes[i, 3] - boxes[i, 1])
    near = gap.max(axis=1) <= _OVER_REACH * height
    near[i] = False
    return [int(j) for j in np.flatnonzero(near)[::-1]]


def _farness(one: Piece, other: Piece, shapes: _Shapes) -> float:
    """How far two pieces are apart, as a share of how far strokes of one digit can be."""
    tall, low = (one, other) if one.height >= other.height else (other, one)
    gap_x = max(one.left, other.left) - min(one.right, other.right)
    gap_y = max(one.top, other.top) - min(one.bottom, other.bottom)
    over = -gap_x / min(one.width, other.width)
    beside = -gap_y / low.height
    if _is_open_four(one, other, shapes):
        reach = _STEM_REACH * one.joined(other).height / tall.height
    elif low.height <= _PART_HEIGHT * tall.height:
        bar = low.height <= _BAR_HEIGHT * tall.height and low.width >= _BAR_WIDTH * low.height
        if over >= _OVER or bar:
            reach = _OVER_REACH
        else:
            reach = _BESIDE_REACH if over >= _BESIDE else _TOUCH_REACH
    elif over >= _OVER:
        reach = _CROSSING_REACH if beside > 0 else _STACKED_REACH
    else:
        return np.inf
    return shapes.distance(one, other) / (reach * tall.height)


def _is_open_four(one: Piece, other: Piece, shapes: _Shapes) -> bool:
    """Could these be the strokes of a 4 that do not touch: an L, and a stem passing its foot?"""
    angle, stem = (one, other) if one.right <= other.right else (other, one)
    height = max(one.bottom, other.bottom) - min(one.top, other.top)
    return (
        stem.width <= _STEM_WIDTH * stem.height
        and stem.left > (angle.left + angle.right) / 2
        and stem.top >= angle.top + _STEM_TOP * height
        and stem.top <= angle.bottom - _STEM_PASSES * height
        and stem.bottom >= angle.bottom + _STEM_PASSES * height
        and shapes.is_single_stroke(angle)
    )


def _join_halves(pieces: list[Piece], shapes: _Shapes) -> list[Piece]:
    """Join what is too low to be a digit beside the tallest one, but not together."""
    tallest = max(piece.height for piece in pieces)
    halves = [piece for piece in pieces if piece.height < _HALF * tallest]
    digits = [piece for piece in pieces if piece.height >= _HALF * tallest]

    def are_halves(one: Piece, other: Piece) -> bool:
        upper, lower = (one, other) if one.top <= other.top else (other, one)
        both = upper.joined(lower)
        bar = upper.width >= _BAR_WIDTH * upper.height and upper.height < lower.height
        shared = min(one.right, other.right) - max(one.left, other.left)
        return (
            _WHOLE[0] * tallest <= both.height <= _WHOLE[1] * tallest
            and both.width <= 1.5 * both.height
            and (bar or shared >= _OVER * min(one.width, other.width))
            and shapes.distance(one, other) <= (_BAR_REACH if bar else _HALF_REACH) * tallest
        )

    while halves:
        piece = halves.pop(0)
        other = next((other for other in halves if are_halves(piece, other)), None)
        if other is not None:
            halves.remove(other)
            piece = piece.joined(other)
        digits.append(piece)
    return digits


def _outline(piece: Piece, labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Points on the outline of a piece, (n, 2), at most about a hundred."""
    contours, _ = cv2.findContours(mask_of(piece, labels), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate(contours).reshape(-1, 2)
    points = points[:: max(1, len(points) // _OUTLINE_POINTS)]
    return points.astype(np.float32) + np.array((piece.left, piece.top), np.float32)
