"""Synthetic non-digits, from which a network learns to reject what is not a digit.

Training with outliers teaches a network to detect other outliers too (Hendrycks, Mazeika and
Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.damaged_digits import cross_out, cut_between, cut_half, join_pair
from mnist_core.augmentation.digit_styles import SIGNS, smooth_basis
from mnist_core.augmentation.prints import print_sign
from mnist_core.augmentation.synthetic_digits import frame_of_strokes, write
from mnist_core.data import FRAME_SIZE

__all__ = ["GROUPS", "synthesize_outliers"]

# Letters that are never read as digits: without O, I, Z, S, G, B, Y, q and similar ones.
_LETTERS = "AEFHKMNPRVWXdefhkmnpvwx"
_SYMBOLS = "#@&%?$*+=<>{}~"


def synthesize_outliers(
    count: int, random: np.random.Generator, group: str | None = None
) -> NDArray[np.uint8]:
    """Draw non-digits: letters, signs, scribbles, blots, shapes, textures, and damaged digits.

    Args:
        count: number of images.
        random: generator of kinds and shapes.
        group: one of `GROUPS`; None: all.

    Returns:
        (count, 28, 28) uint8, white ink on black, framed like digits or filling the frame.
    """
    chosen = [kind for kind in _KINDS if group in (None, kind[0])]
    shares = np.array([share for _, share, _ in chosen])
    kinds = random.choice(len(chosen), count, p=shares / shares.sum())
    frames = np.zeros((count, FRAME_SIZE, FRAME_SIZE), np.uint8)
    for row, kind in enumerate(kinds):
        frame = chosen[kind][2](random)
        # An empty frame would teach nothing.
        frames[row] = frame if int(frame.max()) > 60 else _texture(random)
    return frames


def _handwriting(random: np.random.Generator) -> NDArray[np.uint8]:
    return write(SIGNS[random.integers(len(SIGNS))], 1, random)[0]


def _print(random: np.random.Generator) -> NDArray[np.uint8]:
    sign = str(random.choice(list(_LETTERS if random.random() < 0.75 else _SYMBOLS)))
    return print_sign(sign, random)


def _scribble(random: np.random.Generator) -> NDArray[np.uint8]:
    """Strokes with too many turns for a digit."""
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
    return frame_of_strokes([_rotate_randomly(curve, random)], random.uniform(0.03, 0.12))


def _spiral(random: np.random.Generator) -> NDArray[np.uint8]:
    angle = np.linspace(0, 2 * np.pi * random.uniform(2.1, 5), 160) * random.choice([-1, 1])
    radius = np.linspace(random.uniform(0, 0.3), 1, 160)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    points = points * (1, random.uniform(0.6, 1))
    return frame_of_strokes([_rotate_randomly(points, random)], random.uniform(0.02, 0.08))


def _star(random: np.random.Generator) -> NDArray[np.uint8]:
    """Rays from a center, an outline, or a polygon's diagonals."""
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
    """Rings around other arcs: faces, targets, wheels."""
    angle = np.linspace(0, 2 * np.pi, 40)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * (1, random.uniform(0.8, 1.2))
    strokes = [ring]
    for _ in range(random.integers(2, 5)):
        inner = ring[: random.integers(15, 41)] * random.uniform(0.1, 0.45)
        strokes.append(_rotate_randomly(inner, random) + random.uniform(-0.45, 0.45, 2))
    return frame_of_strokes(strokes, random.uniform(0.03, 0.09))


def _hatching(random: np.random.Generator) -> NDArray[np.uint8]:
    strokes = []
    for _ in range(random.integers(1, 3)):
        turn = random.uniform(0, 2 * np.pi)
        for offset in np.linspace(-0.8, 0.8, int(random.integers(3, 7))):
            line = np.array([(-1, offset), (1, offset)]) + random.normal(0, 0.07, (2, 2))
            strokes.append(_rotate(line, turn))
    return frame_of_strokes(strokes, random.uniform(0.025, 0.09))


def _shape(random: np.random.Generator) -> NDArray[np.uint8]:
    """A solid shape, often symmetric, like clothes, tools or animals."""
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
    """Smooth noise with a soft threshold: stains, shadows, edges of objects."""
    noise = random.normal(size=(FRAME_SIZE, FRAME_SIZE)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), random.uniform(1, 5))
    level = np.quantile(noise, random.uniform(0.3, 0.85))
    sharp = random.uniform(1, 20) / max(float(noise.std()), 1e-6)
    return (127.5 + 127.5 * np.tanh(sharp / 2 * (noise - level))).astype(np.uint8)


def _texture(random: np.random.Generator) -> NDArray[np.uint8]:
    """Waves, noise, checks or a gradient over the complete frame, between two grey levels."""
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


def _rotate_randomly(
    points: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    return _rotate(points, random.uniform(0, 2 * np.pi))


def _rotate(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([(cosine, sine), (-sine, cosine)])


# The group and the share of each kind, and the function that draws it.
_KINDS: tuple[tuple[str, float, Callable[[np.random.Generator], NDArray[np.uint8]]], ...] = (
    ("letters", 0.14, _handwriting),
    ("letters", 0.17, _print),
    ("scribbles", 0.10, _scribble),
    ("scribbles", 0.04, _zigzag),
    ("scribbles", 0.02, _spiral),
    ("scribbles", 0.04, _star),
    ("scribbles", 0.03, _face),
    ("scribbles", 0.03, _hatching),
    ("textures", 0.12, _shape),
    ("textures", 0.05, _blots),
    ("textures", 0.08, _texture),
    ("damaged digits", 0.05, cut_half),
    ("damaged digits", 0.05, join_pair),
    ("damaged digits", 0.03, cut_between),
    ("damaged digits", 0.05, cross_out),
)
GROUPS = tuple(dict.fromkeys(group for group, _, _ in _KINDS))
