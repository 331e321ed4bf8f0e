"""Simulated pens, paper, light and cameras.

Pictures are made of them from easy to hard: photographs in `papers.py` and `desks.py`, webcam
frames in `filming.py`. `share` is the difficulty, 0 to 1: a quarter of the severity, 0 to 4.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.morphology import skeletonize

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.strokes import Stroke, draw_strokes, place_strokes

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Generator = np.random.Generator

SEVERITIES = range(5)


@dataclass(frozen=True, kw_only=True)
class Pen:
    """A pen.

    Attributes:
        color: (3,) RGB reflectance of the ink, 0 to 1.
        cover: opacity of the ink, 0 to 1.
        rough: unevenness of the opacity, 0 to 1, as of a pencil on rough paper.
        width: width of the line, as a share of a digit's height.
    """

    color: tuple[float, float, float]
    cover: float
    rough: float
    width: float


# name -> color, cover, rough, minimum and maximum width
PENS: dict[str, tuple[tuple[float, float, float], float, float, float, float]] = {
    "marker": ((0.08, 0.08, 0.08), 0.95, 0.0, 0.09, 0.14),
    "black ballpoint": ((0.15, 0.15, 0.17), 0.85, 0.15, 0.035, 0.07),
    "blue ballpoint": ((0.15, 0.2, 0.55), 0.85, 0.15, 0.035, 0.07),
    "red felt pen": ((0.75, 0.15, 0.15), 0.9, 0.05, 0.05, 0.1),
    "green felt pen": ((0.1, 0.45, 0.2), 0.9, 0.05, 0.05, 0.1),
    "pencil": ((0.35, 0.35, 0.36), 0.75, 0.45, 0.03, 0.06),
}
PAPERS = {
    "white": (0.95, 0.95, 0.95),
    "cream": (0.96, 0.92, 0.8),
    "recycled": (0.75, 0.73, 0.68),
    "yellow": (0.98, 0.9, 0.45),
    "blue": (0.65, 0.8, 0.92),
}


def write(digit: Image | Sequence[Stroke], *, height: int, width: float) -> Floats:
    """Write one digit: (h, w) float32 ink, 0 to 1, cropped to the ink.

    Args:
        digit: a (28, 28) uint8 frame, white ink on black, or pen strokes, y pointing down.
        height: the longer side of the ink, in pixels.
        width: width of the line, in pixels.
    """
    if isinstance(digit, np.ndarray):
        ink = _retrace(digit, height, width)
    else:
        side = height + 4 * round(width)
        placed = place_strokes(digit, side=max(1, height - width), center=(side / 2, side / 2))
        ink = draw_strokes(placed, width=side, height=side, brush=width)
    left, top, across, down = cv2.boundingRect((ink >= 32).astype(np.uint8))
    return ink[top : top + down, left : left + across].astype(np.float32) / 255


def _retrace(frame: Image, height: int, width: float) -> Image:
    """Enlarge a frame and redraw its skeleton with a pen of this width."""
    _, _, across, down = cv2.boundingRect((frame >= 64).astype(np.uint8))
    scale = height / max(across, down)
    large = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    solid = np.pad(large >= 100, 3 + round(width / 2))
    solid = cv2.medianBlur(solid.view(np.uint8), 5) > 0 if min(solid.shape) > 5 else solid
    skeleton = skeletonize(solid)
    distance = cv2.distanceTransform((~skeleton).view(np.uint8), cv2.DIST_L2, 5)
    return np.rint(np.clip(width / 2 - distance + 0.5, 0, 1) * 255).astype(np.uint8)


def roughen(ink: Floats, pen: Pen, random: Generator) -> Floats:
    """Ink, (h, w) from 0 to 1, as the tooth of the paper takes it from a rough pen."""
    if not pen.rough:
        return ink
    tooth = smooth_noise(*ink.shape, 1.0, random)
    return ink * np.clip(1 - pen.rough * (0.5 + tooth), 0, 1)


def lay_ink(sheet: Floats, ink: Floats, pen: Pen) -> Floats:
    """The reflectance of a sheet, (h, w, 3), with ink, (h, w) from 0 to 1, on it."""
    cover = (ink * pen.cover)[:, :, np.newaxis]
    return sheet * (1 - cover) + np.array(pen.color, np.float32) * cover


def make_paper(height: int, width: int, share: float, random: Generator) -> Floats:
    """The reflectance of an empty sheet: (height, width, 3), 0 to 1."""
    color = PAPERS[random.choice(list(PAPERS)) if share else "white"]
    sheet = np.full((height, width, 3), color, np.float32)
    if random.random() < 0.6 * min(1, 2 * share):
        sheet *= 1 - _rulings(height, width, share, random)
    texture = smooth_noise(height, width, 1.5, random) + smooth_noise(height, width, 12, random)
    return sheet * (1 + 0.03 * share * texture[:, :, np.newaxis])


def _rulings(height: int, width: int, share: float, random: Generator) -> Floats:
    """The absorption of printed lines, (height, width, 3): ruled or squared paper."""
    lines = np.zeros((height, width), np.float32)
    step = round(random.uniform(0.05, 0.14) * width)
    thickness = max(1, round(width * random.uniform(0.001, 0.004)))
    start = int(random.integers(step))
    for row in range(start, height, step):
        lines[row : row + thickness] = 1
    if random.random() < 0.5:
        for column in range(start, width, step):
            lines[:, column : column + thickness] = 1
    color = np.array([(0.8, 0.5, 0.2), (0.6, 0.6, 0.6), (0.3, 0.7, 0.7)][random.integers(3)])
    strength = random.uniform(0.15, 0.25 + 0.5 * share)
    return (lines[:, :, np.newaxis] * color * strength).astype(np.float32)


def smooth_noise(height: int, width: int, size: float, random: Generator) -> Floats:
    """Smooth noise with blobs of `size` pixels, mean 0, standard deviation about 1."""
    small = (max(2, round(height / size)), max(2, round(width / size)))
    noise = random.standard_normal(small).astype(np.float32)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def illumination(
    height: int, width: int, share: float, random: Generator, *, across: float | None = None
) -> Floats:
    """The brightness, (height, width, 1): a fall-off of up to 4:1, perhaps a shadow.

    Args:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        share: difficulty, 0 to 1.
        random: random state.
        across: the central share of the picture in which most of the fall-off is; None: linear.
    """
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j].astype(np.float32)
    angle, ratio = random.uniform(0, 2 * np.pi), 1 + 3 * share * random.uniform(0, 1)
    position = x * np.cos(angle) + y * np.sin(angle)
    position = (position - position.min()) / np.ptp(position)
    if across is not None:
        position = 0.5 + 0.5 * np.tanh(2 * (position - 0.5) / across) / np.tanh(1)
    light = ratio**-position
    if random.random() < 0.5 * share:
        angle, place = random.uniform(0, 2 * np.pi), random.uniform(-0.3, 0.3)
        edge = (x * np.cos(angle) + y * np.sin(angle) - place) / random.uniform(0.005, 0.05)
        light = light * (1 - random.uniform(0.2, 0.5) / (1 + np.exp(-edge.clip(-30, 30))))
    return (light * random.uniform(1 - 0.3 * share, 1))[:, :, np.newaxis].astype(np.float32)


def capture(scene: Floats, share: float, random: Generator, *, scale: float = 1) -> Image:
    """Blur by defocus and motion (`scale` times as far), add noise, round to 8 bits, compress."""
    if share:
        scene = cv2.GaussianBlur(scene, (0, 0), 0.4 + share * random.uniform(0, 2) * scale)
    length = int(share * random.uniform(0, 7) * scale)
    if length > 1:
        kernel = np.zeros((length, length), np.float32)
        angle = random.uniform(0, np.pi)
        reach = np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2
        ends = [tuple(np.rint((length - 1) / 2 + sign * reach).astype(int)) for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0)
        scene = cv2.filter2D(scene, -1, kernel / kernel.sum())
    noise = random.standard_normal(scene.shape).astype(np.float32)
    # Shot noise grows with the square root of the brightness.
    levels = 255 * scene + share * random.uniform(1, 8) * np.sqrt(scene.clip(0.05)) * noise
    image = np.clip(levels, 0, 255).astype(np.uint8)
    if not share:
        return image
    quality = int(95 - share * random.uniform(0, 50))
    coded = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[:, :, ::-1])
