"""Signs beside digits that look like a 1: slashes, brackets and commas.

Alone, a slash cannot be told from a slanting 1. Beside digits it can: digits stand on the base line
and are of about the same height, while slashes and brackets are higher and reach below the line,
and commas are much lower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnist_core.inference.reading import Digit
from mnist_core.preprocessing.rows import find_host, find_neighbors

__all__ = ["refuse_signs"]

# A slash or a bracket is more than this many times as high as the digits beside it, and reaches
# below them by more than this share of their height.
_HEIGHT, _BELOW = 1.1, 0.12
# The middle of its stroke is a straight line that leans to the right by this slope, or a bow that
# is this high, as shares of its height; but for this share, so that it has neither flag nor foot.
_SLOPE, _BOW, _PLAIN = 0.18, 0.07, 0.015
# (Of the slashes and brackets in 3,000 numbers, 64 and 75% are found, and 0.2% of the ones are
# refused. Heights varied by 12%, as those of each of 30 writers do by 15%, and feet by 5%.)


def refuse_signs(digits: Sequence[Digit]) -> list[Digit]:
    """Make non-digits of the ones that are signs beside other digits."""
    places = [place for place, digit in enumerate(digits) if digit.is_digit]
    boxes = np.array([digits[place].box for place in places]).reshape(-1, 4)
    signs = {
        place
        for row, place in enumerate(places)
        if digits[place].is_one and _is_sign(digits[place], np.delete(boxes, row, axis=0))
    }
    return [
        replace(digit, is_digit=digit.is_digit and place not in signs)
        for place, digit in enumerate(digits)
    ]


def _is_sign(one: Digit, others: NDArray[np.integer]) -> bool:
    """Is a 1 a sign beside some of these digits' boxes, (n, 4)?"""
    _, top, _, height = one.box
    beside = np.array(find_neighbors(one.box, others))
    if not len(beside):
        return find_host(one.box, others) is not None
    typical = np.median(beside[:, 3])
    below = top + height - np.median(beside[:, 1] + beside[:, 3])
    reaches = height > _HEIGHT * typical and below > _BELOW * typical
    return bool(reaches) and _is_slash_or_bracket(one.frame)


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
