"""Digits that code draws: the styles that MNIST's American writers hardly use.

Every digit drawn has its own point on the way between two extremes of its style, its own tremor,
proportions, slant and pen, so that a network sees the idea of a barred seven and not one picture of
it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.digit_styles import STYLES, Style
from mnist_core.data import FRAME_SIZE
from mnist_core.preprocessing.framing import frame_digit
from mnist_core.preprocessing.segmentation import InkedDigit

__all__ = ["frame_of_strokes", "synthesize_digits", "write"]

# How far a control point trembles, and how far beyond its extremes a style may go (of 1).
_TREMOR, _BEYOND = 0.025, 0.15
# Widths of digits, as a share of what their style says; slant and rotation in radians.
_NARROW, _WIDE, _SLANT, _ROTATION = 0.6, 1.15, 0.15, 0.08
# Pens, as a share of the digit's longer side: thinner than a ballpoint to a thick marker.
_THIN_PEN, _THICK_PEN = 0.03, 0.18
# Digits are drawn so large, in pixels, and shrunk to a frame; OpenCV takes sixteenths of a pixel.
_SIDE, _SHIFT = 80, 4


def synthesize_digits(
    labels: NDArray[np.integer], random: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw digits in the styles of `STYLES`.

    Args:
        labels: (n,) which digits, 0 to 9.
        random: where chance comes from; the same state gives the same digits.

    Returns:
        (n, 28, 28) uint8 MNIST frames, white ink on black.
    """
    frames = np.zeros((len(labels), FRAME_SIZE, FRAME_SIZE), np.uint8)
    for digit in range(10):
        styles = [style for style in STYLES if style.digit == digit]
        rows = np.flatnonzero(labels == digit)
        chosen = random.integers(len(styles), size=len(rows))
        for number, style in enumerate(styles):
            written = rows[chosen == number]
            frames[written] = write(style, len(written), random)
    return frames


def write(style: Style, count: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """Write something so many times, each time by another hand and with another pen.

    Returns:
        (count, 28, 28) uint8 MNIST frames, white ink on black.
    """
    first, second = style.extremes
    way = random.uniform(-_BEYOND, 1 + _BEYOND, (count, 1, 1))
    points = first + (second - first) * way
    points = points + random.normal(0, _TREMOR, points.shape)
    points = _in_a_hand(points, random)
    strokes = [curve @ points for curve in style.curves]
    pens = np.exp(random.uniform(np.log(_THIN_PEN), np.log(_THICK_PEN), count))
    frames = np.zeros((count, FRAME_SIZE, FRAME_SIZE), np.uint8)
    for row, pen in enumerate(pens):
        frames[row] = frame_of_strokes([stroke[row] for stroke in strokes], pen)
    return frames


def _in_a_hand(points: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Give each digit its proportions, slant and rotation: (n, points, 2)."""
    count = len(points)
    width = random.uniform(_NARROW, _WIDE, count)
    slant = random.normal(0, _SLANT, count)
    angle = random.normal(0, _ROTATION, count)
    x = points[:, :, 0] * width[:, np.newaxis] - points[:, :, 1] * slant[:, np.newaxis]
    y = points[:, :, 1]
    cosine, sine = np.cos(angle)[:, np.newaxis], np.sin(angle)[:, np.newaxis]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)


def frame_of_strokes(strokes: list[NDArray[np.float64]], pen: float) -> NDArray[np.uint8]:
    """The MNIST frame of strokes drawn with a round pen.

    Args:
        strokes: each (n, 2), x to the right and y down, in any unit.
        pen: its width, as a share of the drawing's longer side.

    Returns:
        (28, 28) uint8, white ink on black.
    """
    points = np.concatenate(strokes)
    low = points.min(axis=0)
    scale = _SIDE / max(float((points.max(axis=0) - low).max()), 1e-9)
    width = max(2, round(pen * _SIDE))
    canvas = np.zeros((_SIDE + 2 * width + 4, _SIDE + 2 * width + 4), np.uint8)
    lines = [
        np.rint(((stroke - low) * scale + width + 2) * 2**_SHIFT).astype(np.int32)
        for stroke in strokes
    ]
    cv2.polylines(canvas, lines, False, 255, width, cv2.LINE_AA, _SHIFT)
    left, top, wide, high = cv2.boundingRect(canvas)
    ink = np.ascontiguousarray(canvas[top : top + high, left : left + wide])
    return frame_digit(InkedDigit(box=(left, top, wide, high), ink=ink))
