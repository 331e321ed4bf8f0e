"""Non-digits made of images of digits: halves, pairs that touch, crossed-out digits.

They are what `damaged_digits` makes of strokes, made of what people wrote: with MNIST's training
images to learn from, with its validation images to choose a threshold.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.damaged_digits import (
    BROAD,
    HALVES,
    cut_canvas,
    lines_across,
)
from mnist_core.augmentation.synthetic_digits import frame_canvas
from mnist_core.data import FRAME_SIZE, LabelledArrays

__all__ = ["halve_images", "join_images", "strike_images"]

# Enlargement before the cut; below this grey level is the blur of the enlargement.
_ENLARGED, _FAINT = 4, 40
# Pens of the lines that cross a digit out, in px of a frame.
_THIN_PEN, _THICK_PEN = 1.2, 3.0
# The images of a pair overlap by up to this many px of a frame, and one is this much lower.
_OVERLAP, _DROP = 3.0, 2.0

Draw = Callable[[np.random.Generator, LabelledArrays], NDArray[np.uint8] | None]


def halve_images(
    digits: LabelledArrays, count: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Halves of digits that are no digits themselves.

    Args:
        digits: images with their labels; all ten digits must occur.
        count: number of halves.
        random: generator of images and cuts.

    Returns:
        (count, 28, 28) uint8, white ink on black.
    """
    return _frames(_half, digits, count, random)


def join_images(
    digits: LabelledArrays, count: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Two digits side by side as one; arguments and result as of `halve_images`."""
    return _frames(_pair, digits, count, random)


def strike_images(
    digits: LabelledArrays, count: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Crossed-out digits; arguments and result as of `halve_images`."""
    return _frames(_crossed_out, digits, count, random)


def _frames(
    draw: Draw, digits: LabelledArrays, count: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    frames = np.zeros((count, FRAME_SIZE, FRAME_SIZE), np.uint8)
    for row in range(count):
        while (canvas := draw(random, digits)) is None:
            pass
        frames[row] = frame_canvas(canvas)
    return frames


def _half(random: np.random.Generator, digits: LabelledArrays) -> NDArray[np.uint8] | None:
    digit, side = HALVES[random.integers(len(HALVES))]
    return cut_canvas(_enlarge(digits, digit, random), side, random)


def _pair(random: np.random.Generator, digits: LabelledArrays) -> NDArray[np.uint8]:
    left, right = (_crop(_enlarge(digits, int(random.choice(BROAD)), random)) for _ in range(2))
    overlap = round(_ENLARGED * random.uniform(0, _OVERLAP))
    # Either may be the lower one.
    drops = [round(_ENLARGED * random.uniform(0, _DROP)), 0]
    random.shuffle(drops)
    height = max(len(left) + drops[0], len(right) + drops[1])
    canvas = np.zeros((height, left.shape[1] + right.shape[1] - overlap), np.uint8)
    canvas[drops[0] : drops[0] + len(left), : left.shape[1]] = left
    place = canvas[drops[1] : drops[1] + len(right), -right.shape[1] :]
    np.maximum(place, right, out=place)
    return canvas


def _crossed_out(random: np.random.Generator, digits: LabelledArrays) -> NDArray[np.uint8]:
    margin = FRAME_SIZE * _ENLARGED // 2
    canvas = np.pad(_enlarge(digits, int(random.integers(10)), random), margin)
    left, top, width, height = cv2.boundingRect(canvas)
    middle = np.array([left + width / 2, top + height / 2])
    half = np.array([max(width, 0.6 * height), height]) / 2
    pen = round(_ENLARGED * random.uniform(_THIN_PEN, _THICK_PEN))
    for line in lines_across(random):
        points = np.rint(line * half + middle).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, pen, cv2.LINE_AA)
    return canvas


def _enlarge(digits: LabelledArrays, digit: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """One image of a digit on a larger canvas."""
    image = digits.images[random.choice(np.flatnonzero(digits.labels == digit))]
    canvas = cv2.resize(image, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC)
    return np.where(canvas < _FAINT, np.uint8(0), canvas)


def _crop(canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    left, top, width, height = cv2.boundingRect(canvas)
    return canvas[top : top + height, left : left + width]
