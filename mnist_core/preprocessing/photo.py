"""The ink of photographs, scans and video frames: what stands out from the paper around it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.components import label_type
from mnist_core.preprocessing.grey import Ink, median, noise, shrunk
from mnist_core.preprocessing.ruled_lines import erase_rulings

__all__ = ["photographed_ink"]

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
# A blur reaches so many times as far.
_KERNEL = 2.5
# Weaker light than this (of 255) makes no stronger ink.
_WEAKEST_LIGHT = 32
# Every so many pixels tell the statistics of a photograph.
_SAMPLE = 4
# The side to which a photograph is shrunk to find which of ink and paper is the lighter (half of
# it, which is quick, but no less and no more than this) …
_LIGHT_SIDES = (96, 192)
# … by means over so many scales, each twice the one before …
_POLARITY_SCALES = 4
# … and how bright the paper is: half of it, but no less and no more than this; no stroke is wider
# than this share of it.
_PAPER_SIDES, _STROKE = (96, 480), 0.2
# A median of so many pixels takes grain out of that, and leaves edges where they are.
_PAPER_MEDIAN = 5
# Light multiplies; its logarithm adds.
_LOGARITHMS = np.log(np.arange(256) + 16).astype(np.float32)


def photographed_ink(grey: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8]:
    """The ink of a photograph, scan or video frame.

    All of it is done in eight bits, in which OpenCV is the quickest.

    Args:
        grey: (h, w) uint8.
        ink: "light" or "dark" against the paper; "auto" finds out.

    Returns:
        (h, w) uint8: 0 is paper, 255 full ink.
    """
    height, width = grey.shape
    blank = np.zeros((height, width), np.uint8)
    if min(height, width) < 3:
        return blank
    if ink == "auto":
        ink = _polarity(grey)
    light = _paper(grey, ink)
    rough = _fine_grain(grey)
    blur = _blur(rough, max(grey.shape))
    blurred = cv2.GaussianBlur(grey, (2 * round(_KERNEL * blur) + 1,) * 2, blur)
    difference = cv2.subtract(light, blurred) if ink == "dark" else cv2.subtract(blurred, light)
    # Ink takes a share of the light, wherever the light is weak or strong …
    contrast = cv2.divide(difference, cv2.max(light, _WEAKEST_LIGHT), scale=255)
    threshold = _ink_threshold(contrast)
    ruled = erase_rulings(contrast, threshold / 2)
    if ruled is not None:
        contrast[ruled] = 0
        # Printed lines can be much darker than the pen.
        threshold = _ink_threshold(contrast)
    # … but grain is as strong in the shade. A digit that fills its picture must not be taken for
    # grain: beyond a limit, only what is fine is grain.
    spread = 1.4826 * median(cv2.absdiff(light, blurred)[::_SAMPLE, ::_SAMPLE])
    fine = rough / (2 * np.sqrt(np.pi) * blur)  # as the blur leaves it
    beyond_grain = _above(difference, min(_GRAINS * spread, max(_MAX_GRAIN, _GRAINS * fine)))
    certain = cv2.min(_above(contrast, threshold), beyond_grain)
    if not cv2.countNonZero(certain):
        return blank
    weak = cv2.min(_above(contrast, max(_WEAK * threshold, _MIN_RELIEF)), beyond_grain)
    inked = _grown(certain, weak, ruled)
    # Full ink is what the certain pixels mostly are; the edge of a stroke fades to half of the
    # threshold, but only where it hangs on to certain ink.
    full = median(contrast, certain)
    floor, top = threshold / 2, max(full, threshold)
    soft = np.clip((np.arange(256) - floor) * (255 / (top - floor)), 0, 255).astype(np.uint8)
    near = cv2.dilate(inked, np.ones((3, 3), np.uint8))
    return cv2.min(cv2.LUT(contrast, soft), near)


def _above(levels: NDArray[np.uint8], limit: float) -> NDArray[np.uint8]:
    """255 where a level is above a limit, else 0."""
    return cv2.threshold(levels, limit, 255, cv2.THRESH_BINARY)[1]


def _grown(
    certain: NDArray[np.uint8], weak: NDArray[np.uint8], ruled: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    """The weak ink that hangs on to certain ink, without the crumbs of ruled lines.

    One pen writes lighter and darker, most of all where strokes cross (hysteresis: J. Canny, 1986).
    All of these are (h, w), 0 or 255.
    """
    count, labels = cv2.connectedComponents(weak, ltype=label_type(weak.shape))
    kept = np.bincount(labels[certain > 0], minlength=count) >= _SEED
    if ruled is not None:
        beside = cv2.dilate(ruled.view(np.uint8), np.ones((_CRUMB, _CRUMB), np.uint8)) > 0
        sizes = np.bincount(labels[weak > 0], minlength=count)
        kept &= np.bincount(labels[beside], minlength=count) <= sizes * _CRUMBS
    kept[0] = True  # there is no weak ink in the background
    return weak if kept.all() else cv2.min(weak, np.take(255 * kept.view(np.uint8), labels))


def _ink_threshold(contrast: NDArray[np.uint8]) -> float:
    """The contrast that parts ink from paper (N. Otsu, 1979)."""
    otsu, _ = cv2.threshold(contrast, 0, 255, cv2.THRESH_OTSU)
    return max(float(otsu), _MIN_RELIEF)


def _polarity(grey: NDArray[np.uint8]) -> Ink:
    """Is the ink lighter or darker than the paper?

    Where a stroke is, a narrow mean of the picture differs from a wider one, by more than beside
    it; at the edge of a shadow they differ by as much on either side. So the sign of the cubes of
    the differences tells, over strokes of all widths (differences of Gaussians of the logarithm:
    light multiplies).
    """
    level, skew = cv2.LUT(_reduced(grey, _LIGHT_SIDES), _LOGARITHMS), 0.0
    narrow = cv2.GaussianBlur(level, (7, 7), 1)
    for _ in range(_POLARITY_SCALES):
        # Twice as wide, then half as large: the next scale is as quick as the first (P. Burt and
        # E. Adelson, "The Laplacian Pyramid as a Compact Image Code", 1983).
        wide = cv2.GaussianBlur(narrow, (9, 9), np.sqrt(3))
        difference = (narrow - wide).ravel()
        square = difference * difference
        power = float(square.mean())
        skew += float(square @ difference) / len(square) / max(power**1.5, 1e-12)
        narrow = shrunk(wide, max(1, max(wide.shape) // 2))
    return "light" if skew > 0 else "dark"


def _reduced(grey: NDArray[np.uint8], sides: tuple[int, int]) -> NDArray[np.uint8]:
    """Half as large, but with a longer side no less than the first and no more than the other."""
    least, most = sides
    return shrunk(grey, min(most, max(least, max(grey.shape) // 2)))


def _paper(grey: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8]:
    """How bright the empty paper is at each pixel: what closing leaves, which fills in strokes.

    The edge of a shadow stays where it is, as it would not with a mean or a median. (Top-hat
    transform: F. Meyer, 1979.)
    """
    small = _reduced(grey, _PAPER_SIDES)
    small = cv2.medianBlur(small, _PAPER_MEDIAN) if min(small.shape) > _PAPER_MEDIAN else small
    window = max(3, round(_STROKE * max(small.shape)) | 1)
    dark = ink == "dark"
    closing = cv2.MORPH_CLOSE if dark else cv2.MORPH_OPEN
    # Light that falls towards the border goes on beyond it.
    border = window // 2
    wide = cv2.copyMakeBorder(small, border, border, border, border, cv2.BORDER_REPLICATE)
    paper = cv2.morphologyEx(wide, closing, np.ones((window, window), np.uint8))
    paper = np.ascontiguousarray(paper[border:-border, border:-border])
    # Of grain, closing leaves the peaks.
    peaks = np.full_like(paper, round(median(cv2.absdiff(paper, small))))
    # Shrinking has blurred the edge of a shadow: beside it, the paper is as dark as can be.
    slack = np.ones((3, 3), np.uint8)
    light = (
        cv2.subtract(cv2.erode(paper, slack), peaks)
        if dark
        else cv2.add(cv2.dilate(paper, slack), peaks)
    )
    return cv2.resize(light, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _fine_grain(grey: NDArray[np.uint8]) -> float:
    """The standard deviation of pixel noise."""
    top, left = (max(0, (side - _GRAIN_SIDE) // 2) for side in grey.shape)
    return noise(grey[top : top + _GRAIN_SIDE, left : left + _GRAIN_SIDE])


def _blur(rough: float, side: int) -> float:
    """How far to blur a photograph: the noisier, the further, but not so far as to fill loops."""
    return float(np.clip(rough / _NOISE_BLURRED, _BLUR, max(_BLUR, _MAX_BLUR * side)))
