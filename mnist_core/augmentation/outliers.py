"""What is no digit, drawn by code: shown to a network so that it learns to say so.

Training against outliers teaches a network to know what it does not know, also for things that it
was never shown (Hendrycks, Mazeika and Dietterich, "Deep Anomaly Detection with Outlier Exposure",
ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.digit_styles import Style, smooth_basis
from mnist_core.augmentation.synthetic_digits import frame_of_strokes, write
from mnist_core.data import FRAME_SIZE
from mnist_core.preprocessing.framing import frame_digit
from mnist_core.preprocessing.segmentation import InkedDigit

__all__ = ["synthesize_outliers"]

# Letters that no one takes for a digit; O, I, Z, S, G, B, Y, q and their like are left out.
_LETTERS = "AEFHKMNPRVWXdefhkmnpvwx"
_SYMBOLS = "#@&%?$*+=<>{}~"
# Thinnest and thickest of OpenCV's variable font.
_THIN, _BOLD = 200, 900

# Letters and signs as a hand writes them: see `Style`; here a "/" parts two strokes.
_SIGNS = (
    # A
    ("0,100 30,0! 60,100 / 12,62 50,62", "-5,100 38,0! 70,98 / 5,55 58,58"),
    # E
    (
        "5,0 5,100 / 5,0 55,0 / 5,48 45,48 / 5,100 58,100",
        "10,2 0,98 / 12,0 70,4 / 5,50 52,46 / 0,100 62,95",
    ),
    # F
    ("5,0 5,100 / 5,0 60,0 / 5,48 48,48", "12,-3 0,100 / 8,0 70,5 / 5,42 55,46"),
    # H
    ("0,0 0,100 / 55,0 55,100 / 0,50 55,50", "8,0 -5,100 / 70,0 60,100 / 0,45 62,52"),
    # K
    ("0,0 0,100 / 55,0 0,55! 58,100", "6,0 -4,100 / 66,5 2,46! 62,98"),
    # M
    ("0,100 5,0! 38,70! 70,0! 76,100", "-5,100 10,0! 42,50! 80,5! 78,100"),
    # N
    ("0,100 0,0! 55,100! 55,0", "-4,98 8,2! 60,100! 68,0"),
    # P
    ("0,0 0,100 / 0,2 45,5 50,35 0,52", "8,0 -4,100 / 4,0 60,8 55,40 4,48"),
    # R
    ("0,0 0,100 / 0,2 45,5 48,35 0,50! 55,100", "6,0 -4,100 / 4,0 60,10 50,42 2,46! 62,98"),
    # V
    ("0,0 30,100! 60,0", "-4,4 36,100! 75,-2"),
    # W
    ("0,0 20,100! 40,20! 60,100! 80,0", "-5,0 25,96! 45,35! 70,100! 95,4"),
    # X
    ("0,0 60,100 / 60,0 0,100", "6,-4 70,96 / 72,5 -6,100"),
    # x
    ("0,12 30,8 45,50 50,100 / 80,0 40,50 5,100", "-5,5 25,5 35,55 70,95 / 85,0 45,45 -5,95"),
    # e
    ("0,45 35,40 40,20 10,15 0,60 20,95 50,88", "0,55 45,45 40,10 0,20 -5,70 25,100 60,80"),
    # f
    ("45,5 25,0 18,20 20,100 / 0,40 45,40", "55,8 30,-2 15,25 12,100 / -8,45 50,38"),
    # h
    ("5,0 5,100 / 5,60 25,40 45,55 48,100", "15,0 0,100 / 4,70 32,45 50,62 48,98"),
    # m
    (
        "0,30 2,100 / 2,50 20,30 32,50 34,100 / 34,50 52,30 66,50 68,100",
        "-5,25 0,100 / 0,60 22,35 36,55 34,98 / 36,60 58,32 74,55 78,100",
    ),
    # n
    ("0,30 2,100 / 2,55 25,30 45,50 48,100", "-6,25 0,100 / 0,65 28,38 52,55 58,98"),
    # Y, long
    ("0,0 20,60 10,100 / 0,0 20,60! 60,0", "-4,0 22,70 -5,105 / -4,0 26,60! 72,-5"),
    # #
    (
        "10,0 5,100 / 45,-2 40,100 / -10,35 62,32 / -12,66 60,64",
        "20,0 0,100 / 60,0 38,100 / -8,30 75,38 / -15,70 65,62",
    ),
    # +
    ("0,50 60,50 / 30,20 30,80", "0,55 90,45 / 42,5 46,95"),
    # =
    ("0,20 80,20 / 0,60 80,60", "0,30 95,22 / 4,55 92,62"),
    # -
    ("0,50 90,50", "0,60 90,40"),
    # A box
    (
        "0,0 70,0 / 0,0 0,70 / 0,70 70,70 / 70,0 70,70",
        "4,-2 96,4 / 0,0 5,64 / -4,66 98,60 / 94,0 92,66",
    ),
    # A triangle
    ("0,90 40,0! 80,90! 0,90", "-5,80 55,0! 90,95! -4,82"),
    # A tick
    ("0,40 25,75! 75,0", "0,60 20,90! 100,10"),
    # An arrow
    ("0,50 90,50 / 60,20 92,50! 62,80", "0,60 95,40 / 55,10 96,42! 75,78"),
    # A heart
    ("35,30 18,5 0,30 35,85! 72,30 52,5 35,30", "42,25 15,-5 -5,35 44,100! 92,30 70,0 42,25"),
    # ?
    (
        "0,10 20,0 40,8 38,40 20,55 20,75 / 20,95 22,100",
        "-5,20 22,-3 50,10 46,35 25,50 25,72 / 24,94 28,99",
    ),
    # A corner of a grid
    ("0,0 70,0! 70,60 / 35,0 35,60 / 0,30 70,30", "0,4 95,0! 92,70 / 48,0 45,72 / -4,35 98,30"),
    # A crossing of ruled lines
    ("0,50 100,50 / 50,0 50,100", "0,30 100,34 / 70,0 66,100"),
    # A piece of ruled lines
    ("0,0 80,0 / 40,0 40,30", "0,6 110,0 / 30,0 34,26"),
)
_WRITTEN = tuple(
    Style(None, tuple(first.split(" / ")), tuple(second.split(" / "))) for first, second in _SIGNS
)


def synthesize_outliers(count: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """Draw what is no digit: letters, signs, scribbles, blots, shapes and textures.

    Args:
        count: how many.
        random: where chance comes from; the same state gives the same pictures.

    Returns:
        (count, 28, 28) uint8, white ink on black, framed as digits are, or filling the frame.
    """
    kinds = random.choice(len(_KINDS), count, p=[share for share, _ in _KINDS])
    frames = np.zeros((count, FRAME_SIZE, FRAME_SIZE), np.uint8)
    for row, kind in enumerate(kinds):
        frame = _KINDS[kind][1](random)
        # Where there is nothing, there is nothing to tell.
        frames[row] = frame if int(frame.max()) > 60 else _texture(random)
    return frames


def _written(random: np.random.Generator) -> NDArray[np.uint8]:
    return write(_WRITTEN[random.integers(len(_WRITTEN))], 1, random)[0]


def _printed(random: np.random.Generator) -> NDArray[np.uint8]:
    """A letter or sign of OpenCV's or Pillow's font, as tall as a digit, wide or narrow."""
    sign = str(random.choice(list(_LETTERS if random.random() < 0.75 else _SYMBOLS)))
    if random.random() < 0.6:
        canvas = np.zeros((160, 200), np.uint8)
        font = cv2.FontFace("sans" if random.random() < 0.7 else "italic")
        weight = int(random.integers(_THIN, _BOLD))
        cv2.putText(canvas, sign, (40, 120), (255, 255, 255), font, 90, weight=weight)
    else:
        canvas = _pillow_letter(sign)
    stretch, slant = random.uniform(0.65, 1.3), random.normal(0, 0.12)
    turn = cv2.getRotationMatrix2D((100, 80), random.normal(0, 5), 1)
    turn[:, :2] @= np.array([[stretch, slant], [0, 1]])
    turn[0, 2] += 100 * (1 - stretch)
    canvas = cv2.warpAffine(canvas, turn, (200, 160))
    pen = int(random.integers(-3, 6))
    if pen > 1:
        canvas = cv2.dilate(canvas, np.ones((pen, pen), np.uint8))
    return _framed(canvas)


def _pillow_letter(sign: str) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("L", (200, 160))
    ImageDraw.Draw(canvas).text(
        (100, 80), sign, fill=255, font=ImageFont.load_default(100), anchor="mm"
    )
    return np.array(canvas)


def _scribble(random: np.random.Generator) -> NDArray[np.uint8]:
    """A curve that turns so often that it is no digit, in one stroke or several."""
    strokes = []
    for _ in range(random.integers(1, 4)):
        count = int(random.integers(9, 30))
        points = np.cumsum(random.normal(0, 0.4, (count, 2)), axis=0)
        if random.random() < 0.6:
            points = random.uniform(-1, 1, (count, 2)) * (1, random.uniform(0.3, 1))
        corners = np.full(count, random.random() < 0.3)
        strokes.append(smooth_basis(corners) @ points)
    return frame_of_strokes(strokes, random.uniform(0.025, 0.12))


def _zigzag(random: np.random.Generator) -> NDArray[np.uint8]:
    count = int(random.integers(6, 14))
    across = np.where(np.arange(count) % 2, 1.0, -1.0) * random.uniform(0.2, 1)
    points = np.column_stack([np.linspace(-1, 1, count), across])
    points = points + random.normal(0, 0.08, points.shape)
    curve = smooth_basis(np.full(count, random.random() < 0.6)) @ points
    return frame_of_strokes([_turned(curve, random)], random.uniform(0.03, 0.12))


def _spiral(random: np.random.Generator) -> NDArray[np.uint8]:
    angle = np.linspace(0, 2 * np.pi * random.uniform(2.1, 5), 160) * random.choice([-1, 1])
    radius = np.linspace(random.uniform(0, 0.3), 1, 160)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    points = points * (1, random.uniform(0.6, 1))
    return frame_of_strokes([_turned(points, random)], random.uniform(0.02, 0.08))


def _star(random: np.random.Generator) -> NDArray[np.uint8]:
    """Rays from a middle, an outline, or a polygon's diagonals."""
    tips = int(random.integers(4, 9))
    angle = 2 * np.pi * np.arange(tips + 1) / tips + random.uniform(0, 2 * np.pi)
    outer = np.column_stack([np.cos(angle), np.sin(angle)])
    outer = outer + np.vstack([jitter := random.normal(0, 0.06, (tips, 2)), jitter[:1]])
    kind = random.integers(3)
    if kind == 0:
        strokes = [np.array([(0, 0), tip]) for tip in outer[:-1]]
    elif kind == 1 and tips > 4:
        order = np.arange(tips + 1) * 2 % tips
        strokes = [outer[order]]
    else:
        middle = (outer[:-1] + outer[1:]) / 2 * random.uniform(0.3, 0.6)
        strokes = [np.vstack([np.stack([outer[:-1], middle], 1).reshape(-1, 2), outer[:1]])]
    return frame_of_strokes(strokes, random.uniform(0.03, 0.1))


