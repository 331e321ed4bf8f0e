"""Rows of writing: which marks stand side by side, of one size, as the digits of a number do?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.components import Box

__all__ = ["are_neighbors", "reading_order", "stands_beside", "stands_in_row"]

# A mark stands beside a digit if at least this part of its height is in the digit's rows …
_SHARED_HEIGHT = 0.4
# … and the gap between them is at most this many times the height of the digit.
_MAX_GAP = 1.5
# One of two neighbors is at most this many times as high as the other.
_MAX_RATIO = 2.5


def stands_beside(mark: Box, digit: Box) -> bool:
    """Does a mark, which may be small, stand in the row of a digit and near it?

    Args:
        mark: (x, y, width, height) in pixels.
        digit: the same.
    """
    shared = min(mark[1] + mark[3], digit[1] + digit[3]) - max(mark[1], digit[1])
    gap = max(mark[0], digit[0]) - min(mark[0] + mark[2], digit[0] + digit[2])
    return shared >= _SHARED_HEIGHT * mark[3] and gap <= _MAX_GAP * digit[3]


def are_neighbors(one: Box, other: Box) -> bool:
    """Do two marks of about the same height stand in one row and near each other?

    Args:
        one: (x, y, width, height) in pixels.
        other: the same.
    """
    lower, taller = (one, other) if one[3] <= other[3] else (other, one)
    return taller[3] <= _MAX_RATIO * lower[3] and stands_beside(lower, taller)


def stands_in_row(mark: Box, digits: NDArray[np.integer]) -> bool:
    """Is a mark the neighbor of a digit that has another digit for a neighbor?

    Args:
        mark: (x, y, width, height) in pixels.
        digits: (n, 4), the same, without the mark.
    """
    beside = _neighbors(mark, digits)
    # A digit is its own neighbor.
    return len(beside) > 1 or any(len(_neighbors(digit, digits)) > 1 for digit in beside)


def _neighbors(mark: Box, digits: NDArray[np.integer]) -> list[Box]:
    _, top, _, height = mark
    share_rows = (digits[:, 1] < top + height) & (digits[:, 1] + digits[:, 3] > top)
    boxes: list[Box] = [(x, y, w, h) for x, y, w, h in digits[share_rows].tolist()]
    return [box for box in boxes if are_neighbors(mark, box)]


def reading_order(boxes: Sequence[Box], rows: Sequence[int] | None = None) -> list[int]:
    """Sort digits into lines of writing, top line first, each from left to right.

    Args:
        boxes: (x, y, width, height) in pixels.
        rows: the row of a table that each is in, counted from the top; None without a table.

    Returns:
        The index of each box in reading order.
    """
    if rows is None:
        return _order_lines(boxes, range(len(boxes)))
    order: list[int] = []
    for row in sorted(set(rows)):
        inside = sorted(
            (i for i, other in enumerate(rows) if other == row),
            key=lambda i: 2 * boxes[i][0] + boxes[i][2],
        )
        # A row of a table has one line of writing, unless something is below another.
        is_line = not any(_is_below(boxes[i], boxes[j]) for i, j in pairwise(inside))
        order += inside if is_line else _order_lines(boxes, inside)
    return order


def _order_lines(boxes: Sequence[Box], indices: Sequence[int]) -> list[int]:
    """Sort the boxes of these indices as `reading_order` does."""
    lines: list[list[int]] = []
    for index in sorted(indices, key=lambda i: 2 * boxes[i][0] + boxes[i][2]):
        # The last digit, not the whole line: lines may climb.
        near = [line for line in lines if _share_rows(boxes[index], boxes[line[-1]])]
        if near:
            away = [abs(_middle(boxes[line[-1]]) - _middle(boxes[index])) for line in near]
            near[int(np.argmin(away))].append(index)
        else:
            lines.append([index])
    lines = _join_lines(boxes, lines)
    lines.sort(key=lambda line: float(np.mean([_middle(boxes[i]) for i in line])))
    return [index for line in lines for index in line]


def _join_lines(boxes: Sequence[Box], lines: Sequence[list[int]]) -> list[list[int]]:
    """Join lines that are one: nothing of them is below another, and neighbors share some rows."""
    joined: list[list[int]] = []
    ranges: list[tuple[int, int]] = []
    for line in lines:
        top = min(boxes[i][1] for i in line)
        bottom = max(boxes[i][1] + boxes[i][3] for i in line)
        for place, other in enumerate(joined):
            first, last = ranges[place]
            if top >= last or first >= bottom:
                continue
            both = sorted((*other, *line), key=lambda i: 2 * boxes[i][0] + boxes[i][2])
            if all(_follows(boxes[one], boxes[next_]) for one, next_ in pairwise(both)):
                joined[place], ranges[place] = both, (min(top, first), max(bottom, last))
                break
        else:
            joined.append(line)
            ranges.append((top, bottom))
    return joined


def _follows(one: Box, other: Box) -> bool:
    """Does the other box share some rows with the one on its left, and is it not below it?"""
    shared = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return shared > 0 and not _is_below(one, other)


def _share_rows(one: Box, other: Box) -> bool:
    """Do two boxes share enough rows, as a share of the lower one's height?"""
    shared = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return shared >= _SHARED_HEIGHT * min(one[3], other[3])


def _is_below(one: Box, other: Box) -> bool:
    """Are two boxes above each other: do they share columns, but hardly any rows?"""
    turned = [(y, x, height, width) for x, y, width, height in (one, other)]
    return _share_rows(*turned) and not _share_rows(one, other)


def _middle(box: Box) -> float:
    return box[1] + box[3] / 2
