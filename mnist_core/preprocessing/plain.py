"""The ink on a plain background: everything that is lighter, or darker, than the image's border.

The simplest way to find ink, and the safest for small or compressed images, in which `photo` cannot
measure the illumination. Polarity is not measured: both are tried, and recognition decides (see
`mnist_core.inference.selection`).
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from mnist_core.preprocessing.components import label_type
from mnist_core.preprocessing.drawing import MIN_CONTRAST
from mnist_core.preprocessing.grey import Image

__all__ = ["plain_ink"]

# The border is plain if its spread (1.4826 times the median absolute deviation) is at most this
# share of the full contrast. Of 480 simulated frames of hands, faces, textures and empty paper, 0.1
# adds no number to those that are read in them; without the limit, 12 are added.
_MAX_SPREAD = 0.1
# Full ink is the 99th percentile of the contrast, but at least this share of its maximum.
_FULL_PERCENTILE, _MIN_FULL = 99, 0.8
# Hysteresis, in levels of 255: pixels above the first are ink if they are connected to pixels above
# the second; they keep the soft edge of one pixel around them above the third (JPEG artifacts).
_WEAK, _STRONG, _SOFT = 50, 110, 12


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
    highest = float(contrast.max())
    if highest < MIN_CONTRAST or spread > _MAX_SPREAD * highest:
        return np.zeros_like(grey)  # most photographs: the percentile would take ten times as long
    full = max(float(np.percentile(contrast, _FULL_PERCENTILE)), _MIN_FULL * highest)
    if full < MIN_CONTRAST or spread > _MAX_SPREAD * full:
        return np.zeros_like(grey)
    levels = np.minimum(contrast * (255 / full), 255).astype(np.uint8)
    weak = (levels >= _WEAK).view(np.uint8)
    count, labels = cv2.connectedComponents(weak, ltype=label_type(weak.shape))
    keep = np.zeros(count, np.uint8)
    keep[labels[levels >= _STRONG]] = 1
    keep[0] = 0
    near = cv2.dilate(np.take(keep, labels), np.ones((3, 3), np.uint8))
    levels[(near == 0) | (levels < _SOFT)] = 0
    return levels
