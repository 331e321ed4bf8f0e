"""Synthetic digits in styles that MNIST's American writers rarely use.

Each digit has a random value of each parameter of its style, and random tremor, proportions, slant
and pen, so that a network learns the idea of a barred seven and not one image.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.digit_styles import STYLES, Style
from mnist_core.data import FRAME_SIZE
from mnist_core.preprocessing.framing import frame_digit
from mnist_core.preprocessing.segmentation import InkedDigit

__all__ = [
    "draw_pen",
    "frame_canvas",
    "frame_of_strokes",
    "random_pens",
    "synthesize_digits",
    "write",
    "write_strokes",
]

# Standard deviation of the control points, in heights of the digit; how far parameters go beyond
# their extremes, as a share of the range between them.
_TREMOR, _BEYOND = 0.025, 0.15
# Range of the width, relative to the style; standard deviations of slant and rotation, radians.
_NARROW, _WIDE, _SLANT, _ROTATION = 0.6, 1.15, 0.15, 0.08
# Pens, as a share of the digit's longer side: thinner than a ballpoint to a thick marker.
_THIN_PEN, _THICK_PEN = 0.03, 0.18
# Longer side of the drawing before it is framed, px; fractional bits of OpenCV's coordinates.
_SIDE, _SHIFT = 80, 4


def synthesize_digits(
    labels: NDArray[np.integer], random: np.random.Generator, *, at_rims: bool = False
) -> NDArray[np.uint8]:
    """Draw digits in the styles of `STYLES`.

    Args:
        labels: (n,) digits, 0 to 9.
        random: generator of styles and hands.
        at_rims: draw parameters near their extremes more often than between them.

    Returns:
        (n, 28, 28) uint8 MNIST frames, white ink on black.
    """
    frames = np.zeros((len(labels), FRAME_SIZE, FRAME_SIZE), np.uint8)
    for digit in range(10):
        styles = [style for style in STYLES if style.digit == digit]
        rows = np.flatnonzero(labels == digit)
        weights = np.array([style.weight for style in styles])
        chosen = random.choice(len(styles), len(rows), p=weights / weights.sum())
        for number, style in enumerate(styles):
            of_style = rows[chosen == number]
            frames[of_style] = write(style, len(of_style), random, at_rims=at_rims)
    return frames


def write(
    style: Style, count: int, random: np.random.Generator, *, at_rims: bool = False
) -> NDArray[np.uint8]:
    """Write a sign `count` times, each time with another hand and pen.

    Returns:
        (count, 28, 28) uint8 MNIST frames, white ink on black.
    """
    written = write_strokes(style, count, random, at_rims=at_rims)
    frames = np.zeros((count, FRAME_SIZE, FRAME_SIZE), np.uint8)
    for row, (strokes, pen) in enumerate(zip(written, random_pens(count, random), strict=True)):
        frames[row] = frame_of_strokes(strokes, pen)
    return frames


def write_strokes(
    style: Style, count: int, random: np.random.Generator, *, at_rims: bool = False
) -> list[list[NDArray[np.float64]]]:
    """The strokes of a sign that is written `count` times, each time with another hand.

    Returns:
        For each time, the strokes: (n, 2), x to the right and y down, in heights of the sign.
    """
    shape = (count, len(style.directions))
    if at_rims:
        parameters = random.beta(0.5, 0.5, shape)  # the arcsine distribution
    else:
        parameters = random.uniform(-_BEYOND, 1 + _BEYOND, shape)
    points = style.points + np.tensordot(parameters, style.directions, 1)
    points = points + random.normal(0, _TREMOR, points.shape)
    points = _vary_hand(points, random)
    strokes = [curve @ points for curve in style.curves]
    return [[stroke[row] for stroke in strokes] for row in range(count)]


def random_pens(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """The widths of `count` pens, each as a share of the drawing's longer side."""
    return np.exp(random.uniform(np.log(_THIN_PEN), np.log(_THICK_PEN), count))


def _vary_hand(points: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Vary proportions, slant and rotation of each digit: (n, points, 2)."""
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
        pen: width of the pen, as a share of the drawing's longer side.

    Returns:
        (28, 28) uint8, white ink on black.
    """
    return frame_canvas(draw_pen(strokes, pen))


def draw_pen(strokes: list[NDArray[np.float64]], pen: float) -> NDArray[np.uint8]:
    """Strokes on a canvas, before they are framed; arguments as of `frame_of_strokes`.

    Returns:
        (h, w) uint8, white ink on black, its longer side a little above 80 px.
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
    return canvas


def frame_canvas(canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The MNIST frame of all ink on a canvas; black if there is none.

    Args:
        canvas: (h, w) uint8, white ink on black.
    """
    left, top, width, height = box = cv2.boundingRect(canvas)
    if not width:
        return np.zeros((FRAME_SIZE, FRAME_SIZE), np.uint8)
    ink = np.ascontiguousarray(canvas[top : top + height, left : left + width])
    return frame_digit(InkedDigit(box=tuple(box), ink=ink))
