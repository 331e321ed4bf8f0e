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

from mnist_core.preprocessing.components import Box, Piece, label_type, mask_of
from mnist_core.preprocessing.grouping import join_pieces

__all__ = ["Box", "InkedDigit", "find_digits"]

# Ink weaker than this is the soft edge of a stroke: it is kept, but it neither joins strokes nor
# widens boxes. (Of the levels tried on enlarged MNIST digits, 48 brought them back the closest.)
_EDGE = 48

# In a photograph, the lowest digit that makes what touches the border an intruder: a share of the
# picture's shorter side. (Height, because a dash of a printed line is long.)
_CLEAR_HEIGHT = 0.15

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


def find_digits(ink: NDArray[np.uint8], *, drawn: bool) -> list[InkedDigit]:
    """Find the digits of an ink map, in reading order: top line first, then left to right.

    Args:
        ink: (h, w) uint8: 0 is background, 255 full ink.
        drawn: True for a drawing, where all ink is meant. In a photograph, what reaches into the
            picture from outside is a printed line, a shadow or a finger.
    """
    solid = cv2.threshold(ink, _EDGE - 1, 255, cv2.THRESH_BINARY)[1]
    # Only where there is ink, and a pixel beyond it: what touches the border still does.
    x, y, width, height = cv2.boundingRect(solid)
    x, y, right, bottom = max(0, x - 1), max(0, y - 1), x + width + 1, y + height + 1
    pieces, labels = _pieces(solid[y:bottom, x:right])
    if not drawn:
        pieces = _without_intruders(pieces, labels.shape, _CLEAR_HEIGHT * min(ink.shape))
    least = _MIN_SIDE if drawn else max(_MIN_SIDE, _MIN_SHARE * max(ink.shape))
    digits = _without_specks(join_pieces(pieces, labels), labels, least)
    written = ink[y:bottom, x:right]
    return [_cut(digit, written, labels, (x, y)) for line in _lines(digits) for digit in line]


def _pieces(solid: NDArray[np.uint8]) -> tuple[list[Piece], NDArray[np.integer]]:
    """The pieces of ink, the largest first, and (h, w): which pixel belongs to which."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, ltype=label_type(solid.shape))
    sides = stats[:count, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1)
    sides[0] = 0  # the background
    largest = np.argsort(-sides, kind="stable")[: min(count - 1, _MAX_PIECES)]
    pieces = [
        Piece(x, y, x + w, y + h, (label,))
        for label, (x, y, w, h, _) in zip(largest.tolist(), stats[largest].tolist(), strict=True)
    ]
    return pieces, labels


def _without_intruders(
    pieces: list[Piece], shape: tuple[int, ...], high_enough: float
) -> list[Piece]:
    """Leave out what touches the border, unless something so high stands clear of it.

    Args:
        pieces: of ink.
        shape: (h, w) of the picture.
        high_enough: in pixels.
    """
    height, width = shape

    def sides(piece: Piece) -> tuple[bool, bool]:
        """Does it touch just one of left and right, just one of top and bottom?"""
        return (piece.left == 0) != (piece.right == width), (piece.top == 0) != (
            piece.bottom == height
        )

    clear = [
        p for p in pieces if p.left > 0 and p.top > 0 and p.right < width and p.bottom < height
    ]
    if max((piece.height for piece in clear), default=0) >= high_enough:
        return clear
    # A digit may fill its picture, but what lies along the border is a shadow or a printed line.
    return [
        piece
        for piece in pieces
        if not (sides(piece)[0] and piece.height > 2 * piece.width)
        and not (sides(piece)[1] and piece.width > 2 * piece.height)
    ]


def _without_specks(pieces: list[Piece], labels: NDArray[np.integer], least: float) -> list[Piece]:
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

    def is_digit(piece: Piece) -> bool:
        if piece.side < least:
            return False
        width = pen if piece is fullest else _stroke_width(piece, labels)
        scratch = piece.side < _SCRATCH_SIDE * tallest and width < _SCRATCH_WIDTH * pen
        return not scratch and width > _HAIR_WIDTH * pen and piece.side > _DOT * width

    return [piece for piece in pieces if is_digit(piece)]


def _stroke_width(piece: Piece, labels: NDArray[np.integer]) -> float:
    """The width of a piece's widest stroke, in pixels."""
    mask = mask_of(piece, labels)
    # The border is no ink: without it a piece that fills its box would have no edge.
    distance = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)
    return 2 * float(distance.max()) - 1


def _lines(pieces: list[Piece]) -> list[list[Piece]]:
    """Sort pieces into lines of writing, top line first, each from left to right."""
    lines: list[list[Piece]] = []
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


def _cut(
    piece: Piece, ink: NDArray[np.uint8], labels: NDArray[np.integer], corner: tuple[int, int]
) -> InkedDigit:
    """The ink of a piece, without its neighbours'; `corner` is where the ink begins."""
    box = (corner[0] + piece.left, corner[1] + piece.top, piece.width, piece.height)
    window = ink[piece.top : piece.bottom, piece.left : piece.right]
    mask = mask_of(piece, labels)
    others = (labels[piece.top : piece.bottom, piece.left : piece.right] > 0).view(np.uint8) - mask
    if others.any():
        # A neighbour reaches into the box: it goes, with the soft edge around it.
        others = cv2.dilate(others, np.ones((3, 3), np.uint8))
        window = np.where(others > mask, 0, window)
    return InkedDigit(box=box, ink=np.ascontiguousarray(window))
