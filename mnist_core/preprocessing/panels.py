"""Panels: rectangles with a background of their own on a plain margin, as plots of digits have.

    image -> most of its border is of one color, the margin -> connected regions of other colors
          -> rectangles with an edge of one color around something else -> panels

A picture between bars is one, too.

Each is read on its own: light digits on black panels on a white page are no dark squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.components import MAX_COMPONENTS, Box, Component, find_components
from mnist_core.preprocessing.drawing import MIN_CONTRAST, drawing_ink
from mnist_core.preprocessing.grey import Image, Ink, binarize, to_grey
from mnist_core.preprocessing.plain import plain_ink

__all__ = ["Panel", "erase_panels", "find_panels", "panel_ink"]

# The share of a panel's edge that has one color, since a digit may touch it; and of the image's
# border, since there may be a margin on two sides only, as black bars have it.
_EVEN, _MARGIN = 0.9, 0.5
# Enlarging and JPEG blur an edge by this many pixels.
_BLUR = 2
# A panel has at least this many pixels a side, and is at most this many times as high as wide: a
# bar is the digit 1.
_MIN_SIDE, _MAX_RATIO = 16, 2.5


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A panel, without its blurred edges.

    Attributes:
        box: (x, y, width, height) in pixels of the image.
        plain: its edge has one color; else it is a picture between bars, which may be a photograph.
    """

    box: Box
    plain: bool

    def crop(self, image: Image) -> Image:
        """What the panel shows."""
        x, y, width, height = self.box
        return image[y : y + height, x : x + width]


def find_panels(image: Image) -> list[Panel]:
    """Find the panels of an image; none in a photograph whose border is uneven.

    Args:
        image: (h, w) or (h, w, 3) uint8.
    """
    if min(image.shape[:2]) < _MIN_SIDE + 2 * _BLUR:
        return []
    margin = _edge(image)
    color = np.median(margin, axis=0)
    if not _is_even(margin, color, _MARGIN):
        return []
    is_plain = _is_even(margin, color)
    other = _differs(image, color)
    components, _ = find_components(other, MAX_COMPONENTS)
    panels = []
    for component in components:
        box = _without_ticks(other, component.box)
        _, _, width, height = box
        if min(width, height) < _MIN_SIDE or height > _MAX_RATIO * width:
            continue
        plain = Panel(box=box, plain=True)
        if not _is_full(plain.crop(other), Panel(box=component.box, plain=True).crop(other)):
            continue  # another shape, or a frame around the margin's color
        inside = plain.crop(image)
        edge = _edge(inside)
        color = np.median(edge, axis=0)
        if is_plain and _is_even(edge, color) and _differs(inside, color).any():
            panels.append(plain)
        elif _is_between_bars(component, box, other.shape):
            panels.append(Panel(box=box, plain=False))
    return panels


def panel_ink(part: Image, ink: Ink) -> Image:
    """Find the ink on a plain panel: what differs from its edge.

    Args:
        part: (h, w) or (h, w, 3) uint8, what the panel shows.
        ink: "light" or "dark"; "auto" measures it.

    Returns:
        (h, w) uint8, from 0 for background to 255 for full ink.
    """
    drawn = drawing_ink(part, ink)
    if drawn is not None:
        return drawn
    grey = to_grey(part)
    if ink == "auto":
        ink = "light" if float(grey.mean()) > float(np.median(_edge(grey))) else "dark"
    return plain_ink(grey, ink)


def erase_panels(image: Image, panels: Sequence[Panel]) -> Image:
    """A copy of an image with the color of its margin where the panels are."""
    color = np.median(_edge(image), axis=0)
    erased, reach = image.copy(), 2 * _BLUR
    for x, y, width, height in (panel.box for panel in panels):
        top, left = max(0, y - reach), max(0, x - reach)
        erased[top : y + height + reach, left : x + width + reach] = color
    return erased


def _without_ticks(other: Image, box: Box) -> Box:
    """The box inside the edge of what may be a panel, without the ticks of a scale around it."""
    left, top, width, height = box
    mask = other[top : top + height, left : left + width] > 0
    sides = []
    for along in (0, 1):
        full = np.flatnonzero(mask.mean(axis=along) >= _EVEN)
        sides.append((full[0] + _BLUR, full[-1] + 1 - _BLUR) if len(full) else (0, 0))
    (x, right), (y, bottom) = sides
    return left + int(x), top + int(y), int(right - x), int(bottom - y)


def _is_between_bars(component: Component, box: Box, shape: tuple[int, ...]) -> bool:
    """Is a component a rectangle, but for its blurred edges, and does it cross the image?"""
    trimmed = max(component.width - box[2], component.height - box[3])
    crosses = component.width == shape[1] or component.height == shape[0]
    return crosses and trimmed <= 4 * _BLUR


def _is_full(inside: Image, whole: Image) -> bool:
    """Is a region a rectangle of another color than the margin, but for the ticks around it?

    Both are 0 where the color is the margin's: the rectangle, and the box of the whole region.
    """
    count = cv2.countNonZero(inside)
    is_most = count >= _EVEN * cv2.countNonZero(whole) - _BLUR * 2 * sum(whole.shape)
    return _is_even(_edge(inside), np.array([255.0])) and 2 * count >= inside.size and is_most


def _edge(image: Image) -> Image:
    """The pixels along the border of an image: (n, channels) uint8."""
    sides = (image[0], image[-1], image[:, 0], image[:, -1])
    return np.concatenate([side.reshape(len(side), -1) for side in sides])


def _is_even(edge: Image, color: NDArray[np.float64], share: float = _EVEN) -> bool:
    near = (np.abs(edge - color) < MIN_CONTRAST).all(axis=1)
    return float(near.mean()) >= share


def _differs(image: Image, color: NDArray[np.float64]) -> Image:
    """Where an image visibly differs from a color: (h, w) uint8, 0 or 255."""
    difference = cv2.absdiff(image, np.broadcast_to(color.astype(np.uint8), image.shape))
    return binarize(reduce(cv2.max, cv2.split(difference)), MIN_CONTRAST - 1)
