"""Printed, ruled and squared lines: what runs straight through a photograph from side to side.

Digits stand on them, touch them and cross them, so they have to go before pieces of ink are told
apart. A line that was found (`mnist_core.preprocessing.line_detection`) is taken out run by
run: where a stroke crosses it, the ink stays.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.line_detection import (
    BESIDE,
    COLUMNS,
    COVERED,
    MAX_ROWS,
    MAX_SLOPE,
    Line,
    find_lines,
    runs,
    thin_lines,
)

__all__ = ["erase_rulings"]

# A line covers so much of each end of its way through the picture, and of all of it.
_END, _END_COVERED = 0.1, 0.5
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
    level = find_lines(contrast, threshold)
    upright = find_lines(cv2.transpose(contrast), threshold)
    if not level and not upright:
        return None
    # A stem between two printed lines looks like a line from border to border, until those are
    # gone. So each is judged without the others.
    erased = _erased(contrast, level, None, threshold)
    if upright:
        across = _erased(contrast.T, upright, erased.T, threshold).T
        erased = across | _erased(contrast, level, across, threshold)
    return erased if erased.any() else None


def _erased(
    contrast: NDArray[np.uint8],
    lines: list[Line],
    others: NDArray[np.bool_] | None,
    threshold: float,
) -> NDArray[np.bool_]:
    """The pixels of nearly horizontal lines, as far as they are lines without the others."""
    height, width = contrast.shape
    widest = min(_MAX_THICK, max(4, round(_THICK * height))) + _REACHES_OUT + 2
    # Beyond the border there is nothing: a band may reach there. All of it is cut out by numbering
    # the pixels.
    border = widest + int(MAX_SLOPE * width) + 2
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
        flat = cv2.blur(levels.reshape(-1, width), (max(1, width // COLUMNS) | 1, 1))
        far = BESIDE * max(1, height // MAX_ROWS)
        strokes = levels >= threshold
        bands = strokes | thin_lines(flat.reshape(levels.shape), far).view(bool)
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
    center = max(range(reach - 2, reach + 3), key=covered.__getitem__)
    least = _SAME_LINE * covered[center]
    top, bottom = center, center + 1
    while top and covered[top - 1] >= least:
        top -= 1
    while bottom < len(covered) and covered[bottom] >= least:
        bottom += 1
    return top, bottom


def _runs_through(hit: NDArray[np.bool_]) -> bool:
    """Does a line cover its way, and both ends of it?"""
    end = max(1, round(_END * len(hit)))
    return bool(
        np.count_nonzero(hit) >= max(1, COVERED * len(hit))
        and min(np.count_nonzero(hit[:end]), np.count_nonzero(hit[-end:])) >= _END_COVERED * end
    )


def _crossings(band: NDArray[np.bool_], top: int, bottom: int) -> NDArray[np.bool_]:
    """Where strokes that reach out of a line on both sides run through it."""
    kept = np.zeros(band.shape, np.uint8)
    above, below = top - _REACHES_OUT, bottom + _REACHES_OUT - 1
    if above < 0 or below >= len(band):
        return kept.view(bool)
    slant = bottom - top + _REACHES_OUT
    beneath = runs(band[below])
    for left, right in runs(band[above]):
        for start, end in beneath:
            if start - slant < right and left < end + slant:
                corners = [(left, above), (right - 1, above), (end - 1, below), (start, below)]
                cv2.fillConvexPoly(kept, np.array(corners, np.int32), 1)
    return kept.view(bool)
