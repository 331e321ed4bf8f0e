"""Pixels to ink: where was something written, and how strongly?

A drawing made on a screen has a background of one color; everything that differs from it is ink
(`drawing`). Paper in a photograph is unevenly lit and noisy; ink is what differs from the paper
around it (`photo`). Both result in the same map: 0 is background, 255 full ink.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mnist_core.preprocessing.components import label_type
from mnist_core.preprocessing.drawing import find_drawing
from mnist_core.preprocessing.grey import SOFT_EDGE, Image, Ink, Mask, to_grey
from mnist_core.preprocessing.line_remains import are_remains
from mnist_core.preprocessing.photo import photo_ink
from mnist_core.preprocessing.ruled_lines import RuledLines, find_ruled_lines

__all__ = ["Ink", "InkMap", "flatten_alpha", "ink_map"]

# A picture with color shows it in one of these many rows and columns; all are compared if not.
_SPARSE = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class InkMap:
    """The ink of an image.

    Attributes:
        ink: (h, w) uint8, from 0 for background to 255 for full ink.
        grey: (h, w) uint8, the photograph, scan or video frame; None for a drawing on a screen.
        ruled: the lines that were erased; None without any.
        blurred: it is taken for a blurred drawing, but may be overexposed paper.
    """

    ink: Image
    grey: Image | None = None
    ruled: RuledLines | None = None
    blurred: bool = False

    @property
    def drawn(self) -> bool:
        """Is it the ink of a drawing made on a screen?"""
        return self.grey is None

    @property
    def lines_down(self) -> Mask | None:
        """(h, w) bool, True on the lines that run down and were erased; None without any."""
        return None if self.ruled is None else self.ruled.down


def ink_map(
    image: Image, ink: Ink = "auto", *, keep_lines: bool = False, photographed: bool = False
) -> InkMap:
    """Find the ink of an image.

    Args:
        image: (h, w), (h, w, 3) RGB or (h, w, 4) RGBA, uint8.
        ink: "light" or "dark" against its background; "auto" measures it.
        keep_lines: True to keep ruled lines as ink.
        photographed: True for a photograph; else it is measured.
    """
    image = flatten_alpha(image, ink)
    drawing = None if photographed else find_drawing(image, ink)
    if drawing is not None:
        found, ruled = drawing.ink, None
        if not keep_lines:
            found, ruled = _erase_ruled_lines(found, SOFT_EDGE)
        return InkMap(ink=found, ruled=ruled, blurred=drawing.blurred)
    grey = to_grey(image)
    found, ruled = photo_ink(grey, ink, keep_lines=keep_lines)
    return InkMap(ink=found, grey=grey, ruled=ruled)


def _erase_ruled_lines(ink: Image, threshold: int) -> tuple[Image, RuledLines | None]:
    """Erase the ruled lines of a drawing: its ink without them, and the lines; None without any.

    Ink of at least `threshold` is a line or a stroke. `ink` is (h, w) uint8, 0 to 255.
    """
    columns, rows = ink[:, [0, -1]].max(axis=0), ink[[0, -1]].max(axis=1)
    if max(columns.min(), rows.min()) < threshold:
        return ink, None  # no line reaches from border to border
    lines = find_ruled_lines(ink, threshold)
    if lines is None:
        return ink, None
    solid = ((ink >= threshold) & ~lines.erased).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, ltype=label_type(solid.shape))
    keep = ~are_remains(labels, stats, ink, lines)
    keep[0] = False
    near = cv2.dilate(np.take(keep.view(np.uint8), labels), np.ones((3, 3), np.uint8))
    return np.where((near > 0) & ~lines.erased, ink, 0).astype(np.uint8), lines


def flatten_alpha(image: Image, ink: Ink) -> Image:
    """Blend an RGBA image with a background that contrasts with its ink.

    Returns:
        (h, w) if the image has no color, else (h, w, 3).
    """
    if image.ndim == 2:
        return image
    if image.shape[2] == 3:
        return _without_equal_channels(image)
    alpha = image[:, :, 3]
    if alpha.min() == 255:
        return _without_equal_channels(cv2.cvtColor(image, cv2.COLOR_RGBA2RGB))
    if alpha.max() == 0:
        return np.zeros(alpha.shape, np.uint8)
    grey = to_grey(cv2.cvtColor(image, cv2.COLOR_RGBA2RGB))
    opaque = grey[alpha >= 128] if alpha.max() >= 128 else grey[alpha > 0]
    low, middle, high = np.percentile(opaque, (5, 50, 95))
    if high - low > 64 and len(opaque) > alpha.size / 2:
        # A picture with transparent holes: fill them with the color around the ink.
        background = int(middle)
    else:
        # Strokes on a transparent canvas.
        light = ink == "light" or (ink == "auto" and middle >= 128)
        background = 0 if light else 255
    weight = alpha.astype(np.uint16)
    mixed = (grey * weight + background * (255 - weight) + 127) // 255
    return mixed.astype(np.uint8)


def _without_equal_channels(image: Image) -> Image:
    """One channel if all three are equal: it is read to the same result, a fifth faster."""
    few = image[::_SPARSE, ::_SPARSE]
    if (few != few[:, :, :1]).any():
        return image
    red, green, blue = cv2.split(image)
    equal = np.array_equal(red, green) and np.array_equal(red, blue)
    return red if equal else image