def _face(random: np.random.Generator) -> NDArray[np.uint8]:
    """Rings with something in them: faces, targets, wheels."""
    angle = np.linspace(0, 2 * np.pi, 40)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * (1, random.uniform(0.8, 1.2))
    strokes = [ring]
    for _ in range(random.integers(2, 5)):
        inner = ring[: random.integers(15, 41)] * random.uniform(0.1, 0.45)
        strokes.append(_turned(inner, random) + random.uniform(-0.45, 0.45, 2))
    return frame_of_strokes(strokes, random.uniform(0.03, 0.09))


def _hatching(random: np.random.Generator) -> NDArray[np.uint8]:
    strokes = []
    for _ in range(random.integers(1, 3)):
        turn = random.uniform(0, 2 * np.pi)
        for offset in np.linspace(-0.8, 0.8, int(random.integers(3, 7))):
            line = np.array([(-1, offset), (1, offset)]) + random.normal(0, 0.07, (2, 2))
            strokes.append(_rotated(line, turn))
    return frame_of_strokes(strokes, random.uniform(0.025, 0.09))


def _shape(random: np.random.Generator) -> NDArray[np.uint8]:
    """Something solid, often with two like halves, as things are: clothes, tools, animals."""
    count = int(random.integers(4, 10))
    y = np.sort(random.uniform(0, 1, count))
    half = np.column_stack([random.uniform(0.05, 0.5, count), y])
    if random.random() < 0.5:
        outline = np.vstack([half, (half * (-1, 1))[::-1]])
    else:
        angle = np.sort(random.uniform(0, 2 * np.pi, count))
        outline = np.column_stack([np.cos(angle), np.sin(angle)])
        outline *= random.uniform(0.3, 1, (count, 1))
    if random.random() < 0.5:
        outline = smooth_basis(np.zeros(len(outline) + 1, bool)) @ np.vstack([outline, outline[:1]])
    low, high = outline.min(axis=0), outline.max(axis=0)
    side = 26 if random.random() < 0.7 else 20
    scale = side * 8 / max(float((high - low).max()), 1e-6)
    points = np.rint((outline - (low + high) / 2) * scale + FRAME_SIZE * 4).astype(np.int32)
    canvas = np.zeros((FRAME_SIZE * 8, FRAME_SIZE * 8), np.uint8)
    cv2.fillPoly(canvas, [points], 255)
    mask = cv2.resize(canvas, (FRAME_SIZE, FRAME_SIZE), interpolation=cv2.INTER_AREA)
    if random.random() < 0.25:
        return mask
    surface = _texture(random).astype(np.float32) / 255
    depth = random.uniform(0.1, 1)
    return (mask * (1 - depth + depth * surface)).astype(np.uint8)


