"""The ink on a plain background: everything that is lighter, or darker, than the image's border.

The simplest way to find ink, and the safest for small or compressed images, in which `photo` cannot
measure the illumination. Polarity is not measured: both are tried, and recognition decides (see
`mnist_core.inference.selection`).
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from mnist_core.preprocessing.drawing import MIN_CONTRAST
from mnist_core.preprocessing.grey import SOFT_EDGE, Image, binarize

__all__ = ["plain_ink"]

# The border is plain if its spread (1.4826 times the median absolute deviation) is at most this
# share of the full contrast. Of 480 simulated frames of hands, faces, textures and empty paper, 0.1
# adds no number to those that are read in them; without the limit, 12 are added.
_MAX_SPREAD = 0.1


def plain_ink(grey: Image, ink: Literal["light", "dark"]) -> Image:
    """Find the ink that contrasts with the border of an image.

    Args:
        grey: (h, w) uint8.
        ink: "light" or "dark" against the border.

    Returns:
        (h, w) uint8, from 0 for background to 255 for full ink; all 0 if the border is not plain.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float32)
    background = float(np.median(border))
    difference = grey.astype(np.float32) - background
    contrast = np.maximum(difference if ink == "light" else -difference, 0)
    spread = 1.4826 * float(np.median(np.abs(border - background)))
    full = float(contrast.max())
    if full < MIN_CONTRAST or spread > _MAX_SPREAD * full:
        return np.zeros_like(grey)
    levels = (contrast * (255 / full)).astype(np.uint8)
    # A stroke keeps its soft edge of one pixel.
    near = cv2.dilate(binarize(levels, SOFT_EDGE - 1), np.ones((3, 3), np.uint8))
    return cv2.min(levels, near)
