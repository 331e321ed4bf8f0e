"""Synthetic numbers whose digits touch, overlap or are joined by a ligature, for training.

A network that was trained on pairs of digits at one distance fails on real ones, so everything that
differs between writers is random: size, slant, baseline, pen, distance, the kind of contact, lines
through or below the number, and signs that are not digits.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.glyphs import CAPITAL_HEIGHT, GlyphPool, cut_to_ink, pen_width
from mnist_core.data import CLASSES
from mnist_core.preprocessing.framing import LINE_HEIGHT, frame_line

__all__ = ["NON_DIGIT", "write_strings"]

Image = NDArray[np.uint8]

# The class of a sign that is not a digit, after those of the ten digits.
NON_DIGIT = CLASSES
# The height of a digit before the number is scaled to the network's height, px.
_HEIGHT = 40
# Share of strings with MNIST's digits; the others have digits in the styles it lacks, or both.
_MNIST, _STYLES = 0.5, 0.35
# Share of strings without a digit, and of those that are words of letters; of signs in the others.
_WORDS, _LETTERS, _SIGNS = 0.13, 0.6, 0.04
# Standard deviations between the digits of a string: of the logarithm of their size, slant and
# baseline (in heights).
_SIZE, _SLANT, _BASELINE = 0.1, 0.06, 0.06
# How a digit follows the one before: shares of contact, overlapping boxes and a free gap.
_CONTACT, _BOXES = 0.55, 0.25
# In heights: ink overlaps up to this; boxes have gaps in this range; so has ink that is free.
_OVERLAP, _BOX_GAP, _INK_GAP = 0.12, (-0.22, 0.12), (0.02, 0.3)
# Shares of neighbors joined by a ligature, in words and in numbers; of strings with a ruled line.
_WORD_LIGATURE, _LIGATURE, _LINE = 0.5, 0.1, 0.08


def write_strings(
    count: int, length: int, width: int, pool: GlyphPool, random: np.random.Generator
) -> tuple[Image, NDArray[np.int32]]:
    """Write numbers, and some words, as the string network sees them.

    Args:
        count: number of strings.
        length: their number of digits or other signs; fewer where the string becomes too wide.
        width: of the images, px.
        pool: the signs they consist of.
        random: generator of everything else.

    Returns:
        (count, `LINE_HEIGHT`, width) uint8, white ink on black, and (count, length) int32: classes
        0 to 9 and `NON_DIGIT`, filled with -1.
    """
    images = np.zeros((count, LINE_HEIGHT, width), np.uint8)
    labels = np.full((count, length), -1, np.int32)
    for row in range(count):
        signs = length
        while True:
            classes = _choose_classes(signs, random)
            line = frame_line(_degrade(_write(classes, pool, random), random))
            if line.shape[1] <= width:
                break
            signs = max(1, signs - 1)
        left = random.integers(0, width - line.shape[1] + 1)
        images[row, :, left : left + line.shape[1]] = line
        labels[row, : len(classes)] = classes
    return images, labels


def _choose_classes(length: int, random: np.random.Generator) -> NDArray[np.int64]:
    if random.random() < _WORDS:
        return np.full(length, NON_DIGIT)
    classes = random.integers(0, CLASSES, length)
    if random.random() < 0.15:  # noughts, ones and other digits often come in a row
        classes[:] = random.choice([0, 1, classes[0]])
    classes[random.random(length) < _SIGNS] = NON_DIGIT
    return classes


def _write(classes: NDArray[np.int64], pool: GlyphPool, random: np.random.Generator) -> Image:
    """Write one string: (h, w) uint8, its ink somewhere on black."""
    source, pen = random.random(), random.random()
    is_word = bool((classes == NON_DIGIT).all())
    ligature = random.choice([_WORD_LIGATURE, 0]) if is_word else _LIGATURE
    non_digits = pool.letters if is_word and random.random() < _LETTERS else pool.signs
    height = _HEIGHT * random.uniform(0.8, 1.1)
    slant, stretch = random.normal(0, 0.12), random.uniform(0.75, 1.2)
    climb = random.normal(0, 0.05)
    canvas = np.zeros((4 * _HEIGHT, (len(classes) + 2) * 2 * _HEIGHT), np.uint8)
    right = _HEIGHT
    last: tuple[Image, int, int] | None = None
    for label in classes:
        styles = source > _MNIST + _STYLES if random.random() < 0.5 else source > _MNIST
        digits = pool.styles if styles else pool.written
        glyph = (non_digits if label == NON_DIGIT else digits[label]).choose(pen, random)
        size = height * float(np.exp(random.normal(0, _SIZE)))
        if non_digits is pool.letters:
            size *= max(glyph.shape) / CAPITAL_HEIGHT
        lean = slant + random.normal(0, _SLANT)
        patch = _transform(glyph, size, lean, stretch, random)
        baseline = 2.5 * _HEIGHT + random.normal(0, _BASELINE * _HEIGHT) + climb * (right - _HEIGHT)
        top = int(np.clip(baseline - patch.shape[0], 0, canvas.shape[0] - patch.shape[0]))
        left = right + _gap(last, patch, top, random)
        left = int(np.clip(left, 0, canvas.shape[1] - patch.shape[1]))
        window = canvas[top : top + patch.shape[0], left : left + patch.shape[1]]
        np.maximum(window, patch, out=window)
        if last is not None and random.random() < ligature:
            _join(canvas, last, (patch, left, top), random)
        last = patch, left, top
        right = left + patch.shape[1]
    if random.random() < _LINE:
        _rule(canvas, random)
    return canvas


def _transform(
    glyph: Image, size: float, slant: float, stretch: float, random: np.random.Generator
) -> Image:
    """Scale and slant a sign; its height becomes about `size` px, less if it is wide."""
    rows, columns = glyph.shape
    scale = size / max(rows, 0.75 * columns)
    turn = random.normal(0, 0.05)
    matrix = np.array([[stretch, -slant], [0.0, 1.0]]) @ np.array(
        [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    matrix *= scale
    corners = matrix @ np.array([[0, columns, 0, columns], [0, 0, rows, rows]], float)
    low, high = corners.min(axis=1), corners.max(axis=1)
    affine = np.column_stack([matrix, 1 - low])
    extent = tuple(int(side) + 3 for side in high - low)
    return cut_to_ink(cv2.warpAffine(glyph, affine, extent))


def _gap(
    last: tuple[Image, int, int] | None, patch: Image, top: int, random: np.random.Generator
) -> int:
    """The distance in px from the right edge of the last sign to the left edge of this one."""
    if last is None:
        return 0
    kind = random.random()
    if kind < _BOXES:
        return round(random.uniform(*_BOX_GAP) * _HEIGHT)
    free = _free_space(last[0], last[2], patch, top)
    if kind < _BOXES + _CONTACT:
        return round(-free - random.uniform(0, _OVERLAP) * _HEIGHT)
    return round(-free + random.uniform(*_INK_GAP) * _HEIGHT)


def _free_space(last: Image, last_top: int, patch: Image, top: int) -> int:
    """How far a sign could move to the left of its neighbor's right edge before their ink meets."""
    low, high = max(last_top, top), min(last_top + last.shape[0], top + patch.shape[0])
    if low >= high:
        return 0
    first, second = last[low - last_top : high - last_top], patch[low - top : high - top]
    far = first.shape[1] + second.shape[1]
    right = np.where((first > 60).any(1), np.argmax(first[:, ::-1] > 60, axis=1), far)
    left = np.where((second > 60).any(1), np.argmax(second > 60, axis=1), far)
    return min(int((right + left).min()), first.shape[1], second.shape[1])


