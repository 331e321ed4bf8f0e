"""Pictures that are as hard to read as pictures can be: thousands of marks, some in others."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["CLUTTERED"]

Image = NDArray[np.uint8]


def _dots(height: int, width: int, count: int, radius: int) -> Image:
    random = np.random.default_rng(0)
    image = np.zeros((height, width), np.uint8)
    for x, y in zip(random.integers(0, width, count), random.integers(0, height, count)):  # noqa: B905
        cv2.circle(image, (int(x), int(y)), radius, 255, -1)
    return image


def _strokes(height: int, width: int, count: int) -> Image:
    random = np.random.default_rng(0)
    image = np.zeros((height, width), np.uint8)
    for _ in range(count):
        start = random.integers((0, 0), (width, height))
        end = start + 12 * np.array([np.cos(turn := random.uniform(0, 2 * np.pi)), np.sin(turn)])
        cv2.line(image, start.tolist(), end.astype(int).tolist(), 255, 3)
    return image


def _rings(side: int, step: int) -> Image:
    image = np.zeros((side, side), np.uint8)
    for radius in range(step, side, step):
        cv2.circle(image, (side // 2, side // 2), radius, 255, step // 3)
    return image


def _noise(side: int, ink: float) -> Image:
    return (np.random.default_rng(0).random((side, side)) < ink).view(np.uint8) * np.uint8(255)


def _blots(side: int, size: float) -> Image:
    levels = np.random.default_rng(0).random((side, side), np.float32)
    levels = cv2.GaussianBlur(levels, (0, 0), size)
    levels = (levels - levels.mean()) / levels.std()
    return np.clip(128 + 50 * levels, 0, 255).astype(np.uint8)


def _grid(side: int, step: int) -> Image:
    image = np.full((side, side), 255, np.uint8)
    for start in range(step // 2, side, step):
        image[start : start + 2] = image[:, start : start + 2] = 0
    return image


def _bar_code(height: int, width: int) -> Image:
    image = np.full((height, width), 255, np.uint8)
    edges = width // 10 + np.cumsum(np.random.default_rng(0).integers(2, 9, width // 7))
    for left, right in edges[: len(edges) // 2 * 2].reshape(-1, 2):
        image[height // 8 : -height // 8, left:right] = 0
    return image


def _cursive(height: int, width: int, lines: int) -> Image:
    random = np.random.default_rng(0)
    image = np.full((height, width), 235, np.uint8)
    wave = np.linspace(0, 1, 60)
    for row in (np.arange(lines) + 0.5) * height / lines:
        x = 0.05 * width
        while x < 0.9 * width:
            length, turns = random.uniform(0.03, 0.1) * width, 2 * np.pi * random.uniform(2, 6)
            points = [x + wave * length, row + 0.2 * height / lines * np.sin(wave * turns)]
            cv2.polylines(image, [np.stack(points, axis=1).astype(np.int32)], False, 30, 3)
            x += length + 0.015 * width
    return np.clip(image + random.normal(0, 3, image.shape), 0, 255).astype(np.uint8)


CLUTTERED: dict[str, Callable[[], Image]] = {
    "400 dots on the canvas": lambda: _dots(280, 560, 400, 3),
    "300 strokes on the canvas": lambda: _strokes(280, 560, 300),
    "20,000 dots": lambda: _dots(3000, 4000, 20_000, 4),
    "20,000 larger dots": lambda: _dots(3000, 4000, 20_000, 10),
    "rings": lambda: _rings(4000, 40),
    "fine rings": lambda: _rings(4000, 16),
    "noise": lambda: _noise(1600, 0.5),
    "sparse noise": lambda: _noise(1600, 0.2),
    "blots": lambda: _blots(1600, 8),
    "grid": lambda: _grid(1600, 8),
    "bar code": lambda: _bar_code(1200, 4000),
    "cursive page": lambda: _cursive(2000, 1500, 20),
}
