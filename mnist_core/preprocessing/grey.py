"""Grey images: their histogram, median and noise, and how to shrink them."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SOFT_EDGE",
    "Image",
    "Ink",
    "Mask",
    "binarize",
    "estimate_noise",
    "histogram",
    "median",
    "scaled_size",
    "shrink",
    "to_grey",
]

# Levels from 0 to 255, and True or False; (h, w) unless stated otherwise.
Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Whether the ink is lighter or darker than its background; "auto" measures it.
Ink = Literal["auto", "light", "dark"]

# Ink below this level, of 255, is the soft edge of a stroke: it is kept, but it neither connects
# strokes nor widens boxes. (48 reproduced enlarged MNIST digits best of the levels tried.)
SOFT_EDGE = 48

_SECOND_DIFFERENCES = np.array([1, -2, 1], np.float32)


def to_grey(image: Image) -> Image:
    """Convert (h, w) grey or (h, w, 3) RGB to (h, w) grey."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def binarize(levels: Image, limit: float) -> Image:
    """Return 255 where a level is above the limit, else 0."""
    return cv2.threshold(levels, limit, 255, cv2.THRESH_BINARY)[1]


def histogram(levels: Image, mask: Image | None = None) -> NDArray[np.float32]:
    """Count how often each of the 256 levels occurs.

    Args:
        levels: (h, w) uint8.
        mask: (h, w) uint8; only pixels where it is not 0 count.

    Returns:
        (256,) float32.
    """
    counts: NDArray[np.float32] = cv2.calcHist([levels], [0], mask, [256], [0, 256])
    return counts.ravel()


def median(levels: Image, mask: Image | None = None) -> float:
    """Return the median of 8-bit levels, 0 to 255, ten times as fast as NumPy does.

    Args:
        levels: (h, w) uint8, at least one pixel.
        mask: (h, w) uint8, at least one pixel not 0; only those count.
    """
    cumulated = np.cumsum(histogram(np.ascontiguousarray(levels), mask), dtype=np.float64)
    lower, upper = np.searchsorted(cumulated, [cumulated[-1] / 2, cumulated[-1] / 2 + 0.5])
    return float(lower + upper) / 2


def estimate_noise(grey: Image, mask: Image | None = None) -> float:
    """Estimate the standard deviation of the pixel noise, in levels of 255.

    From second differences (J. Immerkær, "Fast Noise Variance Estimation", 1996), with their median
    instead of their mean.

    Args:
        grey: (h, w) uint8.
        mask: (h, w) uint8, at least one pixel not 0; only those count.
    """
    kernel = _SECOND_DIFFERENCES
    # Clipping to eight bits loses nothing: no image has that much noise.
    differences = cv2.convertScaleAbs(cv2.sepFilter2D(grey, cv2.CV_16S, kernel, kernel))
    return median(differences, mask) * 1.4826 / 6


def scaled_size(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """Return (width, height), as OpenCV wants it, of a scaled image; at least one pixel each."""
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def shrink(image: NDArray[Any], max_side: int) -> tuple[NDArray[Any], float]:
    """Shrink an image, (h, w) or (h, w, channels), until its longer side is at most `max_side` px.

    Returns:
        The image, and the scale, at most 1; at 1 it is the same array.
    """
    scale = min(1.0, max_side / max(image.shape[:2]))
    if scale < 1:
        size = scaled_size(image.shape, scale)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return image, scale
