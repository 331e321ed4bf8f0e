"""Printed, ruled and squared lines: what runs straight through a photograph from side to side.

Digits stand on them, touch them and cross them, so they have to go before pieces of ink are told
apart. A line is found by its shadow (the Radon transform of the ink, for the few slopes that paper
is held at), and is taken out run by run: where a stroke crosses it, the ink stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.levels import median

__all__ = ["erase_rulings"]

# A thin line can be fainter than ink, but it is darker than so many pixels beside it, by so much
# (of 255), and by so many times the grain.
_BESIDE, _FAINT, _FAINT_GRAINS = 4, 5, 2.5
# Lines are looked for in an image shrunk to so many columns along them, which averages the grain …
_COLUMNS = 96
# … and to so many rows across them, so that they stay apart and the search takes milliseconds.
_MAX_ROWS = 480
# A line rises or falls by up to this share of its length: about five degrees.
_MAX_SLOPE = 0.09
# Slopes are tried in steps that move the ends of a line by so many rows.
_SLOPE_STEP = 1.5
# So many columns are looked at together.
_TOGETHER = 6
# It covers so much of its way through the picture, and so much of each end of that way …
_COVERED, _END, _END_COVERED = 0.7, 0.1, 0.5
# … which is at least this share of the picture's side.
_MIN_WAY = 0.5
# It is no thicker than this share of the picture across it, and never thicker than so many pixels.
_THICK, _MAX_THICK = 0.12, 40
# A band of so many rows on either side is enough for most lines.
_NARROW_BAND = 10
# Rows belong to a line where it covers so much of what it covers in its middle.
_SAME_LINE = 0.7
# Ink that reaches so many pixels out of a line is a stroke.
_REACHES_OUT = 2
# Smaller pictures have no room for a line and a digit.
_MIN_SIDE = 24


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A straight way through an image: its row at the first and at the last column."""

    first: float
    last: float


def erase_rulings(contrast: NDArray[np.uint8], threshold: float) -> NDArray[np.bool_] | None:
    """Find the pixels of straight lines that run through an image from border to border.

    Args:
        contrast: (h, w) uint8: how much each pixel stands out from the paper.
        threshold: from here on it is ink.

    Returns:
        (h, w) bool: True on a line, but not where a stroke crosses it; None without any line.
    """
    if min(contrast.shape) < _MIN_SIDE:
        return None
    level, upright = _find_lines(contrast, threshold), _find_lines(contrast.T, threshold)
    if not level and not upright:
        return None
    # A stem between two printed lines looks like a line from border to border, until those are
    # gone. So each is judged without the others.
    erased = _erased(contrast, level, np.zeros(contrast.shape, bool), threshold)
    if upright:
        across = _erased(contrast.T, upright, erased.T, threshold).T
        erased = across | _erased(contrast, level, across, threshold)
    return erased if erased.any() else None


def _thin_lines(levels: NDArray[np.uint8], beside: int) -> NDArray[np.bool_]:
    """Where it is darker than so many rows above and below: a line can be fainter than a pen."""
    above = np.roll(levels, beside, axis=0)
    darker = cv2.subtract(levels, cv2.max(above, np.roll(levels, -beside, axis=0)))
    grain = 1.4826 * median(cv2.absdiff(levels, above)) / np.sqrt(2)
    return darker >= max(_FAINT, _FAINT_GRAINS * grain)


def _shape_for_lines(contrast: NDArray[np.uint8]) -> tuple[int, int]:
    """(rows, columns) of the image in which nearly horizontal lines are looked for."""
    return min(contrast.shape[0], _MAX_ROWS), min(contrast.shape[1], _COLUMNS)


def _find_lines(contrast: NDArray[np.uint8], threshold: float) -> list[_Line]:
    """The nearly horizontal lines."""
    contrast = np.ascontiguousarray(contrast)
    height, width = contrast.shape
    rows, columns = _shape_for_lines(contrast)
    small = cv2.resize(contrast, (columns, rows), interpolation=cv2.INTER_AREA)
    # A row to spare above and below: paper bends.
    lines_ink = (small >= threshold) | _thin_lines(small, _BESIDE)
    ink = cv2.dilate(lines_ink.astype(np.uint8), np.ones((3, 1), np.uint8))
    if not (ink.mean(axis=1) >= _COVERED / 2).any():
        return []
    steepest = _MAX_SLOPE * width * rows / height
    count = 2 * int(np.ceil(steepest / _SLOPE_STEP)) + 1
    rises = np.linspace(-steepest, steepest, count)
    covered = _coverage(ink, rises)
    best = covered.max(axis=0)
    lines = []
    for top, bottom in _runs(best >= _COVERED):
        # A thick line is covered on many rows, and by many slopes: take the middle of the best.
        peak = covered[:, top:bottom]
        slopes, places = np.nonzero(peak >= peak.max() - 1e-3)
        middle, rise = top + places.mean() + 0.5, float(rises[slopes].mean())
        scale = height / rows
        lines.append(
            _Line(first=(middle - rise / 2) * scale - 0.5, last=(middle + rise / 2) * scale - 0.5)
        )
    return lines


