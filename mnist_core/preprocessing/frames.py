"""Frames: boxes and circles around digits, tables ruled by hand, the cells of a form.

    component whose box holds others, which are high for its stroke -> around them? -> a frame
    component that is long beside many others -> lines of a table that does not close
    both      its straight lines, or the rim of a circle, are erased; what remains belongs to digits

A digit holds nothing that is large: dots and the pieces of a faint stroke are not much higher than
the stroke is wide. Where a digit touches its frame, its ink is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.budget import check_time
from mnist_core.preprocessing.components import (
    Box,
    Component,
    Labels,
    component_mask,
    of_most_ink,
    typical_height,
)
from mnist_core.preprocessing.grey import Image, scaled_size

__all__ = ["Frames", "find_frames"]

# Frames are among the components with the longest sides.
_MAX_FRAMES = 32
# A line of an open table is this many times as long as the others, which are longer put end to end.
_LONG = 2
# Beside smaller digits, what has at most this aspect ratio and no long lines is a digit: none of
# MNIST's is wider than high by more.
_MAX_ASPECT = 2.5
# What is in a frame is at least this many times as high as the frame's stroke is wide.
_MIN_RATIO = 3
# It is inside if the frame closes around it, with gaps of up to this share of its side, at this
# size in pixels. (Of 60 circled numbers, 97% are read; 92% with gaps of up to 0.08.) More than two
# pieces of ink are in a table, which may be open.
_GAP, _CLOSING_SIDE, _TABLE = 0.13, 128, 3
# A bare stroke in a circle is the slash of a 0, and so is a 1: its ink is at most this many times
# its length times its width. (0.9 to 1.05 for the slashes among the development strokes.)
_BARE = 1.15
# A line is longer than a stroke of a digit that touches lines at both of its ends: the height of
# the digits times this factor, and the width of two lines.
_LINE = 1.2
# What remains beside a line belongs to a digit, rather than to a crooked line, if it is this long
# and reaches this far away, in shares of the height of the digits.
_PART, _REACH = 0.5, 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Frames:
    """The frames of an image: their ink, without that of digits that touch them.

    `across` has the lines across of the one table; it is None without one, or with several. Both
    are (h, w) uint8, 0 or 1.
    """

    ink: Image
    across: Image | None

    def rows(self, boxes: Sequence[Box]) -> list[int] | None:
        """In which row of the table each digit is; None without one."""
        if self.across is None:
            return None
        left, _, across, _ = cv2.boundingRect(self.across)
        lines, rows = self.across > 0, []
        for x, y, width, height in boxes:
            # Beside the table: the row of its first or last column.
            first = min(max(x, left), left + across - 1)
            last = max(first + 1, min(x + width, left + across))
            above = lines[: y + height // 2, first:last]
            rows.append(
                int(np.median((above[1:] & ~above[:-1]).sum(axis=0) + above[:1].sum(axis=0)))
            )
        return rows


def find_frames(components: list[Component], labels: Labels) -> Frames | None:
    """Find the ink of frames, and the lines of a table; None if there is no frame.

    Args:
        components: connected components, the largest first.
        labels: (h, w), the component that each pixel belongs to.
    """
    if len(components) < 2:
        return None
    boxes = np.array([(c.left, c.top, c.right, c.bottom) for c in components])
    sizes = boxes[:, 2:] - boxes[:, :2]
    mask: Image | None = None
    tables: list[Image] = []
    for index, frame in enumerate(components[:_MAX_FRAMES]):
        inside = (boxes[:, :2] > boxes[index, :2]) & (boxes[:, 2:] < boxes[index, 2:])
        held = [components[i] for i in np.flatnonzero(inside.all(axis=1))]
        ink = component_mask(frame, labels)
        framed = _framed_height(frame, ink, held, labels)
        height = framed or _height_beside(frame, ink, sizes)
        if not height:
            continue
        pen = _stroke_width(ink)
        across, down = _lines(ink, height, pen)
        has_lines = not _is_less_than_half(across | down, ink)
        if not (framed or has_lines) and frame.side <= _MAX_ASPECT * min(ink.shape):
            continue  # a digit beside smaller ones
        if mask is None:
            mask = np.zeros(labels.shape, np.uint8)
        window = slice(frame.top, frame.bottom), slice(frame.left, frame.right)
        others = ((labels[window] > 0) & (ink == 0)).view(np.uint8)
        has_rim = framed > 0 and _is_one_cell(frame, ink, _large(held, height))
        mask[window] |= _frame_ink(ink, others, (across, down), height, has_rim=has_rim)
        if (has_lines or not has_rim) and (rows := _table_rows(across, height, pen)).any():
            table = np.zeros(labels.shape, np.uint8)
            table[window] = rows
            tables.append(table)
    if mask is None:
        return None
    return Frames(ink=mask, across=tables[0] if len(tables) == 1 else None)


def _framed_height(frame: Component, ink: Image, held: list[Component], labels: Labels) -> float:
    """The height of what a component is around, in pixels; 0 if it is no frame."""
    if not held:
        return 0.0
    height = typical_height(held)
    pen = _stroke_width(ink)
    if height < _MIN_RATIO * pen or not _is_around(frame, ink, held, height):
        return 0.0
    if len(held) == 1 and _is_slash(component_mask(held[0], labels)):
        across, down = _lines(ink, 0.5 * min(ink.shape), pen)
        if _is_less_than_half(across | down, ink):
            return 0.0
    return height


def _height_beside(frame: Component, ink: Image, sizes: NDArray[np.integer]) -> float:
    """The height of the digits beside a component with long lines, in pixels; 0 if it has none.

    `sizes` has the width and height of each component, (n, 2).
    """
    sides, heights = sizes.max(axis=1), sizes[:, 1]
    is_shorter = _LONG * sides <= frame.side
    shorter = heights[is_shorter].tolist()
    height = of_most_ink(shorter, shorter)
    if sum(shorter) < frame.side or height < _MIN_RATIO * _stroke_width(ink):
        return 0.0
    # Beside the specks of a page, a digit is long, too; but so are most others.
    return height if 2 * is_shorter[2 * sides >= height].mean() >= 1 else 0.0


def _stroke_width(ink: Image) -> float:
    """The mean width of the strokes of a component, in pixels: twice their area by perimeter.

    The perimeter is counted by its crossings with lines in four directions (Crofton's formula):
    contours would take seconds in noise.
    """
    padded = np.pad(ink, 1)
    straight = np.count_nonzero(padded[1:] != padded[:-1]) + np.count_nonzero(
        padded[:, 1:] != padded[:, :-1]
    )
    diagonal = np.count_nonzero(padded[1:, 1:] != padded[:-1, :-1]) + np.count_nonzero(
        padded[1:, :-1] != padded[:-1, 1:]
    )
    return 2 * cv2.countNonZero(ink) / max(np.pi / 8 * (straight + diagonal / np.sqrt(2)), 1)


def _is_around(frame: Component, ink: Image, held: list[Component], height: float) -> bool:
    """Is a component around others, of this height, rather than a digit beside pieces of it?"""
    large = _large(held, height)
    if len(large) >= _TABLE:
        return True
    return any(_enclosed_parts(frame, ink, large))


def _is_one_cell(frame: Component, ink: Image, large: list[Component]) -> bool:
    """Does a component close around others once, as a box or a circle, or as a table with cells?"""
    parts = set(_enclosed_parts(frame, ink, large))
    return len(large) < _TABLE or (len(parts) == 1 and 0 not in parts)


def _enclosed_parts(frame: Component, ink: Image, held: list[Component]) -> list[int]:
    """The part of what a component closes around in which the middle of each other one is, or 0."""
    _, parts = cv2.connectedComponents(_enclosed(ink), connectivity=4)
    return [
        int(parts[(c.top + c.bottom) // 2 - frame.top, (c.left + c.right) // 2 - frame.left])
        for c in held
    ]


def _large(components: list[Component], height: float) -> list[Component]:
    """The components that are no dots or specks beside digits of this height."""
    return [c for c in components if 2 * c.height >= height]


def _enclosed(ink: Image) -> Image:
    """Where the ink of a component closes around, but for small gaps: (h, w) uint8, 0 or 1."""
    scale = min(1.0, _CLOSING_SIDE / max(ink.shape))
    small = cv2.resize(ink * 255, scaled_size(ink.shape, scale), interpolation=cv2.INTER_AREA)
    reach = max(1, round(_GAP * max(small.shape) / 2))
    small = np.pad((small > 0).view(np.uint8), 2 * reach)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel)
    _, regions = cv2.connectedComponents(1 - closed, connectivity=4)
    inside = ((regions > 0) & (regions != regions[0, 0])).view(np.uint8)
    inner = np.ascontiguousarray(inside[2 * reach : -2 * reach, 2 * reach : -2 * reach])
    return cv2.resize(inner, ink.shape[::-1], interpolation=cv2.INTER_NEAREST)


def _frame_ink(
    ink: Image, others: Image, lines: tuple[Image, Image], height: float, *, has_rim: bool
) -> Image:
    """The ink of a frame without that of the digits that touch it, (h, w) uint8, 0 or 1.

    `others` is the ink that does not touch it; `lines` are across and down; `height` is that of the
    digits. A table has lines, however many digits touch them; another frame may be a circle.
    """
    pen = _stroke_width(ink)
    across, down = lines
    if has_rim and _is_less_than_half(across | down, ink):
        return ink & (1 - _remains(ink, _rim(ink, pen), height))
    frame = across | down | _rim(ink, pen) if has_rim else across | down
    beside_lines = _remains(ink, frame, height)
    # Where a stroke crosses a line, the ink belongs to both.
    kept = beside_lines | others
    wide = 2 * round(pen) + 1
    crossing = np.zeros_like(ink)
    for line, size in ((across, (wide, 1)), (down, (1, wide))):
        joined = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones(size, np.uint8))
        # What touches a line from both sides is two digits, if it is longer than one.
        _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
        sides = stats[:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1)
        is_one = (sides <= _longest_stroke(height, pen)).view(np.uint8)
        crossing |= joined & line & np.take(is_one, labels)
    return ink & (1 - (beside_lines | crossing))


def _longest_stroke(height: float, pen: float) -> int:
    """What is longer than this, in pixels, is a line: no digit is, with the lines it touches."""
    return round(_LINE * height + 2 * pen)


def _lines(ink: Image, height: float, pen: float) -> tuple[Image, Image]:
    """The ink of nearly straight lines that run across, and of those that run down."""
    reach, length = max(1, round(pen / 2)), _longest_stroke(height, pen)
    across = _lines_across(ink, reach, length)
    down = _lines_across(np.ascontiguousarray(ink.T), reach, length).T
    return across, np.ascontiguousarray(down)


def _table_rows(across: Image, height: float, pen: float) -> Image:
    """The lines across that divide a table into rows: they run through more than half of it."""
    # A digit may cover a part of a line, and a line is not quite straight.
    closed = cv2.dilate(across, np.ones((2 * round(pen) + 1, 1), np.uint8))
    gap = np.ones((1, _longest_stroke(height, pen)), np.uint8)
    closed = cv2.morphologyEx(closed, cv2.MORPH_CLOSE, gap)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    is_long = 2 * stats[:, cv2.CC_STAT_WIDTH] > across.shape[1]
    return closed & np.take(is_long.view(np.uint8), labels)


def _lines_across(ink: Image, reach: int, length: int) -> Image:
    """The ink of nearly level lines."""
    thick = cv2.dilate(ink, np.ones((2 * reach + 1, 1), np.uint8))
    # A stroke that touches the border of the component ends there.
    empty = {"borderType": cv2.BORDER_CONSTANT, "borderValue": 0}
    return cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8), **empty) & ink


def _is_less_than_half(part: Image, ink: Image) -> bool:
    return 2 * cv2.countNonZero(part) < cv2.countNonZero(ink)


def _is_slash(ink: Image) -> bool:
    """Is a component a single straight stroke, as in a 0 with a slash?"""
    length = float(np.hypot(*ink.shape))
    return cv2.countNonZero(ink) <= _BARE * _stroke_width(ink) * length


def _rim(ink: Image, pen: float) -> Image:
    """The ink near the outside of a component, which may have a gap."""
    scale = max(1.0, max(ink.shape) / _CLOSING_SIDE)
    wide = np.ones((2 * round(scale) + 1,) * 2, np.uint8)
    padded = np.pad(ink | cv2.dilate(_enclosed(ink), wide), 1)
    contours, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(padded), contours, -1, 1, cv2.FILLED)
    depth = cv2.distanceTransform(filled, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return ink & (depth <= 1.5 * pen + 1).view(np.uint8)


def _remains(ink: Image, frame: Image, height: float) -> Image:
    """The ink beside a frame that reaches away from it, as a stroke of a digit does."""
    rest = ink & (1 - frame)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest)
    distance = cv2.distanceTransform(1 - frame, cv2.DIST_L2, 3)
    keep = np.zeros(count, np.uint8)
    for label in range(1, count):
        x, y, width, across, _ = stats[label].tolist()
        if max(width, across) < _PART * height:
            continue
        check_time()
        window = slice(y, y + across), slice(x, x + width)
        keep[label] = distance[window][labels[window] == label].max() > _REACH * height
    kept: Image = np.take(keep, labels)
    return kept
