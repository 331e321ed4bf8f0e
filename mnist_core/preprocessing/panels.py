"""Panels: rectangles with a background of their own on a plain margin, as plots of digits have.

    image -> most of its border is of one color, the margin -> connected regions of other colors
          -> rectangles with an edge of one color around something else -> panels

A picture between bars is one, too, and so is what is in a frame and touches it nowhere.

Each is read on its own: light digits on black panels on a white page are no dark squares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.components import MAX_COMPONENTS, Box
from mnist_core.preprocessing.drawing import MIN_CONTRAST, find_drawing
from mnist_core.preprocessing.grey import Image, Ink, median, to_grey
from mnist_core.preprocessing.plain import plain_ink

__all__ = ["Panel", "erase_panels", "find_panels", "panel_ink"]

Shares = NDArray[np.float64]

# The share of a panel's edge that has one color, since a digit may touch it; and of the image's
# border, since there may be a margin on two sides only, as black bars have it.
_EVEN, _MARGIN = 0.9, 0.5
# Enlarging and JPEG blur an edge by this many pixels.
_BLUR = 2
# A panel has at least this many pixels a side, and is at most this many times as high as wide: a
# bar is the digit 1.
_MIN_SIDE, _MAX_RATIO = 16, 2.5
# The outline of a rectangle, with ticks around it, is around at least this share of its box; an
# ellipse has 0.79.
_FULL = 0.85


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A panel, without its blurred edges.

    Attributes:
        box: (x, y, width, height) in pixels of the image.
        whole: the box around its edges and the ticks of a scale.
        plain: its edge has one color; else it is a picture between bars, which may be a photograph.
    """

    box: Box
    whole: Box
    plain: bool

    def crop(self, image: Image) -> Image:
        """What the panel shows."""
        return _crop(image, self.box)


def find_panels(image: Image) -> list[Panel]:
    """Find the panels of an image; none in a photograph whose border is uneven.

    Args:
        image: (h, w) or (h, w, 3) uint8.
    """
    if min(image.shape[:2]) < _MIN_SIDE + 2 * _BLUR:
        return []
    grey = to_grey(image)
    margin = _edge(grey)
    level = median(margin)
    if not _is_even(margin, level, _MARGIN):
        return []
    other, is_plain = _differs(grey, level), _is_even(margin, level)
    outlines, _ = cv2.findContours(other, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) > MAX_COMPONENTS:
        return []  # a texture
    panels = []
    for outline in outlines:
        whole = cv2.boundingRect(outline)
        _, _, across, down = whole
        # The area within the outline of middles of pixels.
        area = (across - 1) * (down - 1)
        if min(across, down) < _MIN_SIDE + 2 * _BLUR or cv2.contourArea(outline) < _FULL * area:
            continue
        box = _without_ticks(other, whole)
        is_frame = _is_large(box) and not _is_full(_crop(other, box))
        if is_frame:
            box = _without_line(other, box)
        if not _is_large(box):
            continue
        if is_frame and _edge(_crop(other, box)).any():
            continue  # What is in it touches it, as the lines of a table do.
        plain = Panel(box=box, whole=whole, plain=True)
        inside = plain.crop(grey)
        edge = _edge(inside)
        if is_plain and _is_even(edge, median(edge)) and _differs(inside, median(edge)).any():
            panels.append(plain)
        elif _is_between_bars((across, down), box, other.shape):
            panels.append(replace(plain, plain=False))
    return panels


def panel_ink(part: Image, ink: Ink) -> Image:
    """Find the ink on a plain panel: what differs from its edge.

    Args:
        part: (h, w) or (h, w, 3) uint8, what the panel shows.
        ink: "light" or "dark"; "auto" measures it.

    Returns:
        (h, w) uint8, from 0 for background to 255 for full ink.
    """
    drawing = find_drawing(part, ink)
    if drawing is not None:
        return drawing.ink
    grey = to_grey(part)
    if ink == "auto":
        ink = "light" if float(grey.mean()) > median(_edge(grey)) else "dark"
    return plain_ink(grey, ink)


def erase_panels(image: Image, panels: Sequence[Panel]) -> Image:
    """A copy of an image with the color of its margin where the panels are."""
    sides = (image[0], image[-1], image[:, 0], image[:, -1])
    color = np.median(np.concatenate(sides), axis=0)
    erased = image.copy()
    for x, y, width, height in (panel.whole for panel in panels):
        top, left = max(0, y - _BLUR), max(0, x - _BLUR)
        erased[top : y + height + _BLUR, left : x + width + _BLUR] = color
    return erased


def _crop(image: Image, box: Box) -> Image:
    x, y, width, height = box
    return image[y : y + height, x : x + width]


def _is_large(box: Box) -> bool:
    """Is a box large enough for a panel, and not a bar?"""
    _, _, width, height = box
    return min(width, height) >= _MIN_SIDE and height <= _MAX_RATIO * width


def _without_ticks(other: Image, box: Box) -> Box:
    """The box inside the edge of what may be a panel, without the ticks of a scale around it."""
    return _bounds(other, box, lambda shares: shares >= _EVEN)


def _without_line(other: Image, box: Box) -> Box:
    """The box inside a thick line that is around it."""
    return _bounds(other, box, lambda shares: shares < _EVEN)


def _bounds(other: Image, box: Box, chosen: Callable[[Shares], NDArray[np.bool_]]) -> Box:
    """The box of the rows and columns with chosen shares of ink, without their blurred edges."""
    left, top, _, _ = box
    mask = _crop(other, box) > 0
    sides = []
    for along in (0, 1):
        places = np.flatnonzero(chosen(mask.mean(axis=along)))
        sides.append((places[0] + _BLUR, places[-1] + 1 - _BLUR) if len(places) else (0, 0))
    (x, right), (y, bottom) = sides
    return left + int(x), top + int(y), int(right - x), int(bottom - y)


def _is_between_bars(size: tuple[int, int], box: Box, shape: tuple[int, ...]) -> bool:
    """Does a region of this (width, height) cross the image, with hardly more than a box in it?"""
    crosses = size[0] == shape[1] or size[1] == shape[0]
    return crosses and max(size[0] - box[2], size[1] - box[3]) <= 4 * _BLUR


def _is_full(other: Image) -> bool:
    """Is all of the edge of a rectangle, and most of it, of another color than the margin?"""
    return _is_even(_edge(other), 255) and 2 * cv2.countNonZero(other) >= other.size


def _edge(levels: Image) -> Image:
    """The pixels along the border of an image, (h, w): (1, n)."""
    return np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])[np.newaxis]


def _is_even(edge: Image, level: float, share: float = _EVEN) -> bool:
    return float((cv2.absdiff(edge, np.full_like(edge, level)) < MIN_CONTRAST).mean()) >= share


def _differs(grey: Image, level: float) -> Image:
    """Where an image visibly differs from a level: (h, w) uint8, 0 or 255."""
    far = np.abs(np.arange(256) - level) >= MIN_CONTRAST
    return cv2.LUT(grey, np.where(far, 255, 0).astype(np.uint8))
