"""Is there paper around it? What tells ink from the gap between two fingers, or the edge of a face.

A pen leaves its mark on something that goes on evenly beside it, in an even light. Where two
things meet, or where something is round, the brightness beside a dark line differs by as much as
the line itself.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.segmentation import Box

__all__ = ["background_nonuniformity"]

# What is looked at is shrunk to so many pixels, its surroundings reach so far beyond it, and so
# much beside the ink is left out: that is where the ink fades.
_SIDE, _REACH, _FADING = 48, 6, 2
# The middle of the residuals tells: a ruled line that runs past is on fewer of the pixels.
_LOW, _HIGH = 0.1, 0.9
# A shrunk pixel from here on is mostly ink.
_INK = 127
# Fewer pixels around it tell nothing.
_FEWEST = 20


def background_nonuniformity(grey: NDArray[np.uint8], ink: NDArray[np.uint8], box: Box) -> float:
    """How uneven it is around a digit, as a share of the ink's contrast.

    A plane is fitted to the brightness around the ink, as light falls off over paper; what is left
    is compared with how much the ink differs from it.

    Args:
        grey: (h, w) uint8: the picture.
        ink: (h, w) uint8, not 0 where there is ink: the digit's and all other.
        box: (left, top, width, height) of the digit in pixels of both.

    Returns:
        About 0.1 for a pen on paper, below 1 in bad light; 1 and more where nothing was written.
        Infinity where there is too little around the digit to tell.
    """
    left, top, width, height = box
    scale = min(1.0, _SIDE / max(width, height))
    reach = round(_REACH / scale)
    x, y = max(0, left - reach), max(0, top - reach)
    right, bottom = left + width + reach, top + height + reach
    picture, inked = grey[y:bottom, x:right], ink[y:bottom, x:right]
    own = np.zeros_like(inked)
    inside = slice(top - y, top - y + height), slice(left - x, left - x + width)
    own[inside] = inked[inside]
    if scale < 1:
        size = (max(1, round(own.shape[1] * scale)), max(1, round(own.shape[0] * scale)))
        picture, inked, own = (
            cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (picture, inked, own)
        )
    # Grain is no unevenness.
    picture = cv2.GaussianBlur(picture, (3, 3), 0)
    near = cv2.dilate(inked, _square(_FADING))
    rows, columns = np.nonzero(cv2.dilate(own, _square(_REACH)) > near)
    if len(rows) < _FEWEST:
        return float("inf")
    brightness = picture[rows, columns].astype(np.float64)
    plane = np.stack([columns, rows, np.ones(len(rows))])
    # A line of pixels has no plane of its own: the least one is taken then.
    _, weights = cv2.solve(plane @ plane.T + 1e-6 * np.eye(3), (plane @ brightness)[:, np.newaxis])
    low, high = int(_LOW * len(rows)), int(_HIGH * len(rows))
    left_over = np.partition(brightness - weights[:, 0] @ plane, (low, high))
    spread = left_over[high] - left_over[low]
    written = (own > _INK).view(np.uint8)
    contrast = abs(brightness.mean() - cv2.mean(picture, written)[0])
    return float(spread / max(contrast, 1e-3))


def _square(reach: int) -> NDArray[np.uint8]:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
