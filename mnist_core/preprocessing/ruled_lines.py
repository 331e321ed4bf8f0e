"""Printed lines, ruled or squared: finds the pixels of lines that run from border to border.

Digits stand on such lines, touch and cross them, so the lines are erased before connected
components are found. A line that `line_detection` found is erased run by run; where a stroke
crosses it, the ink stays. Together with the grouping of open fours, this raised the accuracy on
photographs in printed grids from 91.24% to 97.24% with the same network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.budget import check_time
from mnist_core.preprocessing.grey import Image, Mask
from mnist_core.preprocessing.line_detection import (
    MAX_SLOPE,
    MIN_COVERAGE,
    NEIGHBOR_DISTANCE,
    SEARCH_COLUMNS,
    SEARCH_ROWS,
    Line,
    find_lines,
    fit_to_ink,
    runs,
    thin_lines,
)

__all__ = ["STROKE_REACH", "RuledLines", "find_ruled_lines"]

# Both ends of a line, each this share of its length, are covered by ink to at least this share.
_END, _MIN_END_COVERAGE = 0.1, 0.5
# A line is no thicker than this share of the image across it …
_MAX_THICKNESS = 0.12
# … and, with its surroundings, than this many rows above and below its middle.
_REACH = 10
# Ink this many pixels beyond a line belongs to a stroke.
STROKE_REACH = 2
# What is written on a line is darker than it by this many standard deviations of its contrast, and
# by more levels than JPEG changes.
_NOISE_FACTOR, _MIN_DIFFERENCE = 4.5, 24
# Images with a shorter side, in pixels, have no room for a line and a digit.
_MIN_SIDE = 24
# A half-open range of columns.
_Run = tuple[int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bands:
    """The rows around n lines, with the lines made straight: all arrays are (n, rows, columns).

    Attributes:
        pixels: indices into the flattened, padded image.
        inside: False beyond the border of the image.
        hidden: True where other lines were erased, so that nothing is known.
        levels: uint8, the contrast.
        strokes: True for ink with the contrast of a stroke.
        ink: True for ink, however faint.
    """

    pixels: NDArray[np.intp]
    inside: Mask
    hidden: Mask
    levels: Image
    strokes: Mask
    ink: Mask


@dataclass(frozen=True, kw_only=True, eq=False)
class _Erased:
    """The lines of one direction that are erased; both masks are (h, w).

    Attributes:
        pixels: True on a line, but not where a stroke crosses it.
        whole: True on a line, also where a stroke crosses it.
        levels: the lowest and the highest contrast of the lines.
        thickness: of the thickest line with its soft edges, in pixels.
    """

    pixels: Mask
    whole: Mask
    levels: tuple[float, float]
    thickness: int


@dataclass(frozen=True, kw_only=True, eq=False)
class RuledLines:
    """The lines that run through an image from border to border; both masks are (h, w).

    Attributes:
        erased: True on a line, but not where a stroke crosses it.
        across: True on a line that runs across, also where a stroke crosses it.
        down: True on a line that runs down, likewise.
        levels: the lowest and the highest contrast of the lines across.
        thickness: of the thickest line across, with its soft edges, in pixels.
    """

    erased: Mask
    across: Mask
    down: Mask
    levels: tuple[float, float]
    thickness: int


def find_ruled_lines(contrast: Image, threshold: float) -> RuledLines | None:
    """Find the straight lines that run through an image from border to border.

    Args:
        contrast: (h, w) uint8, the difference of each pixel from the paper.
        threshold: the least contrast of ink.

    Returns:
        The lines; None without any.
    """
    if min(contrast.shape) < _MIN_SIDE:
        return None
    horizontal = find_lines(contrast, threshold)
    vertical = find_lines(cv2.transpose(contrast), threshold)
    if not horizontal and not vertical:
        return None
    # A stem between two printed lines looks like a line from border to border as long as they are
    # there. So each direction is judged without the lines of the other.
    across = _erase(contrast, horizontal, None, threshold)
    erased, down = across.pixels, np.zeros_like(across.whole)
    if vertical:
        found = _erase(contrast.T, vertical, erased.T, threshold)
        across = _erase(contrast, horizontal, found.pixels.T, threshold)
        erased, down = across.pixels | found.pixels.T, found.whole.T
    if not erased.any():
        return None
    return RuledLines(
        erased=erased,
        across=across.whole,
        down=down,
        levels=across.levels,
        thickness=across.thickness,
    )


def _erase(
    contrast: Image, lines: list[Line], other_lines: Mask | None, threshold: float
) -> _Erased:
    """The pixels of nearly horizontal lines that are lines without the others, too."""
    height, width = contrast.shape
    # A band may reach beyond the border.
    border = _REACH + int(MAX_SLOPE * width) + 2
    edges = (border, border, 0, 0, cv2.BORDER_CONSTANT)
    padded, hidden = cv2.copyMakeBorder(contrast, *edges), None
    if other_lines is not None and other_lines.any():
        hidden = cv2.copyMakeBorder(other_lines.view(np.uint8), *edges).view(bool)
        padded[hidden] = 0
    erased, whole = np.zeros(padded.size, bool), np.zeros(padded.size, bool)
    levels, thickness = (256.0, 0.0), 0
    if lines:
        check_time()
        bands = _cut_bands(lines, _REACH, padded, hidden, border, threshold)
        moved = fit_to_ink(lines, bands.ink, 2 * -(-height // SEARCH_ROWS))
        if moved != lines:
            bands = _cut_bands(moved, _REACH, padded, hidden, border, threshold)
        coverage = _count_true(bands.ink) / np.maximum(_count_true(bands.inside), 1)
        for index in range(len(lines)):
            if coverage[index, _REACH - 2 : _REACH + 3].max() < MIN_COVERAGE:
                continue  # no line of any thickness
            top, bottom = _thickness(coverage[index])
            if (
                STROKE_REACH < top < bottom < 2 * _REACH + 1 - STROKE_REACH
                and bottom - top <= max(3, round(_MAX_THICKNESS * height))
                and coverage[index, top:bottom].mean() >= MIN_COVERAGE  # no row of digits
            ):
                line = _line_pixels(bands, index, top, bottom)
                if line is not None:
                    on_line, crossed, (low, high) = line
                    erased[on_line[~crossed]] = True
                    whole[on_line] = True
                    levels = min(levels[0], low), max(levels[1], high)
                    thickness = max(thickness, bottom - top + 2)
    inner = slice(border, -border)
    return _Erased(
        pixels=erased.reshape(-1, width)[inner],
        whole=whole.reshape(-1, width)[inner],
        levels=levels,
        thickness=thickness,
    )


def _cut_bands(
    lines: list[Line], reach: int, padded: Image, hidden: Mask | None, border: int, threshold: float
) -> _Bands:
    """Cut out `reach` rows above and below each line, all at once.

    `padded` is the contrast with `border` empty rows above and below; `hidden` has the same shape
    and is True where other lines were erased.
    """
    height, width = len(padded) - 2 * border, padded.shape[1]
    columns = np.arange(width)
    ends = np.array([(line.first, line.last) for line in lines])
    slopes = (ends[:, 1:] - ends[:, :1]) / max(1, width - 1)
    middles = np.rint(ends[:, :1] + slopes * columns).astype(np.intp)
    offsets = np.arange(-reach, reach + 1)[:, np.newaxis]
    pixels = ((middles + border) * width + columns)[:, np.newaxis] + offsets * width
    levels = np.take(padded, pixels)
    if reach <= middles.min() and middles.max() < height - reach:
        inside = np.broadcast_to(True, pixels.shape)
    else:
        rows = middles[:, np.newaxis] + offsets
        inside = (rows >= 0) & (rows < height)
    # A mean along the line has less noise.
    flat = cv2.blur(levels.reshape(-1, width), (max(1, width // SEARCH_COLUMNS) | 1, 1))
    distance = NEIGHBOR_DISTANCE * max(1, height // SEARCH_ROWS)
    strokes = levels >= threshold
    return _Bands(
        pixels=pixels,
        inside=inside,
        hidden=np.broadcast_to(False, pixels.shape) if hidden is None else np.take(hidden, pixels),
        levels=levels,
        strokes=strokes,
        ink=strokes | thin_lines(flat.reshape(levels.shape), distance).view(bool),
    )


def _count_true(mask: Mask) -> NDArray[np.int32]:
    """Count True in each row of n images: (n, rows) of (n, rows, columns)."""
    flat = np.ascontiguousarray(mask).view(np.uint8).reshape(-1, mask.shape[2])
    counts: NDArray[np.int32] = cv2.reduce(flat, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return counts.reshape(mask.shape[:2])


def _line_pixels(
    bands: _Bands, index: int, top: int, bottom: int
) -> tuple[NDArray[np.intp], Mask, tuple[float, float]] | None:
    """The pixels of the line in rows `top` to `bottom` of a band; None without a line.

    They are indices into the flattened, padded image; True for those of strokes across it; and the
    range of the line's contrast.
    """
    ink, inside, hidden = (part[index] for part in (bands.ink, bands.inside, bands.hidden))
    # The line is found to a pixel, and its soft edges are erased with it.
    rows = slice(max(0, top - 1), min(len(ink), bottom + 1))
    covered = np.asarray(ink[rows].any(axis=0))
    known = inside[len(ink) // 2] & (covered | ~hidden[rows].any(axis=0))
    if not _runs_through(covered[known]):
        return None
    levels = bands.levels[index]
    low, high = _line_levels(levels[top:bottom, known])
    darker = levels > high
    # What is darker than the line is written on it. Of the rest, strokes as pale as the line remain
    # where they cross it.
    crossed = _crossings(bands.strokes[index] & ~darker, rows.start, rows.stop)[rows]
    visible = inside[rows] & ~hidden[rows] & ~darker[rows]
    return bands.pixels[index, rows][visible], crossed[visible], (low, high)


def _line_levels(levels: Image) -> tuple[float, float]:
    """The range of contrast that the noise of a line stays in; `levels` are (rows, columns)."""
    peaks = levels.max(axis=0).astype(np.float32)
    level = float(np.median(peaks))
    noise = 1.4826 * float(np.median(np.abs(peaks - level)))
    reach = max(_NOISE_FACTOR * noise, _MIN_DIFFERENCE)
    return level - reach, level + reach


def _thickness(coverage: NDArray[np.float64]) -> tuple[int, int]:
    """The half-open range of rows of a line in its band: they are covered as its middle row is."""
    first = len(coverage) // 2 - 2
    center = first + int(coverage[first : first + 5].argmax())
    similar = runs(coverage >= MIN_COVERAGE * coverage[center])
    return next((top, bottom) for top, bottom in similar if top <= center < bottom)


def _runs_through(covered: Mask) -> bool:
    """Does ink cover enough of a line's columns, and enough of both its ends?"""
    end = max(1, round(_END * len(covered)))
    return bool(
        np.count_nonzero(covered) >= max(1, MIN_COVERAGE * len(covered))
        and min(np.count_nonzero(covered[:end]), np.count_nonzero(covered[-end:]))
        >= _MIN_END_COVERAGE * end
    )


