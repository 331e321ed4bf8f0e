"""What does not change what is written does not change the reading either, for pages and tables."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from support.own_strokes import OWN_STROKES
from support.strokes import draw_strokes, place_strokes

from mnist_core import Recognizer, load_recognizer

ROWS = ("40729", "13586")


def page(kind: str) -> np.ndarray:
    """Two lines of digits, dark on white: (340, 560) uint8."""
    image = np.zeros((340, 560), np.uint8)
    for row, digits in enumerate(ROWS):
        for column, digit in enumerate(digits):
            center = (80 + 100 * column, 100 + 140 * row)
            placed = place_strokes(OWN_STROKES[int(digit)], side=80, center=center)
            draw_strokes(placed, image=image, brush=9)
    lines = np.zeros_like(image)
    if kind == "ruled":
        for y in (8, 147, 287):
            cv2.line(lines, (0, y), (559, y), 150, 2)
    elif kind == "squared":
        for place in range(15, 560, 45):
            cv2.line(lines, (0, place), (559, place), 110, 1)
            cv2.line(lines, (place, 0), (place, 339), 110, 1)
    elif kind == "table":
        cv2.rectangle(lines, (30, 35), (530, 305), 255, 5)
    if "table" in kind:
        cv2.line(lines, (30, 170), (530, 172), 255, 5)
        for x in (130, 230, 330, 430):
            cv2.line(lines, (x - 1, 35), (x + 1, 305), 255, 5)
    return 255 - np.maximum(image, lines)


def photograph(image: np.ndarray) -> np.ndarray:
    """On grey paper that is lighter on one side, blurred and with noise."""
    light = np.linspace(150, 210, image.shape[1])
    scene = cv2.GaussianBlur(light * (0.3 + 0.7 * image / 255), (0, 0), 0.8)
    scene = scene + np.random.default_rng(3).normal(0, 2, image.shape)
    return scene.clip(0, 255).astype(np.uint8)


def compress(image: np.ndarray) -> np.ndarray:
    content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)


def scale(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda image: cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nothing": lambda image: image,
    "inverted": lambda image: 255 - image,
    "JPEG": compress,
    "smaller": scale(0.6),
    "larger": scale(1.7),
    "cropped": lambda image: np.ascontiguousarray(image[3:-3, 3:-3]),
    "in color": lambda image: cv2.cvtColor(image, cv2.COLOR_GRAY2RGB),
}


@pytest.fixture(scope="module")
def champion() -> Recognizer:
    return load_recognizer("champion")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("photographed", [False, True], ids=["drawing", "photograph"])
@pytest.mark.parametrize("kind", ["plain", "ruled", "squared", "table", "open table"])
def test_reading_of_a_page_does_not_change(
    champion: Recognizer, kind: str, photographed: bool, change: str
) -> None:
    image = page(kind)
    image = CHANGES[change](photograph(image) if photographed else image)
    assert champion.analyze(image).text == "".join(ROWS)
