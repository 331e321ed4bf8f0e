"""Where straight lines run through an image from side to side.

A line is found by its shadow: the Radon transform of the ink, for the few slopes that paper is held
at.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = [
    "BESIDE",
    "COLUMNS",
    "COVERED",
    "MAX_ROWS",
    "MAX_SLOPE",
    "Line",
    "find_lines",
    "runs",
    "thin_lines",
]

# A thin line can be fainter than ink, but it is darker than so many pixels beside it, by so much
# (of 255), and by so many times the grain.
BESIDE, _FAINT, _FAINT_GRAINS = 4, 5, 2.5
# Lines are looked for in an image shrunk to so many columns along them, which averages the grain …
COLUMNS = 96
# … and to so many rows across them, so that they stay apart and the search takes milliseconds.
MAX_ROWS = 480
# A line rises or falls by up to this share of its length: about five degrees.
MAX_SLOPE = 0.09
# Slopes are tried in steps that move the ends of a line by so many rows.
_SLOPE_STEP = 1.5
# So many columns are looked at together.
_TOGETHER = 6
# It covers so much of its way through the picture …
COVERED = 0.7
# … which is at least this share of the picture's side.
_MIN_WAY = 0.5


@dataclass(frozen=True, kw_only=True)
class Line:
    """A straight way through an image: its row at the first and at the last column."""

    first: float
    last: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ways:
    """Straight ways through an image, by how much they fall and by their row in the middle.

    Attributes:
        rises: (n,) in rows, from the first column to the last.
        falls: (n, blocks) by how many rows each block of columns is lower than the middle.
        margin: no block is lower or higher by more than this.
        least: (rows,) so much ink near a row is enough for one of its ways to be a line.
        weights: (n, rows) float32: what each pixel of ink counts; 0 where a way is too short.
    """

    rises: NDArray[np.float64]
    falls: NDArray[np.intp]
    margin: int
    least: NDArray[np.float64]
    weights: NDArray[np.float32]


def find_lines(contrast: NDArray[np.uint8], threshold: float) -> list[Line]:
    """The nearly horizontal lines that run through an image.

    Args:
        contrast: (h, w) uint8: how much each pixel stands out from the paper; 24 pixels a side or
            more.
        threshold: from here on it is ink.

    Returns:
        The lines, from top to bottom.
    """
    height, width = contrast.shape
    small = _for_lines(contrast)
    rows = len(small)
    # A row to spare above and below: paper bends.
    lines_ink = cv2.max(_from(small, threshold), thin_lines(small[np.newaxis], BESIDE)[0])
    ink = cv2.dilate(lines_ink, np.ones((3, 1), np.uint8))
    ways = _ways(*ink.shape, MAX_SLOPE * width * rows / height)
    covered = _coverage(ink, ways)
    best = covered.max(axis=0)
    lines = []
    for top, bottom in runs(best >= COVERED):
        # A thick line is covered on many rows, and by many slopes: take the middle of the best.
        peak = covered[:, top:bottom]
        slopes, places = np.nonzero(peak >= peak.max() - 1e-3)
        middle, rise = top + places.mean() + 0.5, float(ways.rises[slopes].mean())
        scale = height / rows
        lines.append(
            Line(first=(middle - rise / 2) * scale - 0.5, last=(middle + rise / 2) * scale - 0.5)
        )
    return lines


def thin_lines(levels: NDArray[np.uint8], beside: int) -> NDArray[np.uint8]:
    """Where it is darker than so many rows above and below: a line can be fainter than a pen.

    Args:
        levels: (n, rows, columns) uint8: some images.
        beside: at least 1.

    Returns:
        The same shape, uint8, 0 or 1.
    """
    beside = min(beside, levels.shape[1])
    flat = -1, levels.shape[2]
    # Beyond the border, what is at the other one.
    above = np.concatenate((levels[:, -beside:], levels[:, :-beside]), axis=1)
    beneath = np.concatenate((levels[:, beside:], levels[:, :beside]), axis=1)
    darker = cv2.subtract(levels.reshape(flat), cv2.max(above.reshape(flat), beneath.reshape(flat)))
    changes = cv2.absdiff(levels.reshape(flat), above.reshape(flat))
    # Each has a grain of its own, by the median.
    each = changes.reshape(len(levels), -1)
    middle = each.shape[1] // 2
    grains = 1.4826 * np.partition(each, middle, axis=1)[:, middle] / math.sqrt(2)
    limits = np.ceil(np.clip(_FAINT_GRAINS * grains, _FAINT, 255)).astype(np.uint8)
    return (
        (darker.reshape(each.shape) >= limits[:, np.newaxis]).reshape(levels.shape).view(np.uint8)
    )


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The half-open ranges in which a vector is True."""
    padded = np.zeros(len(mask) + 2, bool)
    padded[1:-1] = mask
    edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _for_lines(contrast: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image in which nearly horizontal lines are looked for: few columns, each a mean."""
    height, width = contrast.shape
    together = -(-width // COLUMNS)
    means = cv2.blur(contrast, (together, 1))[:, together // 2 :: together]
    return cv2.resize(means, (means.shape[1], min(height, MAX_ROWS)), interpolation=cv2.INTER_AREA)


def _from(levels: NDArray[np.uint8], limit: float) -> NDArray[np.uint8]:
    """1 from a limit on, else 0."""
    return cv2.threshold(levels, math.ceil(limit) - 1, 1, cv2.THRESH_BINARY)[1]


def _coverage(ink: NDArray[np.uint8], ways: _Ways) -> NDArray[np.float32]:
    """The share of ink on each straight way through an image.

    Those that leave the picture too soon have none; and where there is too little ink for any line,
    however it slopes, none has any.

    Args:
        ink: (rows, columns) uint8, 0 or 1.
        ways: those of an image of this size.

    Returns:
        (n, rows) float32, 0 to 1; a way is named by its row in the middle.
    """
    rows, columns = ink.shape
    blocks = ways.falls.shape[1]
    wide = cv2.copyMakeBorder(ink, 0, 0, 0, blocks * _TOGETHER - columns, cv2.BORDER_CONSTANT)
    sums = cv2.boxFilter(wide, -1, (_TOGETHER, 1), anchor=(0, 0), normalize=False)
    inked = np.ascontiguousarray(sums[:, ::_TOGETHER])
    margin = ways.margin
    near = cv2.dilate(inked, np.ones((2 * margin + 1, 1), np.uint8))
    if not (cv2.reduce(near, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0] >= ways.least).any():
        return np.zeros((len(ways.rises), rows), np.float32)
    # Each block of columns, moved up and down: views of (blocks, moves, rows). Sums stay below 256.
    padded = cv2.copyMakeBorder(inked, margin, margin, 0, 0, cv2.BORDER_CONSTANT)
    moved = sliding_window_view(padded.T, rows, axis=1)
    found = moved[np.arange(blocks), margin + ways.falls].sum(axis=1, dtype=np.uint8)
    return found * ways.weights


@functools.lru_cache(maxsize=8)
def _ways(rows: int, columns: int, steepest: float) -> _Ways:
    """The straight ways through an image of so many rows and columns; video has one size only."""
    rises = np.linspace(-steepest, steepest, 2 * int(np.ceil(steepest / _SLOPE_STEP)) + 1)
    # Few enough columns together that a way stays on its rows among them.
    blocks = -(-columns // _TOGETHER)
    middles = (np.arange(blocks) + 0.5) * _TOGETHER / columns - 0.5
    ways = np.minimum(np.arange(rows), np.arange(rows)[::-1]) + 0.5
    flat = max(steepest, 1e-6)
    shortest = np.clip(0.5 + ways / flat, _MIN_WAY, 1)
    inside = np.minimum(1, 0.5 + ways / np.maximum(np.abs(rises), 1e-6)[:, np.newaxis]) * columns
    return _Ways(
        rises=rises,
        falls=np.rint(rises[:, np.newaxis] * middles).astype(np.intp),
        margin=int(flat * np.abs(middles).max()) + 1,
        least=COVERED * shortest * columns,
        weights=np.where(inside >= _MIN_WAY * columns, 1 / inside, 0).astype(np.float32),
    )
