"""The ink of drawings made on a screen: everything that differs from the one background color.

The contrast of a pixel is its distance from the background, 0 to 255 levels. An image is a drawing
if its background is plain, or if strokes fade into it smoothly, as in a drawing that was blurred or
enlarged. Everything else is left to `photo`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.grey import Image, Ink, estimate_noise, histogram, to_grey

__all__ = ["MIN_CONTRAST", "Drawing", "find_drawing"]

# Levels of contrast up to this are rounding, also after enlarging, not ink …
_ROUNDING = 3
# … and less contrast than this, in levels, is invisible.
MIN_CONTRAST = 24
# A plain background covers at least this share of the pixels, this share of it exactly …
_MIN_BACKGROUND, _MIN_EXACT = 0.35, 0.6
# … and few pixels differ from it by fewer levels than this, as noise, shadows and JPEG blocks do:
# at most this share of those with at least a third of the strongest contrast.
_NEAR_BACKGROUND, _MAX_NEAR = 16, 0.25
# A blurred drawing has less plain background: at least this share of the pixels, but that one level
# is this many times as frequent as any level near it …
_MIN_BLURRED_BACKGROUND, _PEAK_RATIO = 0.08, 4
# … and the noise where strokes fade is at most this many levels, which rounding explains.
_MAX_NOISE = 0.75
# The edge of a blurred stroke, as shares of its contrast: a blur is symmetric.
_BLURRED_EDGE = (0.2, 0.8)


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """The ink of a drawing made on a screen.

    Attributes:
        ink: (h, w) uint8, from 0 for background to 255 for the strongest ink.
        blurred: strokes fade into the background; overexposed paper may look like that, too.
    """

    ink: Image
    blurred: bool


def find_drawing(image: Image, ink: Ink) -> Drawing | None:
    """Find the ink of a drawing made on a screen.

    Args:
        image: (h, w) or (h, w, 3) RGB, uint8.
        ink: "light" or "dark" against its background; "auto" measures it.

    Returns:
        The drawing; None if the image is not a drawing.
    """
    # By lookup table: OpenCV's arithmetic takes an image of up to four pixels for a scalar.
    if ink == "auto" and image.ndim == 3:
        # The largest of the channels' differences: a blue pen on red is ink, though both are dark.
        channels = cv2.split(image)
        parts = [cv2.LUT(c, _contrasts(int(np.argmax(histogram(c))), ink)) for c in channels]
        contrast = reduce(cv2.max, parts)
        counts, grey_counts = histogram(contrast), None
    else:
        grey = to_grey(image)
        grey_counts = histogram(grey)
        table = _contrasts(int(np.argmax(grey_counts)), ink)
        contrast = cv2.LUT(grey, table)
        counts = np.bincount(table, weights=grey_counts, minlength=256).astype(np.float32)
    strongest = int(np.flatnonzero(counts)[-1])
    background = counts[: _ROUNDING + 1].sum()
    near_background = counts[_ROUNDING + 1 : _NEAR_BACKGROUND].sum()
    strong = counts[max(strongest // 3, 1) :].sum()
    plain = background >= _MIN_BACKGROUND * contrast.size and counts[0] >= _MIN_EXACT * background
    if plain and strongest < MIN_CONTRAST:
        return Drawing(ink=np.zeros(contrast.shape, np.uint8), blurred=False)
    # The strongest contrast is full ink, whatever the pen's color.
    shares = np.arange(256) / strongest
    blurred = not (plain and near_background <= _MAX_NEAR * strong)
    if blurred:
        if strongest < MIN_CONTRAST or not _is_smooth(to_grey(image), grey_counts, contrast):
            return None
        low, high = _BLURRED_EDGE
        shares = (shares - low) / (high - low)
    full = np.rint(shares.clip(0, 1) * 255).astype(np.uint8)
    full[: _ROUNDING + 1] = 0
    return Drawing(ink=cv2.LUT(contrast, full), blurred=blurred)


def _is_smooth(grey: Image, counts: NDArray[np.float32] | None, contrast: Image) -> bool:
    """Do strokes fade into one background level without noise, as in a blurred drawing?

    In a photograph, the paper's brightness varies, and the sensor adds noise. `counts` is the
    histogram of `grey`, if known.
    """
    counts = histogram(grey) if counts is None else counts
    level = int(np.argmax(counts))
    near = counts[max(0, level - _NEAR_BACKGROUND) : level + _NEAR_BACKGROUND + 1].copy()
    near[min(level, _NEAR_BACKGROUND)] = 0
    if counts[level] < max(_MIN_BLURRED_BACKGROUND * grey.size, _PEAK_RATIO * near.max()):
        return False
    fading = ((contrast > _ROUNDING) & (contrast < _NEAR_BACKGROUND)).view(np.uint8)
    return not fading.any() or estimate_noise(grey, fading) <= _MAX_NOISE


def _contrasts(background: int, ink: Ink) -> Image:
    """The contrast of each of the 256 levels with the background, 0 on the side without ink."""
    distance = np.arange(256) - background
    distance = {"auto": np.abs(distance), "light": distance, "dark": -distance}[ink]
    return distance.clip(0).astype(np.uint8)
