"""Rows of writing: which marks stand side by side, of one size, as the digits of a number do?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.components import Box

__all__ = [
    "are_neighbors",
    "find_host",
    "find_neighbors",
    "reading_order",
    "stands_beside",
    "stands_in_row",
]

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
    return shared >= _SHARED_HEIGHT * mark[3] and _gap(mark, digit) <= _MAX_GAP * digit[3]


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
    beside = find_neighbors(mark, digits)
    # A digit is its own neighbor.
    return len(beside) > 1 or any(len(find_neighbors(digit, digits)) > 1 for digit in beside)


def find_neighbors(mark: Box, digits: NDArray[np.integer]) -> list[Box]:
    """The digits that are neighbors of a mark.

    Args:
        mark: (x, y, width, height) in pixels.
        digits: (n, 4), the same.
    """
    return [box for box in _find_near(mark, digits) if are_neighbors(mark, box)]


def find_host(mark: Box, digits: NDArray[np.integer]) -> Box | None:
    """The digit beside which a much lower mark stands, as a comma does; None for a digit.

    Args:
        mark: (x, y, width, height) in pixels.
        digits: (n, 4), the same, without the mark.
    """
    near = _find_near(mark, digits)
    if any(are_neighbors(mark, box) for box in near):
        return None
    higher = [box for box in near if box[3] > _MAX_RATIO * mark[3]]
    return min(higher, key=lambda box: _gap(mark, box), default=None)


def _find_near(mark: Box, digits: NDArray[np.integer]) -> list[Box]:
    """The digits near a mark whose rows it reaches into, of any height."""
    x, y, width, height = mark
    lefts, tops, widths, heights = digits.T
    is_near = (tops < y + height) & (tops + heights > y)
    gaps = np.maximum(x, lefts) - np.minimum(x + width, lefts + widths)
    is_near &= gaps <= _MAX_GAP * np.maximum(height, heights)
    return [(x, y, w, h) for x, y, w, h in digits[is_near].tolist()]


def _gap(one: Box, other: Box) -> int:
    """The columns between two boxes, below 0 where they share some."""
    return max(one[0], other[0]) - min(one[0] + one[2], other[0] + other[2])


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
    hosts = _find_hosts(boxes, indices)
    lines: list[list[int]] = []
    for index in sorted(set(indices) - set(hosts), key=lambda i: 2 * boxes[i][0] + boxes[i][2]):
        # The last digit, not the whole line: lines may climb.
        near = [line for line in lines if _share_rows(boxes[index], boxes[line[-1]])]
        if near:
            away = [abs(_middle(boxes[line[-1]]) - _middle(boxes[index])) for line in near]
            near[int(np.argmin(away))].append(index)
        else:
            lines.append([index])
    lines = _join_lines(boxes, lines)
    lines.sort(key=lambda line: float(np.mean([_middle(boxes[i]) for i in line])))
    # The highest first: their own hosts are in a line by then.
    for index in sorted(hosts, key=lambda i: -boxes[i][3]):
        host = hosts[index]
        line = next(line for line in lines if any(boxes[i] == host for i in line))
        line.append(index)
        line.sort(key=lambda i: 2 * boxes[i][0] + boxes[i][2])
    return [index for line in lines for index in line]


def _find_hosts(boxes: Sequence[Box], indices: Sequence[int]) -> dict[int, Box]:
    """The marks that begin no line, such as the dots of a colon, and what they stand beside."""
    chosen = np.array([boxes[i] for i in indices]).reshape(-1, 4)
    hosts = {
        index: find_host(boxes[index], np.delete(chosen, place, axis=0))
        for place, index in enumerate(indices)
        if _MAX_RATIO * boxes[index][3] < chosen[:, 3].max()
    }
    return {index: host for index, host in hosts.items() if host is not None}


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
