"""Finds straight lines that run through an image from side to side, such as ruled paper's.

The image is shrunk along the lines, then the share of ink is computed for every straight path of
the few slopes at which paper is held: a Radon transform. Rows and columns are those of the shrunk
image unless said otherwise; levels are of 255.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mnist_core.preprocessing.grey import Image, Mask

__all__ = [
    "MAX_SLOPE",
    "MIN_COVERAGE",
    "NEIGHBOR_DISTANCE",
    "SEARCH_COLUMNS",
    "SEARCH_ROWS",
    "Line",
    "find_lines",
    "fit_to_ink",
    "runs",
    "thin_lines",
]

# A thin line may be fainter than ink, but it is darker than the pixels this many rows above and
# below, by at least this many levels, and by this many standard deviations of the noise.
NEIGHBOR_DISTANCE, _MIN_DIFFERENCE, _NOISE_FACTOR = 4, 5, 2.5
# The search image has about this many columns along the lines: each is a mean, which averages
# noise …
SEARCH_COLUMNS = 96
# … and at most this many rows across them: lines stay apart, and the search takes milliseconds.
SEARCH_ROWS = 480
# A line rises or falls by up to this share of its length: about five degrees.
MAX_SLOPE = 0.09
# Slopes are tried in steps that move the ends of a line by this many rows.
_SLOPE_STEP = 1.5
# Columns are summed in blocks of this many: few enough that a line stays on its row within one.
_BLOCK = 6
# Ink covers at least this share of a line's length inside the image …
MIN_COVERAGE = 0.7
# … which is at least this share of the image's width.
_MIN_LENGTH = 0.5
# A line's ink is counted in this many parts of its length.
_PARTS = 8


@dataclass(frozen=True, kw_only=True)
class Line:
    """A straight line through an image, in its pixels: its row at the first and last column."""

    first: float
    last: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Candidates:
    """The straight paths through an image: n slopes through each row of the middle column.

    Attributes:
        rises: (n,) rows from the first column to the last.
        offsets: (n, blocks) rows by which a path in each block of columns is below its middle.
        margin: the largest possible offset, in rows.
        min_ink: (rows,) pixels of ink near a row that are enough for one of its paths to be a line.
        weights: (n, rows) float32, 1 / length inside the image; 0 where that is too short.
    """

    rises: NDArray[np.float64]
    offsets: NDArray[np.intp]
    margin: int
    min_ink: NDArray[np.float64]
    weights: NDArray[np.float32]


def find_lines(contrast: Image, threshold: float) -> list[Line]:
    """Find the nearly horizontal lines that run through an image.

    Args:
        contrast: (h, w) uint8, the difference of each pixel from the paper; at least 24 px a side.
        threshold: the least contrast of ink.

    Returns:
        The lines from top to bottom.
    """
    height, width = contrast.shape
    small = _shrink_along_lines(contrast)
    rows = len(small)
    strong = cv2.threshold(small, math.ceil(threshold) - 1, 1, cv2.THRESH_BINARY)[1]
    line_ink = cv2.max(strong, thin_lines(small[np.newaxis], NEIGHBOR_DISTANCE)[0])
    # Paper bends: a row of tolerance above and below.
    near_ink = cv2.dilate(line_ink, np.ones((3, 1), np.uint8))
    candidates = _candidates(*line_ink.shape, MAX_SLOPE * width * rows / height)
    coverage = _coverage(near_ink, candidates)
    best = coverage.max(axis=0)
    if best.max() < MIN_COVERAGE:
        return []
    # Between two lines with digits, coverage may be as high: only its peaks are lines. With the
    # tolerance, strokes along a line draw it aside: without it, they do not.
    coverage += _coverage(line_ink, candidates)
    total = coverage.max(axis=0)
    around = np.ones((2 * NEIGHBOR_DISTANCE + 1, 1), np.uint8)
    highest = cv2.dilate(total[:, np.newaxis], around)[:, 0]
    lines = []
    for top, bottom in runs((best >= MIN_COVERAGE) & (total >= highest - 1e-3)):
        # A thick line is covered on several rows and by several slopes: take the mean of the best.
        peak = coverage[:, top:bottom]
        slopes, places = np.nonzero(peak >= peak.max() - 1e-3)
        middle, rise = top + places.mean() + 0.5, float(candidates.rises[slopes].mean())
        scale = height / rows
        lines.append(
            Line(first=(middle - rise / 2) * scale - 0.5, last=(middle + rise / 2) * scale - 0.5)
        )
    return lines


def fit_to_ink(lines: list[Line], ink: Mask, most: int) -> list[Line]:
    """Move the ends of lines by up to `most` pixels to where most of their ink is.

    The search is coarse, and strokes that run along a line draw it aside: two rows of the search
    image. `ink` is (n, rows, columns), around the lines.
    """
    parts = np.linspace(0, ink.shape[2], _PARTS, endpoint=False).astype(np.intp)
    sums = np.add.reduceat(ink.view(np.uint8), parts, axis=2, dtype=np.int32)
    most = min(most, ink.shape[1] // 2)
    shifts = range(-most, most + 1)
    # The smallest shift first: it wins a tie.
    ends = sorted(itertools.product(shifts, shifts), key=lambda pair: np.abs(pair).sum())
    first, last = np.array(ends).T[:, :, np.newaxis]
    rows = np.rint(first + (last - first) * (np.arange(_PARTS) + 0.5) / _PARTS).astype(np.intp)
    covered = sums[:, ink.shape[1] // 2 + rows, np.arange(_PARTS)].sum(axis=2)
    best = [ends[index] for index in covered.argmax(axis=1)]
    return [
        Line(first=line.first + float(end[0]), last=line.last + float(end[1]))
        for line, end in zip(lines, best, strict=True)
    ]


def thin_lines(levels: Image, distance: int) -> Image:
    """Mark pixels with more contrast than those `distance` rows above and below.

    Args:
        levels: (n, rows, columns) uint8, the contrast of n images.
        distance: at least 1.

    Returns:
        The same shape, uint8, 0 or 1.
    """
    distance = min(distance, levels.shape[1])
    # Beyond the first row comes the last one. OpenCV takes arrays of two dimensions.
    shifted = levels, np.roll(levels, distance, axis=1), np.roll(levels, -distance, axis=1)
    flat, above, below = (part.reshape(-1, levels.shape[2]) for part in shifted)
    excess = cv2.subtract(flat, cv2.max(above, below)).reshape(len(levels), -1)
    # Each image has noise of its own: the median change, as a standard deviation.
    changes = cv2.absdiff(flat, above).reshape(len(levels), -1)
    middle = changes.shape[1] // 2
    noise = 1.4826 * np.partition(changes, middle, axis=1)[:, middle] / math.sqrt(2)
    limits = np.ceil(np.clip(_NOISE_FACTOR * noise, _MIN_DIFFERENCE, 255)).astype(np.uint8)
    return (excess >= limits[:, np.newaxis]).reshape(levels.shape).view(np.uint8)


def runs(mask: Mask) -> list[tuple[int, int]]:
    """Return the half-open ranges in which a vector is True."""
    padded = np.zeros(len(mask) + 2, bool)
    padded[1:-1] = mask
    edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _shrink_along_lines(contrast: Image) -> Image:
    """Shrink an image to about 96 columns, each a mean, and at most 480 rows."""
    height, width = contrast.shape
    step = -(-width // SEARCH_COLUMNS)
    means = cv2.blur(contrast, (step, 1))[:, step // 2 :: step]
    size = (means.shape[1], min(height, SEARCH_ROWS))
    return cv2.resize(means, size, interpolation=cv2.INTER_AREA)


def _coverage(ink: Image, candidates: _Candidates) -> NDArray[np.float32]:
    """The share of `ink`, 0 or 1, along each candidate: (n, rows), by slope and by row.

    It is 0 for candidates that leave the image too soon, and for all of them if no row has enough
    ink near it for a line of any slope.
    """
    rows, columns = ink.shape
    blocks = candidates.offsets.shape[1]
    wide = cv2.copyMakeBorder(ink, 0, 0, 0, blocks * _BLOCK - columns, cv2.BORDER_CONSTANT)
    sums = cv2.boxFilter(wide, -1, (_BLOCK, 1), anchor=(0, 0), normalize=False)
    block_ink = np.ascontiguousarray(sums[:, ::_BLOCK])
    margin = candidates.margin
    near = cv2.dilate(block_ink, np.ones((2 * margin + 1, 1), np.uint8))
    near_ink = cv2.reduce(near, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
    if not (near_ink >= candidates.min_ink).any():
        return np.zeros((len(candidates.rises), rows), np.float32)
    # Each block of columns, moved up and down: views of (blocks, moves, rows). Sums stay below 256.
    padded = cv2.copyMakeBorder(block_ink, margin, margin, 0, 0, cv2.BORDER_CONSTANT)
    moved = sliding_window_view(padded.T, rows, axis=1)
    path_ink = moved[np.arange(blocks), margin + candidates.offsets].sum(axis=1, dtype=np.uint8)
    return path_ink * candidates.weights


@functools.lru_cache(maxsize=8)  # the frames of a video have one size
def _candidates(rows: int, columns: int, max_rise: float) -> _Candidates:
    """The straight paths through an image that rise by at most `max_rise` rows."""
    rises = np.linspace(-max_rise, max_rise, 2 * int(np.ceil(max_rise / _SLOPE_STEP)) + 1)
    blocks = -(-columns // _BLOCK)
    centers = (np.arange(blocks) + 0.5) * _BLOCK / columns - 0.5
    to_border = np.minimum(np.arange(rows), np.arange(rows)[::-1]) + 0.5
    steepest = max(max_rise, 1e-6)
    shortest = np.clip(0.5 + to_border / steepest, _MIN_LENGTH, 1)
    slopes = np.maximum(np.abs(rises), 1e-6)[:, np.newaxis]
    lengths = np.minimum(1, 0.5 + to_border / slopes) * columns
    return _Candidates(
        rises=rises,
        offsets=np.rint(rises[:, np.newaxis] * centers).astype(np.intp),
        margin=int(steepest * np.abs(centers).max()) + 1,
        min_ink=MIN_COVERAGE * shortest * columns,
        weights=np.where(lengths >= _MIN_LENGTH * columns, 1 / lengths, 0).astype(np.float32),
    )
