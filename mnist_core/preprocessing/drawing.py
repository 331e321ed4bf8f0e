"""The ink of drawings made on a screen: the background is one color, the rest is ink."""

from __future__ import annotations

from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.grey import Ink, as_grey, histogram, noise

__all__ = ["drawn_ink"]

# A contrast that cannot be seen is no ink (of 255).
_MIN_CONTRAST = 24
# A drawing has one color of background on at least this share of its pixels …
_DRAWN_BACKGROUND = 0.35
# … so many of them exactly …
_DRAWN_EXACTLY = 0.6
# … and next to nothing that almost has it, as grain, shadows and JPEG blocks would.
_ALMOST, _DRAWN_GRAIN = 16, 0.25
# A blurred drawing has less of its background and more that almost has it. But that one level is
# on so many pixels, so many times as often as any level near it …
_BLURRED_BACKGROUND, _SPIKE = 0.08, 4
# … the ink lies on one side of it, but for so many ripples …
_OTHER_SIDE = 0.05
# … and what almost has it fades without grain: no more than rounding leaves (of 255).
_SMOOTH_GRAIN = 0.75
# The edge of a blurred stroke runs between these shares of its contrast: a blur is symmetric.
_BLURRED_EDGE = (0.2, 0.8)
# Contrast below this is rounding, not ink, even in a drawing.
_DRAWN_FLOOR = 3


def drawn_ink(image: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8] | None:
    """The ink of a drawing made on a screen; None for anything else.

    Args:
        image: (h, w) or (h, w, 3) RGB, uint8.
        ink: "light" or "dark" against its background; "auto" finds out.

    Returns:
        (h, w) uint8: 0 is background, 255 the strongest ink.
    """
    # How far each level is from that of the background, as a table for OpenCV: its arithmetic would
    # take an image of up to four pixels for a scalar.
    if ink == "auto" and image.ndim == 3:
        # The largest of the channels' differences: a blue pen on red is ink, though both are dark.
        channels = cv2.split(image)
        parts = [cv2.LUT(c, _distances(int(np.argmax(histogram(c))), ink)) for c in channels]
        contrast = reduce(cv2.max, parts)
        counts, levels = histogram(contrast), None
    else:
        grey = as_grey(image)
        levels = histogram(grey)
        distances = _distances(int(np.argmax(levels)), ink)
        contrast = cv2.LUT(grey, distances)
        counts = np.bincount(distances, weights=levels, minlength=256).astype(np.float32)
    top = int(np.flatnonzero(counts)[-1])
    # Within the floor it is background: enlarging a drawing leaves ripples of a level or two.
    same, almost = counts[: _DRAWN_FLOOR + 1].sum(), counts[_DRAWN_FLOOR + 1 : _ALMOST].sum()
    strong = counts[max(top // 3, 1) :].sum()
    plain = same >= _DRAWN_BACKGROUND * contrast.size and counts[0] >= _DRAWN_EXACTLY * same
    if plain and top < _MIN_CONTRAST:
        return np.zeros(contrast.shape, np.uint8)
    # The strongest contrast is full ink, whatever the pen's color.
    shares = np.arange(256) / top
    if not (plain and almost <= _DRAWN_GRAIN * strong):
        if top < _MIN_CONTRAST or not _is_smooth(as_grey(image), levels, contrast):
            return None
        low, high = _BLURRED_EDGE
        shares = (shares - low) / (high - low)
    full = np.rint(shares.clip(0, 1) * 255).astype(np.uint8)
    full[: _DRAWN_FLOOR + 1] = 0
    return cv2.LUT(contrast, full)


def _is_smooth(
    grey: NDArray[np.uint8], levels: NDArray[np.float32] | None, contrast: NDArray[np.uint8]
) -> bool:
    """Is this a drawing whose strokes fade into one level of background, without any grain?

    So do drawings that were enlarged or blurred. The light on paper varies to both sides of its
    commonest level, and a sensor is never without noise.

    Args:
        grey: (h, w) uint8.
        levels: its histogram, where it is known.
        contrast: (h, w) uint8: how far each pixel is from the background.
    """
    counts = histogram(grey) if levels is None else levels
    level = int(np.argmax(counts))
    near = counts[max(0, level - _ALMOST) : level + _ALMOST + 1].copy()
    near[min(level, _ALMOST)] = 0
    if counts[level] < max(_BLURRED_BACKGROUND * grey.size, _SPIKE * near.max()):
        return False
    below, above = counts[: max(0, level - _DRAWN_FLOOR)].sum(), counts[level + _DRAWN_FLOOR + 1 :]
    if min(below, above.sum()) > _OTHER_SIDE * grey.size:
        return False
    fading = ((contrast > _DRAWN_FLOOR) & (contrast < _ALMOST)).view(np.uint8)
    return not fading.any() or noise(grey, fading) <= _SMOOTH_GRAIN


def _distances(level: int, ink: Ink) -> NDArray[np.uint8]:
    """The contrast of every level with this one, on the side of the ink only."""
    distance = np.arange(256) - level
    distance = {"auto": np.abs(distance), "light": distance, "dark": -distance}[ink]
    return distance.clip(0).astype(np.uint8)