def _crossings(strokes: Mask, top: int, bottom: int) -> Mask:
    """Where strokes that reach out of a line on both sides run through it: (rows, columns)."""
    crossed = np.zeros(strokes.shape, np.uint8)
    above, below = top - STROKE_REACH, bottom + STROKE_REACH - 1
    if above < 0 or below >= len(strokes):
        return crossed.view(bool)
    for (left, right), (start, end) in _continued(
        runs(strokes[above]), runs(strokes[below]), bottom - top + STROKE_REACH
    ):
        corners = [(left, above), (right - 1, above), (end - 1, below), (start, below)]
        cv2.fillConvexPoly(crossed, np.array(corners, np.int32), 1)
    return crossed.view(bool)


def _continued(
    upper: Sequence[_Run], lower: Sequence[_Run], slant: int
) -> Iterator[tuple[_Run, _Run]]:
    """Which runs of ink above a line continue in which below it.

    A stroke that runs straight down does not continue in its neighbor, too, up to `slant` px aside.
    """
    near = [
        (one, other)
        for one in upper
        for other in lower
        if other[0] - slant < one[1] and one[0] < other[1] + slant
    ]
    straight = [(one, other) for one, other in near if other[0] < one[1] and one[0] < other[1]]
    done = {one for one, _ in straight}, {other for _, other in straight}
    yield from straight
    yield from ((a, b) for a, b in near if a not in done[0] and b not in done[1])