def _coverage(ink: NDArray[np.uint8], rises: NDArray[np.float64]) -> NDArray[np.float32]:
    """The share of ink on each straight way that falls by so many rows from side to side.

    A way is named by its row in the middle; those that leave the picture too soon have none.

    Args:
        ink: (rows, columns) uint8, 0 or 1.
        rises: (n,) in rows.

    Returns:
        (n, rows) float32, 0 to 1.
    """
    rows, columns = ink.shape
    # Few enough columns together that a way stays on its rows among them.
    blocks = -(-columns // _TOGETHER)
    wide = cv2.copyMakeBorder(ink, 0, 0, 0, blocks * _TOGETHER - columns, cv2.BORDER_CONSTANT)
    inked = wide.reshape(rows, blocks, _TOGETHER).sum(axis=2, dtype=np.uint8)
    margin = int(np.abs(rises).max() / 2) + 1
    padded = np.pad(inked, ((margin, margin), (0, 0)))
    middles = (np.arange(blocks) + 0.5) * _TOGETHER / columns - 0.5
    falls = np.rint(rises[:, np.newaxis] * middles).astype(np.intp)
    first = (margin + falls) * blocks + np.arange(blocks)
    places = first[:, :, np.newaxis] + blocks * np.arange(rows)
    found = np.take(padded.ravel(), places).sum(axis=1, dtype=np.float32)
    ways = np.clip(np.minimum(np.arange(rows), np.arange(rows)[::-1]) + 0.5, 0, None)
    steep = np.maximum(np.abs(rises), 1e-6)[:, np.newaxis]
    inside = np.minimum(1, 0.5 + ways / steep) * columns
    return np.where(inside >= _MIN_WAY * columns, found / inside, 0).astype(np.float32)


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The half-open ranges in which a vector is True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _erased(
    contrast: NDArray[np.uint8],
    lines: list[_Line],
    others: NDArray[np.bool_],
    threshold: float,
) -> NDArray[np.bool_]:
    """The pixels of nearly horizontal lines, as far as they are lines without the others."""
    height, width = contrast.shape
    widest = min(_MAX_THICK, max(4, round(_THICK * height))) + _REACHES_OUT + 2
    mask = np.zeros(contrast.shape, bool)
    for line in lines:
        # Nearly all lines are thin: the widest band is looked at where a narrow one is not enough.
        for reach in sorted({min(_NARROW_BAND, widest), widest}):
            middle = np.rint(np.linspace(line.first, line.last, width)).astype(int)
            rows = middle + np.arange(-reach, reach + 1)[:, np.newaxis]
            inside = (rows >= 0) & (rows < height)
            at = rows.clip(0, height - 1), np.arange(width)
            hidden = others[at]
            levels = np.where(inside & ~hidden, contrast[at], 0).astype(np.uint8)
            # Along the line, a mean has less grain.
            along = cv2.blur(levels, (max(1, width // _COLUMNS) | 1, 1))
            thin = _thin_lines(along, _BESIDE * max(1, height // _MAX_ROWS))
            strokes = levels >= threshold
            thickness = _thickness(strokes | thin, inside)
            if thickness[0] > _REACHES_OUT and thickness[1] < len(levels) - _REACHES_OUT:
                break
        gone = _line_in_band(
            strokes | thin, strokes, inside, hidden, thickness, round(_THICK * height)
        )
        where = np.nonzero(gone)
        mask[rows[where], where[1]] = True
    return mask


def _line_in_band(
    band: NDArray[np.bool_],
    strokes: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    hidden: NDArray[np.bool_],
    thickness: tuple[int, int],
    thickest: int,
) -> NDArray[np.bool_]:
    """What is to be erased of the ink around a line, the line being straight: a mask like the band.

    Args:
        band: where there is ink, however faint; the line is in the middle.
        strokes: where there is ink that could be a stroke's.
        inside: where the picture is.
        hidden: where other lines were: nothing is known there.
        thickness: the half-open range of rows that the line takes in the band.
        thickest: a line has no more rows.
    """
    gone = np.zeros_like(band)
    top, bottom = thickness
    hit = np.asarray(band[top:bottom].any(axis=0))
    known = inside[len(band) // 2] & (hit | ~hidden[top:bottom].any(axis=0))
    if bottom - top > max(3, thickest) or not _runs_through(hit[known]):
        return gone
    # The soft edges go with it.
    top, bottom = max(0, top - 1), min(len(band), bottom + 1)
    gone[top:bottom] = True
    return gone & inside & ~hidden & ~_crossings(strokes, top, bottom)


def _thickness(band: NDArray[np.bool_], inside: NDArray[np.bool_]) -> tuple[int, int]:
    """The half-open range of rows that a line takes in the band around it."""
    covered = band.sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    reach = len(band) // 2
    centre = reach - 2 + int(np.argmax(covered[reach - 2 : reach + 3]))
    same = covered >= _SAME_LINE * covered[centre]
    return next((a, b) for a, b in _runs(same) if a <= centre < b)


def _runs_through(hit: NDArray[np.bool_]) -> bool:
    """Does a line cover its way, and both ends of it?"""
    end = max(1, round(_END * len(hit)))
    return bool(
        len(hit)
        and hit.mean() >= _COVERED
        and min(hit[:end].mean(), hit[-end:].mean()) >= _END_COVERED
    )


def _crossings(band: NDArray[np.bool_], top: int, bottom: int) -> NDArray[np.bool_]:
    """Where strokes that reach out of a line on both sides run through it."""
    kept = np.zeros(band.shape, np.uint8)
    above, below = top - _REACHES_OUT, bottom + _REACHES_OUT - 1
    if above < 0 or below >= len(band):
        return kept.view(bool)
    slant = bottom - top + _REACHES_OUT
    beneath = _runs(band[below])
    for left, right in _runs(band[above]):
        for start, end in beneath:
            if start - slant < right and left < end + slant:
                corners = [(left, above), (right - 1, above), (end - 1, below), (start, below)]
                cv2.fillConvexPoly(kept, np.array(corners, np.int32), 1)
    return kept.view(bool)
