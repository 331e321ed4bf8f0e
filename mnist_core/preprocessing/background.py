"""Is there even paper around a digit? Distinguishes ink from what only looks like it.

Paper continues evenly beside a pen stroke, in even light. In the gap between two fingers or at the
edge of a face, the brightness beside a dark line varies by as much as the line itself.
"""

from __future__ import annotations

import cv2
import numpy as np

from mnist_core.preprocessing.components import Box
from mnist_core.preprocessing.grey import Image, scaled_size

__all__ = ["background_unevenness"]

# The digit is shrunk so that its longer side has this many pixels; in pixels of that size, its
# background reaches this far, without the pixels next to the ink, where the ink fades.
_SIDE, _REACH, _FADING = 48, 6, 2
# Residuals count without this share at both ends: a ruled line that runs past is on fewer pixels.
_TAIL = 0.1
# Fewer background pixels are not enough to measure it.
_MIN_PIXELS = 20


def background_unevenness(grey: Image, ink: Image, box: Box) -> float:
    """Measure how uneven the background of a digit is, as a share of the ink's contrast.

    A plane is fitted to the brightness around the ink, because light falls off over paper. The
    spread of the residuals is divided by the difference between ink and background.

    Args:
        grey: (h, w) uint8, the image.
        ink: (h, w) uint8, not 0 for ink, the digit's and all other.
        box: (left, top, width, height) of the digit in pixels of both.

    Returns:
        About 0.1 for a pen on paper, below 1 in bad light, 1 and more where nothing was written.
        Infinity if the digit has too little background.
    """
    left, top, width, height = box
    scale = min(1.0, _SIDE / max(width, height))
    reach = round(_REACH / scale)
    x, y = max(0, left - reach), max(0, top - reach)
    window = slice(y, top + height + reach), slice(x, left + width + reach)
    brightness, all_ink = grey[window], ink[window]
    own_ink = np.zeros_like(all_ink)
    inside = slice(top - y, top - y + height), slice(left - x, left - x + width)
    own_ink[inside] = all_ink[inside]
    if scale < 1:
        size = scaled_size(own_ink.shape, scale)
        brightness, all_ink, own_ink = (
            cv2.resize(part, size, interpolation=cv2.INTER_AREA)
            for part in (brightness, all_ink, own_ink)
        )
    # Pixel noise must not count as unevenness.
    brightness = cv2.GaussianBlur(brightness, (3, 3), 0)
    near_ink = cv2.dilate(all_ink, _square(_FADING))
    rows, columns = np.nonzero(cv2.dilate(own_ink, _square(_REACH)) > near_ink)
    if len(rows) < _MIN_PIXELS:
        return float("inf")
    background = brightness[rows, columns].astype(np.float64)
    plane = np.stack([columns, rows, np.ones(len(rows))])
    # Pixels in one line do not define a plane: a small ridge selects the flattest.
    normal = plane @ plane.T + 1e-6 * np.eye(3)
    _, weights = cv2.solve(normal, (plane @ background)[:, np.newaxis])
    low, high = int(_TAIL * len(rows)), int((1 - _TAIL) * len(rows))
    residuals = np.partition(background - weights[:, 0] @ plane, (low, high))
    spread = residuals[high] - residuals[low]
    mostly_ink = (own_ink > 255 / 2).view(np.uint8)  # a shrunk pixel has a share of it
    contrast = abs(background.mean() - cv2.mean(brightness, mostly_ink)[0])
    return float(spread / max(contrast, 1e-3))


def _square(reach: int) -> Image:
    """A structuring element that reaches this many pixels to each side."""
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
