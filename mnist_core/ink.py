"""Pixels to ink: where was something written, and how strongly?

A drawing made on a screen knows its ink: the background is one colour, and everything that differs
from it is ink. A photograph does not: paper is unevenly lit and grainy, so the ink is what stands
out from its surroundings. Both end in the same map: 0 is background, 255 full ink.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Ink", "InkMap", "ink_map"]

Ink = Literal["auto", "light", "dark"]

# A contrast that cannot be seen is no ink (of 255).
_MIN_CONTRAST = 24
# A drawing has one colour of background on at least this share of its pixels …
_DRAWN_BACKGROUND = 0.35
# … and next to nothing that almost has it, as grain, shadows and JPEG blocks would.
_ALMOST, _DRAWN_GRAIN = 16, 0.25
# Contrast below this is rounding, not ink, even in a drawing.
_DRAWN_FLOOR = 3
# In a photograph, ink stands out by this much (of 255) and by so many times the paper's grain.
_MIN_RELIEF, _GRAINS, _MAX_GRAIN = 17, 4.5, 40
# Photographs are blurred by so many pixels first; in their middle, a square of this side tells how
# noisy they are.
_BLUR, _GRAIN_SIDE = 0.8, 400
# Every so many pixels tell the statistics of a photograph.
_SAMPLE = 4
# Fits of the surface of light, each without what the last one found to be ink.
_SURFACE_FITS = 3
# The side to which a photograph is shrunk to find how it was lit.
_LIGHT_SIDE = 192


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
    drawn = _drawn_ink(image, ink)
    if drawn is not None:
        return InkMap(ink=drawn, drawn=True)
    return InkMap(ink=_photographed_ink(_grey(image), ink), drawn=False)


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _flatten_alpha(image: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8]:
    """Put an RGBA image on a background that its ink stands out from."""
    alpha = image[:, :, 3]
    if alpha.min() == 255:
        return cv2.cvtColor(image, cv2.COLOR_RGBA2RGB)
    if alpha.max() == 0:
        return np.zeros(alpha.shape, np.uint8)
    grey = _grey(cv2.cvtColor(image, cv2.COLOR_RGBA2RGB))
    solid = grey[alpha >= 128] if alpha.max() >= 128 else grey[alpha > 0]
    low, middle, high = np.percentile(solid, (5, 50, 95))
    if high - low > 64 and len(solid) > alpha.size / 2:
        # A picture with holes: they take the colour of what is around the ink.
        background = int(middle)
    else:
        # Strokes on nothing.
        light = ink == "light" or (ink == "auto" and middle >= 128)
        background = 0 if light else 255
    weight = alpha.astype(np.uint16)
    mixed = (grey * weight + background * (255 - weight) + 127) // 255
    return mixed.astype(np.uint8)


def _drawn_ink(image: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8] | None:
    """The ink of a drawing made on a screen; None for anything else."""
    # How far each level is from that of the background, as a table for OpenCV: its arithmetic would
    # take an image of up to four pixels for a scalar.
    if ink == "auto":
        # The largest of the channels' differences: a blue pen on red is ink, though both are dark.
        parts = [cv2.LUT(c, _distances(_commonest(c))) for c in cv2.split(image)]
        contrast = reduce(cv2.max, parts)
    else:
        grey = _grey(image)
        contrast = cv2.LUT(grey, _distances(_commonest(grey), ink))
    counts = cv2.calcHist([contrast], [0], None, [256], [0, 256]).ravel()
    top = int(np.flatnonzero(counts)[-1])
    # Within the floor it is background: enlarging a drawing leaves ripples of a level or two.
    same, almost = counts[: _DRAWN_FLOOR + 1].sum(), counts[_DRAWN_FLOOR + 1 : _ALMOST].sum()
    strong = counts[max(top // 3, 1) :].sum()
    if same < _DRAWN_BACKGROUND * contrast.size:
        return None
    if top < _MIN_CONTRAST:
        return np.zeros(contrast.shape, np.uint8)
    if almost > _DRAWN_GRAIN * strong:
        return None
    # The strongest contrast is full ink, whatever the pen's colour.
    full = np.rint(np.arange(256) * (255 / top)).clip(0, 255).astype(np.uint8)
    full[: _DRAWN_FLOOR + 1] = 0
    return cv2.LUT(contrast, full)


def _commonest(channel: NDArray[np.uint8]) -> int:
    return int(np.argmax(cv2.calcHist([channel], [0], None, [256], [0, 256])))


def _distances(level: int, ink: Ink = "auto") -> NDArray[np.uint8]:
    """The contrast of every level with this one, on the side of the ink only."""
    distance = np.arange(256) - level
    distance = {"auto": np.abs(distance), "light": distance, "dark": -distance}[ink]
    return distance.clip(0).astype(np.uint8)


def _photographed_ink(grey: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8]:
    """The ink of a photograph, scan or video frame."""
    height, width = grey.shape
    blank = np.zeros((height, width), np.uint8)
    if min(height, width) < 3:
        return blank
    light = _illumination(grey)
    difference = cv2.GaussianBlur(grey, (0, 0), _BLUR).astype(np.float32) - light
    # Ink takes a share of the light, wherever the light is weak or strong …
    relief = difference * (np.float32(255) / np.maximum(light, np.float32(32)))
    if ink == "auto":
        ink = "light" if _skewness(relief) > 0 else "dark"
    if ink == "dark":
        difference, relief = -difference, -relief
    contrast = np.clip(relief, 0, 255)
    otsu, _ = cv2.threshold(contrast.astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    threshold = max(otsu, _MIN_RELIEF)
    # … but grain is as strong in the shade. A digit that fills its picture must not be taken for
    # grain: beyond a limit, only what is fine is grain.
    spread = 1.4826 * float(np.median(np.abs(difference[::_SAMPLE, ::_SAMPLE])))
    grain = min(_GRAINS * spread, max(_MAX_GRAIN, _GRAINS * _fine_grain(grey)))
    certain = (contrast > threshold) & (difference > grain)
    if not certain.any():
        return blank
    # Full ink is what the certain pixels mostly are; the edge of a stroke fades to half of the
    # threshold, but only where it hangs on to certain ink.
    full = float(np.median(contrast[certain]))
    floor, top = threshold / 2, max(full, threshold)
    soft = np.clip((contrast - floor) * (255 / (top - floor)), 0, 255)
    near = cv2.dilate(certain.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(near > 0, soft, 0).astype(np.uint8)


def _illumination(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How bright the empty paper is at each pixel.

    A smooth surface takes up the fall of the light, so that the median of a wide surrounding, which
    takes up the rest, is not pulled aside where that surrounding ends: at the border.
    """
    height, width = grey.shape
    scale = min(1.0, _LIGHT_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    surface = _smooth_surface(small)
    even = np.clip(small * (128 / surface), 0, 255).astype(np.uint8)
    window = min(255, max(3, max(size) // 2 | 1))
    border = window // 2
    even = cv2.copyMakeBorder(even, border, border, border, border, cv2.BORDER_REFLECT)
    median = cv2.medianBlur(even, window)[border : border + size[1], border : border + size[0]]
    light = surface * median.astype(np.float32) * np.float32(1 / 128)
    return cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)


def _smooth_surface(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The quadratic surface nearest to most of the pixels, at least 16."""
    height, width = grey.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    points, levels = terms[::_SAMPLE, ::_SAMPLE].reshape(-1, 6), grey[::_SAMPLE, ::_SAMPLE].ravel()
    kept = np.ones(len(levels), bool)
    weights = np.zeros(6, np.float32)
    for _ in range(_SURFACE_FITS):
        weights = np.linalg.lstsq(points[kept], levels[kept], rcond=None)[0]
        error = np.abs(points @ weights - levels)
        # Ink lies off the surface: leave out what is further off than usual.
        kept = error <= max(2.5 * float(np.median(error)), 2.0)
    return np.maximum(terms @ weights, 16)


def _fine_grain(grey: NDArray[np.uint8]) -> float:
    """The standard deviation of pixel noise, as the blur leaves it (J. Immerkær, 1996)."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    top, left = (max(0, (side - _GRAIN_SIDE) // 2) for side in grey.shape)
    middle = grey[top : top + _GRAIN_SIDE, left : left + _GRAIN_SIDE]
    noise = float(np.median(np.abs(cv2.filter2D(middle, cv2.CV_32F, mask)))) * 1.4826 / 6
    return noise / (2 * np.sqrt(np.pi) * _BLUR)


def _skewness(values: NDArray[np.float32]) -> float:
    """The sign tells on which side of the paper's grey the rare, strong values lie."""
    values = values[::_SAMPLE, ::_SAMPLE]
    values = values - np.median(values)
    return float((values * values * values).mean())  # a power of 3 is 200 times as slow