def _blots(random: np.random.Generator) -> NDArray[np.uint8]:
    """Smooth noise cut at a level: stains, shadows, the rims of things."""
    noise = random.normal(size=(FRAME_SIZE, FRAME_SIZE)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), random.uniform(1, 5))
    level = np.quantile(noise, random.uniform(0.3, 0.85))
    sharp = random.uniform(1, 20) / max(float(noise.std()), 1e-6)
    return (127.5 + 127.5 * np.tanh(sharp / 2 * (noise - level))).astype(np.uint8)


def _texture(random: np.random.Generator) -> NDArray[np.uint8]:
    """Waves, noise, checks or a slope over the whole frame, in any two greys."""
    y, x = np.mgrid[:FRAME_SIZE, :FRAME_SIZE] / FRAME_SIZE
    angle = random.uniform(0, np.pi)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kind = random.integers(5)
    phase, waves = random.uniform(0, 2 * np.pi), random.uniform(3, 13)
    if kind == 0:
        levels = np.tanh(np.sin(2 * np.pi * waves * along + phase) * random.uniform(0.5, 5))
    elif kind == 1:
        levels = np.sin(2 * np.pi * waves * along + phase) * np.sin(2 * np.pi * waves * across)
    elif kind == 2:
        levels = along ** random.choice([1, 2, 3])
    else:
        noise = random.normal(size=(FRAME_SIZE, FRAME_SIZE)).astype(np.float32)
        length = np.exp(random.uniform(np.log(0.3), np.log(5)))
        levels = cv2.GaussianBlur(noise, (0, 0), length).astype(np.float64)
    levels = (levels - levels.min()) / max(float(np.ptp(levels)), 1e-9)
    low, high = np.sort(random.uniform(0, 255, 2))
    return (low + (max(high, 100) - low) * levels).clip(0, 255).astype(np.uint8)


def _framed(canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    left, top, width, height = cv2.boundingRect(canvas)
    if not width:
        return np.zeros((FRAME_SIZE, FRAME_SIZE), np.uint8)
    ink = np.ascontiguousarray(canvas[top : top + height, left : left + width])
    return frame_digit(InkedDigit(box=(left, top, width, height), ink=ink))


def _turned(points: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    return _rotated(points, random.uniform(0, 2 * np.pi))


def _rotated(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([(cosine, sine), (-sine, cosine)])


# What is drawn, and how often.
_KINDS: tuple[tuple[float, Callable[[np.random.Generator], NDArray[np.uint8]]], ...] = (
    (0.16, _written),
    (0.22, _printed),
    (0.13, _scribble),
    (0.05, _zigzag),
    (0.03, _spiral),
    (0.04, _star),
    (0.03, _face),
    (0.03, _hatching),
    (0.15, _shape),
    (0.06, _blots),
    (0.10, _texture),
)
