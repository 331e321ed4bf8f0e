"""Pixels to ink: where was something written, and how strongly?

A drawing made on a screen knows its ink: the background is one colour, and everything that differs
from it is ink. A photograph does not: paper is unevenly lit and grainy, so the ink is what stands
out from its surroundings. Both end in the same map: 0 is background, 255 full ink.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from types import EllipsisType
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.levels import median
from mnist_core.ruling import erase_rulings

__all__ = ["Ink", "InkMap", "ink_map"]

Ink = Literal["auto", "light", "dark"]

# A contrast that cannot be seen is no ink (of 255).
_MIN_CONTRAST = 24
# A drawing has one colour of background on at least this share of its pixels …
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
# In a photograph, ink stands out by this much (of 255) and by so many times the paper's grain.
_MIN_RELIEF, _GRAINS, _MAX_GRAIN = 17, 4.5, 40
# Ink of this share of that, or more, is ink where it hangs on to such ink.
_WEAK = 0.5
# Grain can make a pixel or two as dark as ink, but not so many side by side.
_SEED = 6
# What lies within half so many pixels of a ruled line, by more than this share, is left of it.
_CRUMB, _CRUMBS = 5, 0.6
# Photographs are blurred by so many pixels first, or more; in their middle, a square of this side
# tells how noisy they are.
_BLUR, _GRAIN_SIDE = 0.8, 400
# Noise of so many levels is blurred by a pixel, and no photograph by more than this share of its
# longer side.
_NOISE_BLURRED, _MAX_BLUR = 1.5, 0.002
# Every so many pixels tell the statistics of a photograph.
_SAMPLE = 4
# The side to which a photograph is shrunk to find which of ink and paper is the lighter …
_LIGHT_SIDE = 192
# … by means over so many scales, each twice the one before …
_POLARITY_SCALES = 4
# … and how bright the paper is; no stroke is wider than this share of it.
_PAPER_SIDE, _STROKE = 480, 0.2
# A median of so many pixels takes grain out of that, and leaves edges where they are.
_PAPER_MEDIAN = 5


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
    plain = same >= _DRAWN_BACKGROUND * contrast.size and counts[0] >= _DRAWN_EXACTLY * same
    if plain and top < _MIN_CONTRAST:
        return np.zeros(contrast.shape, np.uint8)
    # The strongest contrast is full ink, whatever the pen's colour.
    shares = np.arange(256) / top
    if not (plain and almost <= _DRAWN_GRAIN * strong):
        if top < _MIN_CONTRAST or not _is_smooth(_grey(image), contrast):
            return None
        low, high = _BLURRED_EDGE
        shares = (shares - low) / (high - low)
    full = np.rint(shares.clip(0, 1) * 255).astype(np.uint8)
    full[: _DRAWN_FLOOR + 1] = 0
    return cv2.LUT(contrast, full)


def _is_smooth(grey: NDArray[np.uint8], contrast: NDArray[np.uint8]) -> bool:
    """Is this a drawing whose strokes fade into one level of background, without any grain?

    So do drawings that were enlarged or blurred. The light on paper varies to both sides of its
    commonest level, and a sensor is never without noise.
    """
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()
    level = int(np.argmax(counts))
    near = counts[max(0, level - _ALMOST) : level + _ALMOST + 1].copy()
    near[min(level, _ALMOST)] = 0
    if counts[level] < max(_BLURRED_BACKGROUND * grey.size, _SPIKE * near.max()):
        return False
    below, above = counts[: max(0, level - _DRAWN_FLOOR)].sum(), counts[level + _DRAWN_FLOOR + 1 :]
    if min(below, above.sum()) > _OTHER_SIDE * grey.size:
        return False
    fading = (contrast > _DRAWN_FLOOR) & (contrast < _ALMOST)
    return not fading.any() or _noise(grey, fading) <= _SMOOTH_GRAIN


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
    if ink == "auto":
        ink = _polarity(grey)
    light = _paper(grey, ink)
    noise = _fine_grain(grey)
    blur = _blur(noise, max(grey.shape))
    blurred = cv2.GaussianBlur(grey, (0, 0), blur).astype(np.float32)
    difference = light - blurred if ink == "dark" else blurred - light
    # Ink takes a share of the light, wherever the light is weak or strong …
    contrast = np.clip(difference * (np.float32(255) / np.maximum(light, np.float32(32))), 0, 255)
    threshold = _ink_threshold(contrast)
    ruled = erase_rulings(contrast.astype(np.uint8), threshold / 2)
    if ruled is not None:
        contrast[ruled] = 0
        # Printed lines can be much darker than the pen.
        threshold = _ink_threshold(contrast)
    # … but grain is as strong in the shade. A digit that fills its picture must not be taken for
    # grain: beyond a limit, only what is fine is grain.
    spread = 1.4826 * float(np.median(np.abs(difference[::_SAMPLE, ::_SAMPLE])))
    fine = noise / (2 * np.sqrt(np.pi) * blur)  # as the blur leaves it
    grain = min(_GRAINS * spread, max(_MAX_GRAIN, _GRAINS * fine))
    certain = (contrast > threshold) & (difference > grain)
    weak = (contrast > max(_WEAK * threshold, _MIN_RELIEF)) & (difference > grain)
    certain &= weak
    if not certain.any():
        return blank
    inked = _grown(certain, weak, ruled)
    # Full ink is what the certain pixels mostly are; the edge of a stroke fades to half of the
    # threshold, but only where it hangs on to certain ink.
    full = float(np.median(contrast[certain]))
    floor, top = threshold / 2, max(full, threshold)
    soft = np.clip((contrast - floor) * (255 / (top - floor)), 0, 255)
    near = cv2.dilate(inked.view(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(near > 0, soft, 0).astype(np.uint8)


def _grown(
    certain: NDArray[np.bool_], weak: NDArray[np.bool_], ruled: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """The weak ink that hangs on to certain ink, without the crumbs of ruled lines.

    One pen writes lighter and darker, most of all where strokes cross (hysteresis: J. Canny, 1986).
    """
    count, labels = cv2.connectedComponents(weak.view(np.uint8))
    kept = np.bincount(labels[certain], minlength=count) >= _SEED
    if ruled is not None:
        beside = cv2.dilate(ruled.view(np.uint8), np.ones((_CRUMB, _CRUMB), np.uint8)) > 0
        sizes = np.bincount(labels[weak], minlength=count)
        kept &= np.bincount(labels[weak & beside], minlength=count) <= sizes * _CRUMBS
    kept[0] = False
    return kept[labels]


def _ink_threshold(contrast: NDArray[np.float32]) -> float:
    """The contrast that parts ink from paper (N. Otsu, 1979)."""
    otsu, _ = cv2.threshold(contrast.astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    return max(float(otsu), _MIN_RELIEF)


def _polarity(grey: NDArray[np.uint8]) -> Ink:
    """Is the ink lighter or darker than the paper?

    Where a stroke is, a narrow mean of the picture differs from a wider one, by more than beside
    it; at the edge of a shadow they differ by as much on either side. So the sign of the cubes of
    the differences tells, over strokes of all widths (differences of Gaussians of the logarithm:
    light multiplies).
    """
    level = np.log(_shrunk(grey, _LIGHT_SIDE).astype(np.float32) + 16)
    narrow, skew = cv2.GaussianBlur(level, (0, 0), 1), 0.0
    for _ in range(_POLARITY_SCALES):
        # Twice as wide, then half as large: the next scale is as quick as the first (P. Burt and
        # E. Adelson, "The Laplacian Pyramid as a Compact Image Code", 1983).
        wide = cv2.GaussianBlur(narrow, (0, 0), np.sqrt(3))
        difference = narrow - wide
        square = difference * difference
        skew += float((square * difference).mean()) / max(float(square.mean()) ** 1.5, 1e-12)
        narrow = _shrunk(wide, max(1, max(wide.shape) // 2))
    return "light" if skew > 0 else "dark"


def _paper(grey: NDArray[np.uint8], ink: Ink) -> NDArray[np.float32]:
    """How bright the empty paper is at each pixel: what closing leaves, which fills in strokes.

    The edge of a shadow stays where it is, as it would not with a mean or a median. (Top-hat
    transform: F. Meyer, 1979.)
    """
    small = _shrunk(grey, _PAPER_SIDE)
    small = cv2.medianBlur(small, _PAPER_MEDIAN) if min(small.shape) > _PAPER_MEDIAN else small
    window = max(3, round(_STROKE * max(small.shape)) | 1)
    dark = ink == "dark"
    closing = cv2.MORPH_CLOSE if dark else cv2.MORPH_OPEN
    # Light that falls towards the border goes on beyond it.
    border = window // 2
    wide = cv2.copyMakeBorder(small, border, border, border, border, cv2.BORDER_REPLICATE)
    paper = cv2.morphologyEx(wide, closing, np.ones((window, window), np.uint8))
    paper = paper[border:-border, border:-border]
    # Of grain, closing leaves the peaks.
    peaks = median(cv2.absdiff(paper, small)) * (1 if dark else -1)
    # Shrinking has blurred the edge of a shadow: beside it, the paper is as dark as can be.
    slack = np.ones((3, 3), np.uint8)
    paper = cv2.erode(paper, slack) if dark else cv2.dilate(paper, slack)
    light = paper.astype(np.float32) - peaks
    return cv2.resize(light, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _shrunk(grey: NDArray[Any], side: int) -> NDArray[Any]:
    """The image with its longer side no longer than that."""
    height, width = grey.shape
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _fine_grain(grey: NDArray[np.uint8]) -> float:
    """The standard deviation of pixel noise."""
    top, left = (max(0, (side - _GRAIN_SIDE) // 2) for side in grey.shape)
    middle = grey[top : top + _GRAIN_SIDE, left : left + _GRAIN_SIDE]
    return _noise(middle, ...)


def _blur(noise: float, side: int) -> float:
    """How far to blur a photograph: the noisier, the further, but not so far as to fill loops."""
    return float(np.clip(noise / _NOISE_BLURRED, _BLUR, max(_BLUR, _MAX_BLUR * side)))


def _noise(grey: NDArray[np.uint8], where: NDArray[np.bool_] | EllipsisType) -> float:
    """The standard deviation of pixel noise, from second differences (J. Immerkær, "Fast Noise
    Variance Estimation", 1996), with their median in the place of their mean.
    """
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    # Whole numbers: eight bits hold more noise than any picture has.
    differences = cv2.convertScaleAbs(cv2.filter2D(grey, cv2.CV_16S, mask))[where]
    return median(differences) * 1.4826 / 6
