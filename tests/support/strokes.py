"""Pen strokes, drawn like the canvas of the Draw page does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Stroke = Sequence[tuple[float, float]]

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
DEVELOPMENT_STROKES = SHARED / "pen_strokes_dev.json.gz"

# Sub-pixel positions for OpenCV: coordinates are given in sixteenths of a pixel.
_SHIFT = 4


def load_development_strokes() -> tuple[list[list[Stroke]], NDArray[np.int64]]:
    """The strokes of each of 7,494 digits, y growing downwards, and the digits' labels."""
    with gzip.open(DEVELOPMENT_STROKES, "rt") as file:
        digits = json.load(file)
    strokes = [[[(x, -y) for x, y in stroke] for stroke in digit["strokes"]] for digit in digits]
    return strokes, np.array([digit["label"] for digit in digits])


def load_development_writers() -> NDArray[np.int64]:
    """The writer of each digit, one of 30."""
    with gzip.open(DEVELOPMENT_STROKES, "rt") as file:
        return np.array([digit["writer"] for digit in json.load(file)])


def place_strokes(
    strokes: Sequence[Stroke], *, side: float, center: tuple[float, float]
) -> list[list[tuple[float, float]]]:
    """Scale strokes so that their longer side is `side` px and their box is centered."""
    points = np.array([point for stroke in strokes for point in stroke], float)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = side / max((high - low).max(), 1e-9)
    middle = (low + high) / 2
    return [
        [
            (center[0] + (x - middle[0]) * scale, center[1] + (y - middle[1]) * scale)
            for x, y in stroke
        ]
        for stroke in strokes
    ]


def draw_strokes(
    strokes: Sequence[Stroke],
    *,
    width: int = 280,
    height: int = 280,
    brush: float = 18,
    image: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Draw strokes white on black: (height, width) uint8, round caps, anti-aliased."""
    if image is None:
        image = np.zeros((height, width), np.uint8)
    for stroke in strokes:
        points = np.rint(np.array(stroke, float) * 2**_SHIFT).astype(np.int32)
        # A tap of the pen is a dot.
        points = np.concatenate([points, points]) if len(points) == 1 else points
        cv2.polylines(image, [points], False, 255, max(1, round(brush)), cv2.LINE_AA, _SHIFT)
    return image


def drawn_digit(
    strokes: Sequence[Stroke], *, size: int = 280, side: float = 180, brush: float = 18
) -> NDArray[np.uint8]:
    """One digit in the middle of a square canvas."""
    placed = place_strokes(strokes, side=side, center=(size / 2, size / 2))
    return draw_strokes(placed, width=size, height=size, brush=brush)
