"""Non-digits made of MNIST test digits, and handwritten letters, to measure the digit score on.

They are independent of the non-digits of the training: halves, pairs and crossed-out digits are
made of MNIST's test images instead of strokes, letters of their own strokes with rounded corners.
What a writer may have meant as a digit is left out: half of an 8 is a 0 or a 3, a 1 beside a 0 a 6.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from non_digits import SEED, NonDigits
from numpy.typing import NDArray
from pictures import CANVAS, Image
from support.strokes import draw_strokes, place_strokes

from mnist_core import load_mnist
from mnist_core.data import FRAME_SIZE
from mnist_core.preprocessing.extraction import extract_digits

__all__ = ["DAMAGED", "crossed_out", "halves", "joined_pairs", "letters_in_handwriting"]

COUNT = 1000
# Enlargement of MNIST's images.
SCALE = 6
# Digits, and their halves, that are not digits themselves.
HALVES = ((0, "bottom"), (2, "bottom"), (3, "left"), (8, "left"))
# Digits that no neighbor completes to another digit.
BROAD = (0, 2, 3, 4, 5, 6, 8, 9)
# Letters that look like no digit: corners of their strokes in tenths of their height, which are
# moved and rounded.
LETTERS = {
    "A": ("0,10 3,0 6,10", "1,6 6,6"),
    "E": ("6,1 2,0 1,3 3,5 0,7 2,10 6,9",),
    "F": ("1,0 0,10", "0,0 6,0", "0,5 5,5"),
    "H": ("0,0 0,10", "6,0 6,10", "0,5 6,5"),
    "K": ("0,0 0,10", "6,0 1,5 6,10"),
    "M": ("0,10 1,0 4,7 7,0 8,10",),
    "N": ("0,10 0,0 6,10 6,0",),
    "R": ("0,10 0,0 6,0 6,4 1,5 6,10",),
    "W": ("0,0 2,10 4,3 6,10 8,0",),
    "X": ("0,0 6,10", "6,0 0,10"),
    "d": ("5,5 1,4 0,7 1,10 5,9", "5,0 5,10 7,10"),
    "e": ("0,7 5,6 5,3 1,3 0,7 2,10 6,9",),
    "f": ("5,1 3,0 2,3 2,10", "0,5 5,5"),
    "h": ("0,0 0,10 1,5 4,4 5,10",),
    "k": ("0,0 0,10", "4,4 1,7 5,10"),
    "m": ("0,3 0,10 1,4 4,3 4,10 5,4 8,3 8,10",),
    "n": ("0,3 0,10 1,4 5,3 5,10",),
    "w": ("0,3 1,10 4,9 4,4 5,10 8,9 8,3",),
    "x": ("0,3 3,4 4,9 7,10", "7,3 4,5 3,8 0,10"),
}

Make = Callable[[np.random.Generator], Image | None]


def halves(count: int = COUNT) -> NonDigits:
    """Halves of MNIST test digits."""

    def make(random: np.random.Generator) -> Image | None:
        digit, side = HALVES[random.integers(len(HALVES))]
        image = _enlarged(digit, random)
        left, top, width, height = cv2.boundingRect((image >= 64).astype(np.uint8))
        share = random.uniform(0.35, 0.48)
        if side == "left":
            half = image[:, : left + round(share * width)]
        else:
            half = image[top + round((1 - share) * height) :]
        ink = (half >= 64).astype(np.uint8)
        _, _, wide, high = cv2.boundingRect(ink)
        _, levels = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        has_ring = levels is not None and bool((levels[0, :, 3] >= 0).any())
        # An upright bowl is an open 0, a bar a 1.
        is_bowl = side == "bottom" and high > 0.8 * wide
        _, sides, _ = cv2.minAreaRect(cv2.findNonZero(ink))
        if has_ring or is_bowl or max(sides) > 3 * min(sides):
            return None
        return np.pad(half, 60)

    return NonDigits(name="halves of digits", frames=_frames(make, count, _largest))


def joined_pairs(count: int = COUNT) -> NonDigits:
    """Two MNIST test digits that touch, as one."""

    def make(random: np.random.Generator) -> Image | None:
        left, right = (_cropped(_enlarged(int(random.choice(BROAD)), random)) for _ in range(2))
        overlap, drop = round(SCALE * random.uniform(0, 3)), round(SCALE * random.uniform(0, 2))
        height = max(len(left), len(right)) + drop
        canvas = np.zeros((height, left.shape[1] + right.shape[1] - overlap), np.uint8)
        canvas[: len(left), : left.shape[1]] = left
        place = canvas[drop : drop + len(right), -right.shape[1] :]
        np.maximum(place, right, out=place)
        return np.pad(canvas, 60)

    return NonDigits(name="pairs of digits that touch", frames=_frames(make, count, _only))


def crossed_out(count: int = COUNT) -> NonDigits:
    """MNIST test digits under two to six strokes of a pen as wide as theirs."""

    def make(random: np.random.Generator) -> Image | None:
        image = _enlarged(int(random.integers(10)), random)
        left, top, width, height = cv2.boundingRect((image >= 64).astype(np.uint8))
        middle = np.array([left + width / 2, top + height / 2])
        half = np.array([max(width, 0.5 * height), height]) / 2 * random.uniform(1.0, 1.3)
        if random.random() < 0.4:
            corners = np.array([(-1, -1), (1, 1), (-1, 1), (1, -1)]) * random.uniform(
                0.8, 1, (4, 1)
            )
            lines = [corners[:2], corners[2:]]
        else:
            slope, count = random.uniform(-0.4, 0.4), int(random.integers(3, 7))
            lines = [
                np.array([(-1, y - slope), (1, y + slope)]) * 0.9
                for y in np.linspace(-0.6, 0.6, count) + random.normal(0, 0.04, count)
            ]
        canvas, pen = np.pad(image, 60), round(SCALE * random.uniform(1.4, 2.6))
        for line in lines:
            points = np.rint(line * half + middle + 60).astype(np.int32)
            cv2.polylines(canvas, [points], False, 255, pen, cv2.LINE_AA)
        return canvas

    return NonDigits(name="crossed-out digits", frames=_frames(make, count, _largest))


def letters_in_handwriting(count: int = COUNT) -> NonDigits:
    """Letters of strokes, with pens of any width."""

    def make(random: np.random.Generator) -> Image | None:
        letter = LETTERS[random.choice(list(LETTERS))]
        slant, narrow = random.normal(0, 0.15), random.uniform(0.75, 1.2)
        strokes = []
        for stroke in letter:
            points = np.array([point.split(",") for point in stroke.split()], float)
            points = (points + random.normal(0, 0.35, points.shape)) @ [(narrow, 0), (-slant, 1)]
            strokes.append(_rounded(points, int(random.integers(1, 4))))
        side = random.uniform(110, 200)
        placed = place_strokes(strokes, side=side, center=(CANVAS / 2, CANVAS / 2))
        return draw_strokes(placed, brush=side * random.uniform(0.04, 0.1))

    return NonDigits(name="letters in handwriting", frames=_frames(make, count, _only))


def _rounded(points: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    """A polygon with its corners cut (G. Chaikin, 1974), its ends kept."""
    for _ in range(times):
        cut = np.stack(
            [0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]], 1
        )
        points = np.vstack([points[:1], cut.reshape(-1, 2), points[-1:]])
    return points


def _frames(make: Make, count: int, pick: Callable[[list[Image]], Image | None]) -> Image:
    """Make pictures and frame them: (count, 28, 28) uint8. Unsuitable ones are made again."""
    frames = np.zeros((count, FRAME_SIZE, FRAME_SIZE), np.uint8)
    for index in range(count):
        random = np.random.default_rng((SEED, index))
        frame = None
        while frame is None:
            picture = make(random)
            if picture is not None:
                frame = pick([digit.frame for digit in extract_digits(picture, "light").digits])
        frames[index] = frame
    return frames


def _only(frames: list[Image]) -> Image | None:
    return frames[0] if len(frames) == 1 else None


def _largest(frames: list[Image]) -> Image | None:
    return max(frames, key=lambda frame: int(frame.sum()), default=None)


def _enlarged(digit: int, random: np.random.Generator) -> Image:
    dataset = load_mnist()
    index = random.choice(np.flatnonzero(dataset.y_test == digit))
    size = SCALE * FRAME_SIZE
    return cv2.resize(dataset.x_test[index], (size, size), interpolation=cv2.INTER_CUBIC)


def _cropped(image: Image) -> Image:
    left, top, width, height = cv2.boundingRect((image >= 64).astype(np.uint8))
    return image[top : top + height, left : left + width]


DAMAGED = (halves, joined_pairs, crossed_out, letters_in_handwriting)
