"""Pixels to ink: where was something written, and how strongly?

A drawing made on a screen knows its ink: the background is one color, and everything that differs
from it is ink. A photograph does not: paper is unevenly lit and grainy, so the ink is what stands
out from its surroundings. Both end in the same map: 0 is background, 255 full ink.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.drawing import drawn_ink
from mnist_core.preprocessing.grey import Ink, as_grey
from mnist_core.preprocessing.photo import photographed_ink

__all__ = ["Ink", "InkMap", "ink_map"]


@dataclass(frozen=True, kw_only=True, eq=False)
class InkMap:
    """Where something is written.

    Attributes:
        ink: (h, w) uint8: 0 where nothing is written, 255 for full ink.
        drawn: True for a drawing made on a screen, False for a photograph, scan or video frame.
    """

    ink: NDArray[np.uint8]
    drawn: bool


def ink_map(image: NDArray[np.uint8], ink: Ink = "auto") -> InkMap:
    """Find the ink of an image.

    Args:
        image: (h, w), (h, w, 3) RGB or (h, w, 4) RGBA, uint8.
        ink: whether it is "light" or "dark" against its background; "auto" finds out.
    """
    if image.ndim == 3 and image.shape[2] == 4:
        image = _flatten_alpha(image, ink)
    drawn = drawn_ink(image, ink)
    if drawn is not None:
        return InkMap(ink=drawn, drawn=True)
    return InkMap(ink=photographed_ink(as_grey(image), ink), drawn=False)


def _flatten_alpha(image: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8]:
    """Put an RGBA image on a background that its ink stands out from."""
    alpha = image[:, :, 3]
    if alpha.min() == 255:
        return cv2.cvtColor(image, cv2.COLOR_RGBA2RGB)
    if alpha.max() == 0:
        return np.zeros(alpha.shape, np.uint8)
    grey = as_grey(cv2.cvtColor(image, cv2.COLOR_RGBA2RGB))
    solid = grey[alpha >= 128] if alpha.max() >= 128 else grey[alpha > 0]
    low, middle, high = np.percentile(solid, (5, 50, 95))
    if high - low > 64 and len(solid) > alpha.size / 2:
        # A picture with holes: they take the color of what is around the ink.
        background = int(middle)
    else:
        # Strokes on nothing.
        light = ink == "light" or (ink == "auto" and middle >= 128)
        background = 0 if light else 255
    weight = alpha.astype(np.uint16)
    mixed = (grey * weight + background * (255 - weight) + 127) // 255
    return mixed.astype(np.uint8)
