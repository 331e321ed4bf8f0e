"""Handwritten words made by code: pictures in which no number is to be read.

Three hands that no network was trained with: letters of our own as pen strokes, spaced or joined;
OpenCV's Hershey fonts, which are strokes as well; and Pillow's font. Each letter has a random size,
slant and place; each word has a pen of its own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from support.own_strokes import curve
from support.strokes import draw_strokes

__all__ = ["HANDS", "WORDS", "write_word"]

Image = NDArray[np.uint8]
Generator = np.random.Generator
Points = list[NDArray[np.float64]]

# The most frequent English words of three or more letters, and some that look like numbers.
_WORD_LIST = """
the and you that was for are with his they this have from one had word but not what all were when
your can said there use each which she how their will other about out many then them these some her
would make like him into time has look two more write see number way could people than first water
been call who oil its now find long down day did get come made may part course total school street
name sum price good seal boss list
"""
WORDS = tuple(_WORD_LIST.split())

# Strokes of the lower-case letters: x-height from 50 to 100, ascenders to 0, descenders to 150.
_LETTERS: dict[str, list[tuple[tuple[float, float], ...]]] = {
    "a": [((42, 54), (18, 50), (4, 74), (16, 98), (38, 88), (42, 54), (42, 90), (54, 98))],
    "b": [((6, 0), (5, 50), (5, 96), (5, 66), (28, 52), (44, 72), (34, 96), (6, 96))],
    "c": [((42, 58), (22, 50), (4, 74), (18, 98), (46, 92))],
    "d": [((42, 56), (18, 50), (4, 74), (16, 98), (40, 88), (44, 0), (44, 88), (54, 98))],
    "e": [((4, 76), (38, 72), (32, 52), (12, 52), (4, 78), (18, 98), (46, 90))],
    "f": [((40, 8), (24, 2), (16, 24), (16, 100)), ((0, 50), (36, 50))],
    "g": [
        ((42, 54), (18, 50), (4, 74), (16, 96), (40, 86), (42, 54), (40, 140), (16, 148), (2, 136))
    ],
    "h": [((6, 0), (5, 60), (5, 100), (8, 66), (28, 52), (40, 66), (40, 90), (50, 98))],
    "i": [((8, 52), (8, 90), (18, 98)), ((9, 30), (9, 33))],
    "j": [((14, 52), (14, 136), (-6, 146)), ((15, 30), (15, 33))],
    "k": [((6, 0), (5, 60), (5, 100)), ((38, 52), (8, 78), (42, 100))],
    "l": [((8, 0), (6, 50), (8, 92), (20, 98))],
    "m": [
        (
            (4, 52),
            (5, 100),
            (8, 64),
            (24, 52),
            (30, 66),
            (30, 100),
            (33, 64),
            (50, 52),
            (58, 66),
            (58, 90),
            (68, 98),
        )
    ],
    "n": [((4, 52), (5, 100), (8, 64), (28, 52), (40, 66), (40, 90), (50, 98))],
    "o": [((26, 51), (6, 62), (8, 92), (28, 98), (44, 80), (36, 54), (24, 51), (44, 56))],
    "p": [((5, 52), (6, 146), (5, 70), (24, 51), (44, 70), (32, 96), (8, 92))],
    "q": [((42, 56), (18, 50), (4, 74), (16, 96), (40, 86), (43, 54), (43, 146))],
    "r": [((4, 52), (5, 100), (8, 66), (22, 52), (34, 56))],
    "s": [((36, 56), (18, 50), (8, 62), (28, 76), (32, 90), (18, 99), (2, 92))],
    "t": [((16, 14), (15, 80), (24, 98), (36, 94)), ((0, 46), (34, 44))],
    "u": [((4, 52), (4, 86), (18, 98), (38, 86), (40, 52), (40, 88), (50, 98))],
    "v": [((2, 52), (18, 98), (36, 52))],
    "w": [((2, 52), (14, 98), (28, 60), (42, 98), (56, 52))],
    "x": [((2, 52), (38, 100)), ((38, 52), (2, 100))],
    "y": [((4, 52), (6, 84), (22, 94), (38, 82), (40, 52), (38, 138), (16, 148), (0, 138))],
    "z": [((2, 54), (38, 52), (2, 98), (42, 97))],
}
_HERSHEY = (
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
)
HANDS = ("spaced", "joined", "hershey", "pillow")


def write_word(word: str, hand: str, random: Generator) -> Image:
    """Write a word, white on black, about 60 px high, with a margin: (h, w) uint8.

    Args:
        word: of lower-case letters.
        hand: one of `HANDS`.
        random: generator of letters and pens.
    """
    slant, pen = random.normal(0.1, 0.15), int(random.integers(2, 8))
    strokes = hand in ("spaced", "joined")
    word = word.capitalize() if not strokes and random.random() < 0.3 else word
    parts: list[Image | Points] = [
        _own_letter(letter, random) if strokes else _printed_letter(letter, hand, random, pen)
        for letter in word
    ]
    if strokes:
        image = _draw_strokes(parts, hand == "joined", pen, random)  # type: ignore[arg-type]
    else:
        image = _paste_letters(parts, random)  # type: ignore[arg-type]
    height, width = image.shape
    shear = np.array([[1, -slant, slant * height / 2], [0, 1, 0]])
    image = cv2.warpAffine(image, shear, (width, height))
    left, top, across, down = cv2.boundingRect((image > 48).astype(np.uint8))
    margin = int(random.integers(12, 50))
    return np.pad(image[top : top + down, left : left + across], margin)


def _own_letter(letter: str, random: Generator) -> Points:
    width, height = random.uniform(0.8, 1.25), random.uniform(0.92, 1.08)
    strokes = []
    for stroke in _LETTERS[letter]:
        points = np.array(stroke, float) + random.normal(0, 2.2, (len(stroke), 2))
        points[:, 0] *= width
        points[:, 1] = 100 + (points[:, 1] - 100) * height + random.normal(0, 1)
        strokes.append(np.array(curve(*map(tuple, points))))
    return strokes


def _draw_strokes(letters: list[Points], joined: bool, pen: int, random: Generator) -> Image:
    scale, left = random.uniform(0.5, 0.8), 40.0
    placed: list[NDArray[np.float64]] = []
    end: NDArray[np.float64] | None = None
    for letter in letters:
        low = min(stroke[:, 0].min() for stroke in letter)
        high = max(stroke[:, 0].max() for stroke in letter)
        moved = [stroke + np.array((left - low, 60)) for stroke in letter]
        if joined and end is not None:
            start = moved[0][0]
            middle = (end + start) / 2 + np.array((0, 6))
            placed.append(np.array(curve(tuple(end), tuple(middle), tuple(start))))
        placed += moved
        end = moved[0][-1]
        left += high - low + (random.uniform(0, 8) if joined else random.uniform(14, 30) + pen)
    ink = [[(x * scale, y * scale) for x, y in stroke] for stroke in placed]
    return draw_strokes(ink, width=round((left + 60) * scale), height=round(250 * scale), brush=pen)


def _printed_letter(letter: str, hand: str, random: Generator, pen: int) -> Image:
    canvas = np.zeros((160, 160), np.uint8)
    if hand == "hershey":
        font = _HERSHEY[random.integers(len(_HERSHEY))]
        cv2.putText(canvas, letter, (40, 105), font, 2, 255, min(pen, 5), cv2.LINE_AA)
    else:
        from PIL import Image as Picture
        from PIL import ImageDraw, ImageFont

        picture = Picture.new("L", (160, 160))
        font_70 = ImageFont.load_default(70)
        ImageDraw.Draw(picture).text((40, 105), letter, fill=255, font=font_70, anchor="ls")
        canvas = np.array(picture)
    angle, scale = random.normal(0, 4), random.uniform(0.85, 1.15)
    return cv2.warpAffine(canvas, cv2.getRotationMatrix2D((60, 105), angle, scale), (160, 160))


def _paste_letters(letters: list[Image], random: Generator) -> Image:
    image, left = np.zeros((160, 110 * len(letters) + 200), np.uint8), 100
    spaced = random.random() < 0.5
    for letter in letters:
        x, _, width, _ = cv2.boundingRect((letter > 48).astype(np.uint8))
        part = image[:, left : left + width]
        np.maximum(part, letter[:, x : x + width], out=part)
        left += width + int(random.integers(6, 20) if spaced else random.integers(-4, 8))
    return image