def _join(
    canvas: Image,
    first: tuple[Image, int, int],
    second: tuple[Image, int, int],
    random: np.random.Generator,
) -> None:
    """Draw a ligature: a curve from a point of one sign to a point of the next."""
    ends = []
    for (patch, left, top), side in ((first, 1), (second, 0)):
        rows, columns = np.nonzero(patch > 120)
        if not len(rows):
            return
        # A random one of the outermost quarter of the ink, often at the top or the foot.
        outer = np.argsort(columns if side == 0 else -columns)[: max(1, len(rows) // 4)]
        chosen = random.choice(outer)
        ends.append(np.array([left + columns[chosen], top + rows[chosen]], float))
    middle = (ends[0] + ends[1]) / 2 + random.normal(0, 0.15 * _HEIGHT, 2)
    t = np.linspace(0, 1, 12)[:, np.newaxis]
    curve = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * middle + t**2 * ends[1]
    pen = max(1, round(0.5 * _stroke(first[0]) + 0.5 * _stroke(second[0])))
    cv2.polylines(canvas, [np.rint(curve * 16).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)


def _stroke(patch: Image) -> float:
    return pen_width(patch) * max(patch.shape)


def _rule(canvas: Image, random: np.random.Generator) -> None:
    """Draw a straight line below, above, through or beside the number."""
    left, top, width, height = cv2.boundingRect(canvas)
    pen = int(random.integers(1, 4))
    if random.random() < 0.7:
        y = top + height * random.choice([0.02, 0.5, 0.98]) + random.normal(0, 2)
        ends = (left - random.uniform(0, 20), y), (left + width + random.uniform(0, 20), y)
    else:
        # Longer than a 1 beside the number.
        x = left + width * random.choice([0.0, 1.0]) + random.normal(0, 3)
        beyond = random.uniform(0.3, 0.8, 2) * height
        ends = (x, max(0, top - beyond[0])), (x, top + height + beyond[1])
    points = np.array(ends) + random.normal(0, 1.5, (2, 2))
    cv2.polylines(canvas, [np.rint(points * 16).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)


def _degrade(canvas: Image, random: np.random.Generator) -> Image:
    """Vary the pen, the sharpness and the brightness of the ink."""
    left, top, width, height = cv2.boundingRect(canvas)
    image = np.pad(canvas[top : top + height, left : left + width], 3)
    kind = random.random()
    if kind < 0.15:
        image = cv2.dilate(image, np.ones((2, 2) if kind < 0.08 else (3, 3), np.uint8))
    elif kind < 0.25:
        image = cv2.erode(image, np.ones((2, 2), np.uint8))
    levels = image.astype(np.float32)
    if random.random() < 0.5:
        levels = cv2.GaussianBlur(levels, (0, 0), random.uniform(0.4, 2))
    # From soft to hard edges.
    gain = float(np.exp(random.uniform(0, 1.5)))
    levels = 127.5 + (levels - 127.5) * gain
    if random.random() < 0.3:
        levels += random.normal(0, random.uniform(2, 12), levels.shape) * (levels > 20)
    degraded = cut_to_ink(levels.clip(0, 255).astype(np.uint8))
    return degraded if degraded.size else cut_to_ink(canvas)  # a thin pen was erased
