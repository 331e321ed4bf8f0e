"""What remains of ruled lines that were erased.

A line is erased where it was found. Pieces of it beside that, and the lines between the boxes of a
form, which do not run from border to border, would be digits.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.components import Labels
from mnist_core.preprocessing.grey import Image, Mask
from mnist_core.preprocessing.line_detection import MAX_SLOPE
from mnist_core.preprocessing.ruled_lines import STROKE_REACH, RuledLines

__all__ = ["are_remains"]


def are_remains(
    labels: Labels, stats: NDArray[np.int32], contrast: Image, lines: RuledLines
) -> Mask:
    """Which components are only remains of ruled lines.

    More than half of each lies on one line; or it is an upright bar from one line across to
    another, as dark as the lines and as thin: the lines between the boxes of a form end there.

    Returns (n,) bool.

    Args:
        labels: (h, w), the component that each pixel belongs to, from 1; 0 is background.
        stats: (n, 5), of each component, as OpenCV returns them.
        contrast: (h, w) uint8, in which the lines were found.
        lines: those that were erased.
    """
    count, sizes = len(stats), stats[:, cv2.CC_STAT_AREA]
    # On one line: on closely squared paper, a digit is on several.
    on_line = [np.bincount(labels[line], minlength=count) for line in (lines.across, lines.down)]
    remains: Mask = 2 * np.maximum(*on_line) > sizes
    low, high = lines.levels
    for label in np.flatnonzero(_are_bars(stats, lines) & ~remains).tolist():
        left, top, width, height, _ = stats[label].tolist()
        box = slice(top, top + height), slice(left, left + width)
        peaks = np.where(labels[box] == label, contrast[box], 0).max(axis=1)
        remains[label] = low <= np.median(peaks) <= high
    return remains


def _are_bars(stats: NDArray[np.int32], lines: RuledLines) -> Mask:
    """Which components are upright bars as thin as lines, both ends at lines across: (n,) bool."""
    left, top, width, height, area = stats.T
    middle = left + width // 2
    near = cv2.dilate(lines.across.view(np.uint8), np.ones((2 * STROKE_REACH + 1, 1), np.uint8))
    ends_at_lines = (near[top, middle] & near[top + height - 1, middle]) > 0
    is_thin = area <= lines.thickness * height
    bars: Mask = ends_at_lines & is_thin & (width <= lines.thickness + MAX_SLOPE * height)
    return bars
