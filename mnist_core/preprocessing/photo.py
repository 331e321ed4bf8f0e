"""The ink of photographs, scans and video frames: what differs from the paper around it.

    grey -> polarity -> brightness of the empty paper -> contrast, as a share of the light
         -> ruled lines erased -> thresholds of contrast and noise -> hysteresis -> ink

Everything is computed in eight bits, which OpenCV does fastest. Levels are of 255.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.budget import check_time
from mnist_core.preprocessing.components import MAX_COMPONENTS, label_type, of_most_ink
from mnist_core.preprocessing.grey import (
    Image,
    Ink,
    Mask,
    binarize,
    estimate_noise,
    median,
    shrink,
)
from mnist_core.preprocessing.line_remains import are_remains
from mnist_core.preprocessing.rows import stands_in_row
from mnist_core.preprocessing.ruled_lines import RuledLines, find_ruled_lines

__all__ = ["measure_polarity", "photo_ink"]

# Ink has at least this contrast, in levels …
_MIN_CONTRAST = 17
# … and differs from the paper by this many standard deviations of the noise. The deviation measured
# over the whole image includes large digits: beyond this many levels, only fine noise counts.
_NOISE_FACTOR, _NOISE_LIMIT = 4.5, 40
# Noise is measured in the middle of the image, in a square of this side, in pixels.
_NOISE_SIDE = 400
# Photographs are blurred by a standard deviation of at least this many pixels; by a pixel for this
# many levels of noise; and by at most this share of their longer side, or loops would fill.
_MIN_BLUR, _NOISE_PER_BLUR, _MAX_BLUR = 0.8, 1.5, 0.002
# The kernel of a Gaussian reaches this many standard deviations.
_KERNEL_REACH = 2.5
# Contrast is a share of the light, but of no less than this level. (With 1, `mlp`, which accepts
# nearly all, reads 95.0% of 1,000 small JPEGs of quality 85 instead of 97.9%.)
_MIN_LIGHT = 32
# Statistics of a photograph use every fourth row and column.
_SAMPLE = 4
# Polarity is measured on the image at half its size, within these limits for its longer side, in
# pixels, and over this many scales, each twice the one before.
_POLARITY_SIDES, _POLARITY_SCALES = (96, 192), 4
# So is the brightness of the paper; strokes are narrower than this share of the longer side.
_PAPER_SIDES, _MAX_STROKE = (96, 480), 0.2
# A median over this many pixels removes noise and leaves edges where they are.
_PAPER_MEDIAN = 5
# Light multiplies; its logarithm adds. (The offset limits the effect of noise in the dark.)
_LOGARITHMS = np.log(np.arange(256) + 16).astype(np.float32)


def photo_ink(
    grey: Image, ink: Ink, *, keep_lines: bool = False
) -> tuple[Image, RuledLines | None]:
    """Find the ink of a photograph, scan or video frame.

    Args:
        grey: (h, w) uint8.
        ink: "light" or "dark" against the paper; "auto" measures it.
        keep_lines: True to keep ruled lines as ink.

    Returns:
        (h, w) uint8, from 0 for paper to 255 for full ink; and the ruled lines that were erased, or
        None without any.
    """
    if min(grey.shape) < 3:
        return np.zeros_like(grey), None
    if ink == "auto":
        ink = measure_polarity(grey)
    paper = _paper_brightness(grey, ink)
    noise = _central_noise(grey)
    blur = float(
        np.clip(noise / _NOISE_PER_BLUR, _MIN_BLUR, max(_MIN_BLUR, _MAX_BLUR * max(grey.shape)))
    )
    blurred = cv2.GaussianBlur(grey, (2 * round(_KERNEL_REACH * blur) + 1,) * 2, blur)
    difference = cv2.subtract(paper, blurred) if ink == "dark" else cv2.subtract(blurred, paper)
    # Ink absorbs a share of the light, however bright it is …
    contrast = cv2.divide(difference, cv2.max(paper, _MIN_LIGHT), scale=255)
    threshold = _ink_threshold(contrast)
    ruled = None if keep_lines else find_ruled_lines(contrast, threshold / 2)
    if ruled is not None:
        contrast[ruled.erased] = 0
        # Printed lines can be much darker than the pen.
        threshold = _ink_threshold(contrast)
    # … but noise is as strong in the shade.
    spread = 1.4826 * median(cv2.absdiff(paper, blurred)[::_SAMPLE, ::_SAMPLE])
    fine = noise / (2 * np.sqrt(np.pi) * blur)  # what the blur leaves of white noise
    noise_limit = min(_NOISE_FACTOR * spread, max(_NOISE_LIMIT, _NOISE_FACTOR * fine))
    above_noise = binarize(difference, noise_limit)
    certain = cv2.min(binarize(contrast, threshold), above_noise)
    if not cv2.countNonZero(certain):
        return np.zeros_like(grey), ruled
    # Hysteresis: from half of the threshold on, pixels connected to certain ink are ink.
    weak = cv2.min(binarize(contrast, max(threshold / 2, _MIN_CONTRAST)), above_noise)
    solid = _apply_hysteresis(certain, weak, contrast, ruled)
    # Full ink is the median of the certain pixels. The edge of a stroke fades to half of the
    # threshold, but only next to solid ink.
    low, high = threshold / 2, max(median(contrast, certain), threshold)
    soft = np.clip((np.arange(256) - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    near = cv2.dilate(solid, np.ones((3, 3), np.uint8))
    return cv2.min(cv2.LUT(contrast, soft), near), ruled


def _apply_hysteresis(
    certain: Image, weak: Image, contrast: Image, ruled: RuledLines | None
) -> Image:
    """Keep the weak ink that is connected to certain ink, without remains of ruled lines.

    One pen writes lighter and darker, most of all where strokes cross (hysteresis: J. Canny, 1986).
    All arrays are (h, w); the levels of `certain`, `weak` and the result are 0 or 255.
    """
    kind = label_type(weak.shape)
    if ruled is None:
        count, labels = cv2.connectedComponents(weak, ltype=kind)
        if (np.bincount(labels[certain > 0], minlength=count) > 0)[1:].all():
            return weak
    # Boxes take half as long again: most frames of a video do not need them.
    _, labels, stats, _ = cv2.connectedComponentsWithStats(weak, ltype=kind)
    keep = np.bincount(labels[certain > 0], minlength=len(stats)) > 0
    remains = np.zeros(len(stats), bool)
    if ruled is not None:
        remains = are_remains(labels, stats, contrast, ruled)
    keep = (keep | _faint_digits(keep & ~remains, stats)) & ~remains
    keep[0] = True  # the background has no weak ink
    return cv2.min(weak, np.take(255 * keep.view(np.uint8), labels))


def _faint_digits(certain: Mask, stats: NDArray[np.int32]) -> Mask:
    """Which other components are about as high as certain ones and stand in their row: (n,) bool.

    A blur makes the thinnest strokes pale. `stats` are OpenCV's, the background first. More faint
    than certain components are the grain of the paper.
    """
    found, heights = np.zeros(len(stats), bool), stats[:, cv2.CC_STAT_HEIGHT]
    other = ~certain
    other[0] = False
    if not other.any():
        return found
    tall = heights[certain].tolist()
    high = 2 * heights >= of_most_ink(tall, tall)
    digits, faint = np.flatnonzero(certain & high), np.flatnonzero(other & high)
    if len(faint) <= len(digits) <= MAX_COMPONENTS:
        for mark in faint.tolist():
            check_time()
            x, y, width, height, _ = stats[mark].tolist()
            found[mark] = stands_in_row((x, y, width, height), stats[digits, :4])
    return found


def _ink_threshold(contrast: Image) -> float:
    """The contrast that separates ink from paper (N. Otsu, 1979)."""
    otsu, _ = cv2.threshold(contrast, 0, 255, cv2.THRESH_OTSU)
    return max(float(otsu), _MIN_CONTRAST)


def measure_polarity(grey: Image) -> Literal["light", "dark"]:
    """Measure whether the ink of (h, w) uint8 is lighter or darker than the paper.

    On a stroke, a narrow mean of the image differs from a wider one by more than beside it; at the
    edge of a shadow they differ equally on both sides. So the skewness of the differences has the
    sign of the ink. It is summed over scales, for strokes of all widths (differences of Gaussians
    of the logarithm: light multiplies).
    """
    level, skewness = cv2.LUT(_shrink_by_half(grey, _POLARITY_SIDES), _LOGARITHMS), 0.0
    narrow = cv2.GaussianBlur(level, (7, 7), 1)
    for _ in range(_POLARITY_SCALES):
        # Blurred to twice the width, then shrunk by half: each scale is cheaper than the one before
        # (P. Burt and E. Adelson, "The Laplacian Pyramid as a Compact Image Code", 1983).
        wide = cv2.GaussianBlur(narrow, (9, 9), np.sqrt(3))
        difference = (narrow - wide).ravel()
        square = difference * difference
        power = float(square.mean())
        skewness += float(square @ difference) / len(square) / max(power**1.5, 1e-12)
        narrow, _ = shrink(wide, max(1, max(wide.shape) // 2))
    return "light" if skewness > 0 else "dark"


def _shrink_by_half(grey: Image, sides: tuple[int, int]) -> Image:
    """Halve an image, keeping its longer side within (lowest, highest) px; it is never enlarged."""
    lowest, highest = sides
    return shrink(grey, min(highest, max(lowest, max(grey.shape) // 2)))[0]


def _paper_brightness(grey: Image, ink: Ink) -> Image:
    """Estimate the brightness of the empty paper at each pixel, by a closing that fills strokes.

    The edge of a shadow stays in its place, which it would not with a mean or a median (top-hat
    transform: F. Meyer, 1979). Returns (h, w) uint8.
    """
    small = _shrink_by_half(grey, _PAPER_SIDES)
    small = cv2.medianBlur(small, _PAPER_MEDIAN) if min(small.shape) > _PAPER_MEDIAN else small
    window = max(3, round(_MAX_STROKE * max(small.shape)) | 1)
    dark = ink == "dark"
    operation = cv2.MORPH_CLOSE if dark else cv2.MORPH_OPEN
    border = window // 2
    wide = cv2.copyMakeBorder(small, border, border, border, border, cv2.BORDER_REPLICATE)
    paper = cv2.morphologyEx(wide, operation, np.ones((window, window), np.uint8))
    paper = np.ascontiguousarray(paper[border:-border, border:-border])
    # Closing follows the peaks of the noise, not its middle …
    peaks = np.full_like(paper, round(median(cv2.absdiff(paper, small))))
    # … and shrinking has blurred the edges of shadows: there, take the level nearer to the ink.
    neighbors = np.ones((3, 3), np.uint8)
    paper = (
        cv2.subtract(cv2.erode(paper, neighbors), peaks)
        if dark
        else cv2.add(cv2.dilate(paper, neighbors), peaks)
    )
    return cv2.resize(paper, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _central_noise(grey: Image) -> float:
    """The standard deviation of the pixel noise in the middle of the image."""
    top, left = (max(0, (side - _NOISE_SIDE) // 2) for side in grey.shape)
    return estimate_noise(grey[top : top + _NOISE_SIDE, left : left + _NOISE_SIDE])
