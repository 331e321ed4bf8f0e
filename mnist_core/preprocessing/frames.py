"""Frames: boxes and circles around digits, tables ruled by hand, the cells of a form.

    component whose box holds others, which are high for its stroke -> around them? -> a frame
    component that is long beside many others -> lines of a table that does not close
    both      its straight lines, or the rim of a circle, are erased; what remains belongs to digits

A digit holds nothing that is large: dots and the pieces of a faint stroke are not much higher than
the stroke is wide. Where a digit touches its frame, its ink is kept.
"""

from __future__ import annotations

import cv2
import numpy as np

from mnist_core.preprocessing.budget import check_time
from mnist_core.preprocessing.components import Component, Labels, component_mask, typical_height
from mnist_core.preprocessing.grey import Image, scaled_size

__all__ = ["frame_mask"]

# Frames are among the components with the longest sides.
_MAX_FRAMES = 32
# A line of an open table is this many times as long as the others, which are longer put end to end.
_LONG = 2
# What is in a frame is at least this many times as high as the frame's stroke is wide.
_MIN_RATIO = 3
# It is inside if the frame closes around it, with gaps of up to this share of its side, at this
# size in pixels. More than two pieces of ink are in a table, which may be open.
_GAP, _CLOSING_SIDE, _TABLE = 0.08, 128, 3
# A bare stroke in a circle is the slash of a 0, and so is a 1: its ink is at most this many times
# its length times its width. (0.9 to 1.05 for the slashes among the development strokes.)
_BARE = 1.15
# A line is longer than a stroke of a digit that touches lines at both of its ends: the height of
# the digits times this factor, and the width of two lines.
_LINE = 1.2
# What remains beside a line belongs to a digit, rather than to a crooked line, if it is this long
# and reaches this far away, in shares of the height of the digits.
_PART, _REACH = 0.5, 0.25


def frame_mask(components: list[Component], labels: Labels) -> Image | None:
    """Find the ink of frames.

    Args:
        components: connected components, the largest first.
        labels: (h, w), the component that each pixel belongs to.

    Returns:
        (h, w) uint8, 1 for ink of frames, without that of digits that touch them; None if there is
        no frame.
    """
    if len(components) < 2:
        return None
    boxes = np.array([(c.left, c.top, c.right, c.bottom) for c in components])
    mask: Image | None = None
    for index, frame in enumerate(components[:_MAX_FRAMES]):
        inside = (boxes[:, :2] > boxes[index, :2]) & (boxes[:, 2:] < boxes[index, 2:])
        held = [components[i] for i in np.flatnonzero(inside.all(axis=1))]
        ink = component_mask(frame, labels)
        height = _framed_height(frame, ink, held, labels) or _height_beside(frame, ink, components)
        if not height:
            continue
        if mask is None:
            mask = np.zeros(labels.shape, np.uint8)
        window = slice(frame.top, frame.bottom), slice(frame.left, frame.right)
        others = ((labels[window] > 0) & (ink == 0)).view(np.uint8)
        is_table = len(held) >= _TABLE
        mask[window] |= _frame_ink(ink, others, height, is_table=is_table)
    return mask


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


def _height_beside(frame: Component, ink: Image, components: list[Component]) -> float:
    """The height of the digits beside a component with long lines, in pixels; 0 if it has none."""
    shorter = [c for c in components if _LONG * c.side <= frame.side]
    height = typical_height(shorter)
    if sum(c.height for c in shorter) < frame.side or height < _MIN_RATIO * _stroke_width(ink):
        return 0.0
    # Beside the specks of a page, a digit is long, too; but so are most others.
    large = [c for c in components if 2 * c.side >= height]
    is_majority = 2 * sum(_LONG * c.side <= frame.side for c in large) >= len(large)
    return height if is_majority else 0.0


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
    large = [c for c in held if 2 * c.height >= height]
    if len(large) >= _TABLE:
        return True
    scale = min(1.0, _CLOSING_SIDE / max(ink.shape))
    small = cv2.resize(ink * 255, scaled_size(ink.shape, scale), interpolation=cv2.INTER_AREA)
    reach = max(1, round(_GAP * max(small.shape) / 2))
    small = np.pad((small > 0).view(np.uint8), 2 * reach)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel)
    _, regions = cv2.connectedComponents(1 - closed, connectivity=4)

    def is_inside(c: Component) -> bool:
        x = int((c.left + c.right - 2 * frame.left) / 2 * scale) + 2 * reach
        y = int((c.top + c.bottom - 2 * frame.top) / 2 * scale) + 2 * reach
        return bool(regions[y, x] not in (0, regions[0, 0]))

    return any(is_inside(c) for c in large)


def _frame_ink(ink: Image, others: Image, height: float, *, is_table: bool) -> Image:
    """The ink of a frame without that of the digits that touch it, (h, w) uint8, 0 or 1.

    `others` is the ink that does not touch it; `height` is that of the digits. A table has lines,
    however many digits touch them; another frame may be a circle.
    """
    pen = _stroke_width(ink)
    across, down = _lines(ink, height, pen)
    if not is_table and _is_less_than_half(across | down, ink):
        return ink & (1 - _remains(ink, _rim(ink, pen), height))
    beside_lines = _remains(ink, across | down, height)
    # Where a stroke crosses a line, the ink belongs to both.
    kept = beside_lines | others
    wide = 2 * round(pen) + 1
    crossing = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((wide, 1), np.uint8)) & across
    crossing |= cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((1, wide), np.uint8)) & down
    return ink & (1 - (beside_lines | crossing))


def _lines(ink: Image, height: float, pen: float) -> tuple[Image, Image]:
    """The ink of nearly straight lines that run across, and of those that run down."""
    reach, length = max(1, round(pen / 2)), round(_LINE * height + 2 * pen)
    across = cv2.dilate(ink, np.ones((2 * reach + 1, 1), np.uint8))
    across = cv2.morphologyEx(across, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)) & ink
    down = cv2.dilate(ink, np.ones((1, 2 * reach + 1), np.uint8))
    down = cv2.morphologyEx(down, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8)) & ink
    return across, down


def _is_less_than_half(part: Image, ink: Image) -> bool:
    return 2 * cv2.countNonZero(part) < cv2.countNonZero(ink)


def _is_slash(ink: Image) -> bool:
    """Is a component a single straight stroke, as in a 0 with a slash?"""
    length = float(np.hypot(*ink.shape))
    return cv2.countNonZero(ink) <= _BARE * _stroke_width(ink) * length


def _rim(ink: Image, pen: float) -> Image:
    """The ink near the outside of a component."""
    padded = np.pad(ink, 1)
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
