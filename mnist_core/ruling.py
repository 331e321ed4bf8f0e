"""Printed, ruled and squared lines: what runs straight through a photograph from side to side.

Digits stand on them, touch them and cross them, so they have to go before pieces of ink are told
apart. A line is found by its shadow (the Radon transform of the ink, for the few slopes that paper
is held at), and is taken out run by run: where a stroke crosses it, the ink stays.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

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
    level = _find_lines(contrast, threshold)
    upright = _find_lines(cv2.transpose(contrast), threshold)
    if not level and not upright:
        return None
    # A stem between two printed lines looks like a line from border to border, until those are
    # gone. So each is judged without the others.
    erased = _erased(contrast, level, None, threshold)
    if upright:
        across = _erased(contrast.T, upright, erased.T, threshold).T
        erased = across | _erased(contrast, level, across, threshold)
    return erased if erased.any() else None


def _thin_lines(levels: NDArray[np.uint8], beside: int) -> NDArray[np.uint8]:
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


def _for_lines(contrast: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image in which nearly horizontal lines are looked for: few columns, each a mean."""
    height, width = contrast.shape
    together = -(-width // _COLUMNS)
    means = cv2.blur(contrast, (together, 1))[:, together // 2 :: together]
    return cv2.resize(means, (means.shape[1], min(height, _MAX_ROWS)), interpolation=cv2.INTER_AREA)


def _from(levels: NDArray[np.uint8], limit: float) -> NDArray[np.uint8]:
    """1 from a limit on, else 0."""
    return cv2.threshold(levels, math.ceil(limit) - 1, 1, cv2.THRESH_BINARY)[1]


def _find_lines(contrast: NDArray[np.uint8], threshold: float) -> list[_Line]:
    """The nearly horizontal lines."""
    height, width = contrast.shape
    small = _for_lines(contrast)
    rows = len(small)
    # A row to spare above and below: paper bends.
    lines_ink = cv2.max(_from(small, threshold), _thin_lines(small[np.newaxis], _BESIDE)[0])
    ink = cv2.dilate(lines_ink, np.ones((3, 1), np.uint8))
    ways = _ways(*ink.shape, _MAX_SLOPE * width * rows / height)
    covered = _coverage(ink, ways)
    best = covered.max(axis=0)
    lines = []
    for top, bottom in _runs(best >= _COVERED):
        # A thick line is covered on many rows, and by many slopes: take the middle of the best.
        peak = covered[:, top:bottom]
        slopes, places = np.nonzero(peak >= peak.max() - 1e-3)
        middle, rise = top + places.mean() + 0.5, float(ways.rises[slopes].mean())
        scale = height / rows
        lines.append(
            _Line(first=(middle - rise / 2) * scale - 0.5, last=(middle + rise / 2) * scale - 0.5)
        )
    return lines


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
        least=_COVERED * shortest * columns,
        weights=np.where(inside >= _MIN_WAY * columns, 1 / inside, 0).astype(np.float32),
    )


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The half-open ranges in which a vector is True."""
    padded = np.zeros(len(mask) + 2, bool)
    padded[1:-1] = mask
    edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _erased(
    contrast: NDArray[np.uint8],
    lines: list[_Line],
    others: NDArray[np.bool_] | None,
    threshold: float,
) -> NDArray[np.bool_]:
    """The pixels of nearly horizontal lines, as far as they are lines without the others."""
    height, width = contrast.shape
    widest = min(_MAX_THICK, max(4, round(_THICK * height))) + _REACHES_OUT + 2
    # Beyond the border there is nothing: a band may reach there. All of it is cut out by numbering
    # the pixels.
    border = widest + int(_MAX_SLOPE * width) + 2
    edges = (border, border, 0, 0, cv2.BORDER_CONSTANT)
    known = cv2.copyMakeBorder(contrast, *edges).ravel()
    covered = None
    if others is not None and others.any():
        covered = cv2.copyMakeBorder(others.view(np.uint8), *edges).ravel()
        known[covered.view(bool)] = 0
    columns = np.arange(width)
    mask = np.zeros(known.shape, bool)
    # Nearly all lines are thin: the widest band is looked at where a narrow one is not enough.
    for reach in sorted({min(_NARROW_BAND, widest), widest}):
        if not lines:
            break
        ends = np.array([(line.first, line.last) for line in lines])
        falls = (ends[:, 1:] - ends[:, :1]) / max(1, width - 1)
        middles = np.rint(ends[:, :1] + falls * columns).astype(np.intp)
        # All bands at once: (lines, rows of a band, columns).
        beside = np.arange(-reach, reach + 1)[:, np.newaxis]
        at = ((middles + border) * width + columns)[:, np.newaxis] + beside * width
        levels = np.take(known, at)
        inside = hidden = np.broadcast_to(False, at.shape)
        if reach <= middles.min() and middles.max() < height - reach:
            inside = np.broadcast_to(True, at.shape)
        else:
            rows = middles[:, np.newaxis] + beside
            inside = (rows >= 0) & (rows < height)
        if covered is not None:
            hidden = np.take(covered, at).view(bool)
        # Along the line, a mean has less grain.
        flat = cv2.blur(levels.reshape(-1, width), (max(1, width // _COLUMNS) | 1, 1))
        far = _BESIDE * max(1, height // _MAX_ROWS)
        strokes = levels >= threshold
        bands = strokes | _thin_lines(flat.reshape(levels.shape), far).view(bool)
        cover = _counts(bands) / np.maximum(_counts(inside), 1)
        wider = []
        for index, line in enumerate(lines):
            top, bottom = _thickness(cover[index].tolist())
            if reach < widest and not _REACHES_OUT < top < bottom < len(beside) - _REACHES_OUT:
                wider.append(line)
                continue
            top, bottom, gone = _line_in_band(
                bands[index],
                strokes[index],
                inside[index],
                hidden[index],
                (top, bottom),
                round(_THICK * height),
            )
            mask[at[index, top:bottom][gone]] = True
        lines = wider
    return mask.reshape(-1, width)[border:-border]


def _counts(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """How often each row of some images is True: (n, rows) of (n, rows, columns)."""
    flat = np.ascontiguousarray(mask).view(np.uint8).reshape(-1, mask.shape[2])
    counts: NDArray[np.int32] = cv2.reduce(flat, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return counts.reshape(mask.shape[:2])


def _line_in_band(
    band: NDArray[np.bool_],
    strokes: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    hidden: NDArray[np.bool_],
    thickness: tuple[int, int],
    thickest: int,
) -> tuple[int, int, NDArray[np.bool_]]:
    """What is to be erased of the ink around a line, the line being straight.

    Args:
        band: where there is ink, however faint; the line is in the middle.
        strokes: where there is ink that could be a stroke's.
        inside: where the picture is.
        hidden: where other lines were: nothing is known there.
        thickness: the half-open range of rows that the line takes in the band.
        thickest: a line has no more rows.

    Returns:
        The half-open range of rows in which something is to be erased, and a mask of those rows.
    """
    top, bottom = thickness
    hit = np.asarray(band[top:bottom].any(axis=0))
    known = inside[len(band) // 2] & (hit | ~hidden[top:bottom].any(axis=0))
    if bottom - top > max(3, thickest) or not _runs_through(hit[known]):
        return 0, 0, np.zeros_like(band[:0])
    # The soft edges go with it.
    top, bottom = max(0, top - 1), min(len(band), bottom + 1)
    crossed = _crossings(strokes, top, bottom)[top:bottom]
    return top, bottom, inside[top:bottom] & ~hidden[top:bottom] & ~crossed


def _thickness(covered: list[float]) -> tuple[int, int]:
    """The half-open range of rows that a line takes, by how much of each row it covers."""
    reach = len(covered) // 2
    centre = max(range(reach - 2, reach + 3), key=covered.__getitem__)
    least = _SAME_LINE * covered[centre]
    top, bottom = centre, centre + 1
    while top and covered[top - 1] >= least:
        top -= 1
    while bottom < len(covered) and covered[bottom] >= least:
        bottom += 1
    return top, bottom


def _runs_through(hit: NDArray[np.bool_]) -> bool:
    """Does a line cover its way, and both ends of it?"""
    end = max(1, round(_END * len(hit)))
    return bool(
        np.count_nonzero(hit) >= max(1, _COVERED * len(hit))
        and min(np.count_nonzero(hit[:end]), np.count_nonzero(hit[-end:])) >= _END_COVERED * end
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
