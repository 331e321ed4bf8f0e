"""Ink to digits: which strokes belong together, and in which order they are read.

Strokes that touch are one piece. Pieces are joined to digits by what a hand does: it lifts the pen
inside a digit (the bar of a 5, the stem of a 4, the bar through a 7), but it leaves a gap between
one digit and the next. What is left over and too small to be a digit is a speck.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "InkedDigit", "find_digits"]

Box = tuple[int, int, int, int]

# Ink weaker than this is the soft edge of a stroke: it is kept, but it neither joins strokes nor
# widens boxes. (Of the levels tried on enlarged MNIST digits, 48 brought them back the closest.)
_EDGE = 48

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

# In a photograph, the lowest digit that makes what touches the border an intruder: a share of the
# picture's shorter side. (Height, because a dash of a printed line is long.)
_CLEAR_HEIGHT = 0.15

# A piece smaller than this share of the largest piece is dust, not even a dot of a digit.
_DUST = 0.04
# So many points of an outline tell how far pieces are apart.
_OUTLINE_POINTS = 100
# What is left and smaller than this share of the largest digit is a speck …
_SPECK = 0.16
# … and so is a scratch: up to about half as long as the tallest is high, and much thinner than the
# pen of the largest …
_SCRATCH_SIDE, _SCRATCH_WIDTH = 0.55, 0.55
# … and so is a hair or what is left of a printed line, however long: it is so much thinner …
_HAIR_WIDTH = 0.27
# … and a dot of the pen: its side is less than this many times the width of its stroke.
_DOT = 1.6
# No digit is smaller than this, in pixels.
_MIN_SIDE = 5
# … and none that can be read is smaller than this share of a photograph's longer side.
_MIN_SHARE = 0.018
# Two digits stand in one line when they share so much of the lower one's height.
_SHARED_HEIGHT = 0.4
# More pieces than any sheet of digits has: texture. The largest are kept.
_MAX_PIECES = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class InkedDigit:
    """The ink of one digit.

    Attributes:
        box: (x, y, width, height) in pixels of the ink map.
        ink: (height, width) uint8, 0 to 255, without its neighbours' ink.
    """

    box: Box
    ink: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Piece:
    """Strokes that touch, or that were joined: half-open box edges and their labels."""

    left: int
    top: int
    right: int
    bottom: int
    labels: tuple[int, ...]

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def side(self) -> int:
        return max(self.width, self.height)

    def joined(self, other: _Piece) -> _Piece:
        return _Piece(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            self.labels + other.labels,
        )


def find_digits(ink: NDArray[np.uint8], *, drawn: bool) -> list[InkedDigit]:
    """Find the digits of an ink map, in reading order: top line first, then left to right.

    Args:
        ink: (h, w) uint8: 0 is background, 255 full ink.
        drawn: True for a drawing, where all ink is meant. In a photograph, what reaches into the
            picture from outside is a printed line, a shadow or a finger.
    """
    # Sixteen bits are labelled four times as fast, where they are enough: there is at most a piece
    # in every second row and column.
    most = ((ink.shape[0] + 1) // 2) * ((ink.shape[1] + 1) // 2)
    kind = cv2.CV_16U if most < 2**16 - 2 else cv2.CV_32S
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (ink >= _EDGE).view(np.uint8), ltype=kind
    )
    sides = stats[:count, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1)
    sides[0] = 0  # the background
    largest = np.argsort(-sides, kind="stable")[: min(count - 1, _MAX_PIECES)]
    pieces = [
        _Piece(int(x), int(y), int(x + w), int(y + h), (int(label),))
        for label, (x, y, w, h, _) in zip(largest, stats[largest], strict=True)
    ]
    if not drawn:
        pieces = _without_intruders(pieces, *ink.shape)
    least = _MIN_SIDE if drawn else max(_MIN_SIDE, _MIN_SHARE * max(ink.shape))
    digits = _without_specks(_join(pieces, labels), labels, least)
    return [_cut(digit, ink, labels) for line in _lines(digits) for digit in line]


def _without_intruders(pieces: list[_Piece], height: int, width: int) -> list[_Piece]:
    """Leave out what touches the border, unless nothing of any height stands clear of it."""

    def sides(piece: _Piece) -> tuple[bool, bool]:
        """Does it touch just one of left and right, just one of top and bottom?"""
        return (piece.left == 0) != (piece.right == width), (piece.top == 0) != (
            piece.bottom == height
        )

    clear = [
        p for p in pieces if p.left > 0 and p.top > 0 and p.right < width and p.bottom < height
    ]
    if max((piece.height for piece in clear), default=0) >= _CLEAR_HEIGHT * min(height, width):
        return clear
    # A digit may fill its picture, but what lies along the border is a shadow or a printed line.
    return [
        piece
        for piece in pieces
        if not (sides(piece)[0] and piece.height > 2 * piece.width)
        and not (sides(piece)[1] and piece.width > 2 * piece.height)
    ]


def _join(pieces: list[_Piece], labels: NDArray[np.integer]) -> list[_Piece]:
    """Join the pieces of each digit; the largest pieces come first."""
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

    def __init__(self, pieces: list[_Piece], labels: NDArray[np.integer]) -> None:
        self._labels = labels
        self._outlines = {piece.labels[0]: _outline(piece, labels) for piece in pieces}

    def distance(self, one: _Piece, other: _Piece) -> float:
        """The pixels between two pieces."""
        first = np.concatenate([self._outlines[label] for label in one.labels])
        second = np.concatenate([self._outlines[label] for label in other.labels])
        # Outlines that touch are one pixel apart.
        return float(np.sqrt(((first[:, np.newaxis] - second) ** 2).sum(axis=2).min())) - 1

    def is_single_stroke(self, piece: _Piece) -> bool:
        """Does each row of a piece, down to where its foot may begin, cross one stroke only?"""
        rows = _mask(piece, self._labels)[: max(1, round(_FOOT * piece.height))]
        starts = (np.diff(rows.astype(np.int8), axis=1, prepend=0) == 1).sum(axis=1)
        return float((starts <= 1).mean()) >= 0.9


def _join_strokes(pieces: list[_Piece], shapes: _Shapes) -> list[_Piece]:
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


def _farness(one: _Piece, other: _Piece, shapes: _Shapes) -> float:
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


def _is_open_four(one: _Piece, other: _Piece, shapes: _Shapes) -> bool:
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


def _join_halves(pieces: list[_Piece], shapes: _Shapes) -> list[_Piece]:
    """Join what is too low to be a digit beside the tallest one, but not together."""
    tallest = max(piece.height for piece in pieces)
    halves = [piece for piece in pieces if piece.height < _HALF * tallest]
    digits = [piece for piece in pieces if piece.height >= _HALF * tallest]

    def are_halves(one: _Piece, other: _Piece) -> bool:
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


def _outline(piece: _Piece, labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Points on the outline of a piece, (n, 2), at most about a hundred."""
    contours, _ = cv2.findContours(_mask(piece, labels), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate(contours).reshape(-1, 2)
    points = points[:: max(1, len(points) // _OUTLINE_POINTS)]
    return points.astype(np.float32) + np.array((piece.left, piece.top), np.float32)


def _without_specks(
    pieces: list[_Piece], labels: NDArray[np.integer], least: float
) -> list[_Piece]:
    """Leave out what is too small, too thin or too round to be a digit.

    Args:
        pieces: what strokes were joined to.
        labels: (h, w): which pixel belongs to which stroke.
        least: no digit's longer side is shorter, in pixels.
    """
    if not pieces:
        return []
    largest = max(pieces, key=lambda piece: piece.side)
    least = max(least, _SPECK * largest.side)
    tallest = max(piece.height for piece in pieces)
    # A line can be longer than any digit, but a digit fills more room.
    fullest = max(pieces, key=lambda piece: piece.width * piece.height)
    pen = _stroke_width(fullest, labels)

    def is_digit(piece: _Piece) -> bool:
        if piece.side < least:
            return False
        width = pen if piece is fullest else _stroke_width(piece, labels)
        scratch = piece.side < _SCRATCH_SIDE * tallest and width < _SCRATCH_WIDTH * pen
        return not scratch and width > _HAIR_WIDTH * pen and piece.side > _DOT * width

    return [piece for piece in pieces if is_digit(piece)]


def _stroke_width(piece: _Piece, labels: NDArray[np.integer]) -> float:
    """The width of a piece's widest stroke, in pixels."""
    mask = _mask(piece, labels)
    # The border is no ink: without it a piece that fills its box would have no edge.
    distance = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)
    return 2 * float(distance.max()) - 1


def _mask(piece: _Piece, labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    window = labels[piece.top : piece.bottom, piece.left : piece.right]
    mask = window == piece.labels[0]
    for label in piece.labels[1:]:
        mask |= window == label
    return mask.view(np.uint8)


def _lines(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Sort pieces into lines of writing, top line first, each from left to right."""
    lines: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.left + piece.right):
        for line in lines:
            last = line[-1]  # the neighbour, not the whole line: lines may climb
            shared = min(piece.bottom, last.bottom) - max(piece.top, last.top)
            if shared >= _SHARED_HEIGHT * min(piece.height, last.height):
                line.append(piece)
                break
        else:
            lines.append([piece])
    lines.sort(key=lambda line: float(np.mean([piece.top + piece.bottom for piece in line])))
    return lines


def _cut(piece: _Piece, ink: NDArray[np.uint8], labels: NDArray[np.integer]) -> InkedDigit:
    box = (piece.left, piece.top, piece.width, piece.height)
    window = ink[piece.top : piece.bottom, piece.left : piece.right]
    mask = _mask(piece, labels)
    others = (labels[piece.top : piece.bottom, piece.left : piece.right] > 0).view(np.uint8) - mask
    if others.any():
        # A neighbour reaches into the box: it goes, with the soft edge around it.
        others = cv2.dilate(others, np.ones((3, 3), np.uint8))
        window = np.where(others > mask, 0, window)
    return InkedDigit(box=box, ink=np.ascontiguousarray(window))
