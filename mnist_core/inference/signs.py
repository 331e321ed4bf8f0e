"""Signs beside digits that look like a 1 or a 0: slashes, brackets, commas, apostrophes, degrees.

Alone, a slash cannot be distinguished from a slanting 1. Beside digits it can: digits stand on the
base line and are of about the same height, while slashes and brackets are higher and reach below
the line, commas are low and reach below it, and apostrophes and the sign of a degree are low and
hang.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnist_core.inference.reading import Digit
from mnist_core.preprocessing.rows import find_host, find_neighbors

__all__ = ["refuse_signs"]

# Lengths are shares of the typical longer side of the digits beside it: a nought may be flat.
# A slash or a bracket is higher than the first, and reaches below the digits by the second.
_HEIGHT, _BELOW = 1.2, 0.1
# The middle of its stroke is a straight line that leans to the right by this slope, or a bow that
# is this high, as shares of its height; but for this share, so that it has neither flag nor foot.
# (Of the slashes and brackets in 1,500 numbers, 61 and 70% are found. Of the ones, 0.2% are refused
# if heights vary by 12% and feet by 5%, 0.6% by 13 and 8%. The heights of each of 30 writers vary
# by 15%. With a height of 1.15: 67 and 77%, 0.2 and 1.0%, and on 96 sheets and cards three numbers
# with a 1 have a "?" that have none with 1.2.)
_SLOPE, _BOW, _PLAIN = 0.18, 0.07, 0.015
# A comma is lower than the first, and reaches below the digits as well. What hangs is as low, and
# ends above their feet by more than the second. (Of the ones of these writers, 0.5% are as low, and
# of their noughts 10.8%; they stand on the line.)
_LOW, _ABOVE = 0.6, 0.5


def refuse_signs(digits: Sequence[Digit]) -> list[Digit]:
    """Make non-digits of the ones and noughts that are signs beside other digits."""
    places = [place for place, digit in enumerate(digits) if digit.is_digit]
    boxes = np.array([digits[place].box for place in places]).reshape(-1, 4)
    signs = {place for row, place in enumerate(places) if _is_sign(digits[place], boxes, row)}
    return [
        replace(digit, is_digit=digit.is_digit and place not in signs)
        for place, digit in enumerate(digits)
    ]


def _is_sign(digit: Digit, boxes: NDArray[np.integer], row: int) -> bool:
    """Is a digit, whose box is in this row of all boxes, (n, 4), a sign beside the others?"""
    if digit.label not in (0, 1) or digit.is_piece:  # the box of a piece depends on the cut
        return False
    others = np.delete(boxes, row, axis=0)
    _, top, _, height = digit.box
    beside = np.array(find_neighbors(digit.box, others))
    if not len(beside):  # much lower than what it stands beside, if that is anything
        return find_host(digit.box, others) is not None
    typical = float(np.median(beside[:, 2:].max(axis=1)))
    below = (top + height - float(np.median(beside[:, 1] + beside[:, 3]))) / typical
    if height < _LOW * typical:
        return below > _BELOW or below < -_ABOVE
    reaches = height > _HEIGHT * typical and below > _BELOW
    return reaches and digit.is_one and _is_slash_or_bracket(digit.frame)


def _is_slash_or_bracket(frame: NDArray[np.uint8]) -> bool:
    """Is a stroke, (28, 28) uint8, a straight line that leans to the right, or a bow?"""
    rows = np.flatnonzero(frame.max(axis=1))
    if len(rows) < 3:
        return False
    ink = frame[rows].astype(np.float64)
    widths = ink.sum(axis=1)
    middles = ink @ np.arange(frame.shape[1]) / widths / len(rows)
    upwards = (rows.mean() - rows) / len(rows)
    bow, slope, middle = np.polyfit(upwards, middles, 2, w=np.sqrt(widths))
    away = middles - (bow * upwards**2 + slope * upwards + middle)
    is_plain = np.average(away**2, weights=widths) < _PLAIN**2
    return bool(is_plain and (slope > _SLOPE or abs(bow) / 4 > _BOW))
