"""Numbers in which a digit, or another mark, is easily lost: at the border, thin, or small."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from support.strokes import Stroke, draw_strokes, place_strokes

__all__ = ["KINDS", "enlarge", "trace", "write_number"]

Image = NDArray[np.uint8]
Generator = np.random.Generator

# What is special about a number.
KINDS = (
    "clear of the border",
    "1 to 4 px from the border",
    "touching the border",
    "cut by the border, up to a fifth",
    "a thin leading 1",
    "a comma or a dot inside",
    "dust",
    "a dark mark at the border",
)


def enlarge(frame: Image, height: int) -> Image:
    """The ink of an MNIST image, enlarged to this height or width, cropped: (h, w) uint8."""
    left, top, across, down = cv2.boundingRect((frame >= 32).astype(np.uint8))
    frame = frame[top : top + down, left : left + across]
    scale = height / max(frame.shape)
    return cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def trace(strokes: Sequence[Stroke], height: int, brush: float) -> Image:
    """The ink of pen strokes of this height or width, cropped: (h, w) uint8."""
    side = round(height + 4 * brush)
    placed = place_strokes(strokes, side=height - brush, center=(side / 2, side / 2))
    ink = draw_strokes(placed, width=side, height=side, brush=brush)
    left, top, across, down = cv2.boundingRect((ink >= 48).astype(np.uint8))
    return ink[top : top + down, left : left + across]


def write_number(digits: Sequence[Image], kind: str, random: Generator, *, photo: bool) -> Image:
    """Write a number in a row: white on black, or, as a photograph, dark on paper.

    Args:
        digits: the ink of each, cropped: (h, w) uint8, of about the same height.
        kind: one of `KINDS`.
        random: generator of everything else.
        photo: with paper, light, blur, noise and compression.

    Returns:
        (h, w) uint8.
    """
    height = max(len(ink) for ink in digits)
    margin = round(height * random.uniform(0.3, 0.8))
    row = _row(digits, height, margin, random)
    if kind == "a thin leading 1":
        row = _add_thin_one(row, height, margin, random)
    elif kind == "a comma or a dot inside":
        _add_comma(row, digits, height, margin, random)
    elif kind == "dust":
        for _ in range(random.integers(1, 6)):
            center = tuple(int(random.integers(side)) for side in row.shape[::-1])
            cv2.circle(row, center, round(height * random.uniform(0.005, 0.025)), 255, -1)
    elif "border" in kind and kind not in ("clear of the border", "a dark mark at the border"):
        row = _crop_side(row, digits, kind, margin, random)
    if photo:
        return _photograph(row, random, margin * (kind == "a dark mark at the border"))
    if kind == "a dark mark at the border":
        row[:, : margin // 4] = 0  # a drawing has none
    return row


def _row(digits: Sequence[Image], height: int, margin: int, random: Generator) -> Image:
    gaps = [round(height * random.uniform(0.15, 0.4)) for _ in digits]
    width = sum(ink.shape[1] + gap for ink, gap in zip(digits, gaps, strict=True)) - gaps[-1]
    row = np.zeros((round(1.2 * height) + 2 * margin, width + 2 * margin), np.uint8)
    left = margin
    for ink, gap in zip(digits, gaps, strict=True):
        top = margin + round((1.2 * height - len(ink)) / 2 + height * random.uniform(-0.08, 0.08))
        row[top : top + len(ink), left : left + ink.shape[1]] = ink
        left += ink.shape[1] + gap
    return row


def _add_thin_one(row: Image, height: int, margin: int, random: Generator) -> Image:
    """A stroke before the number, as high as its digits and 1 to 3 px wide."""
    room = round(height * random.uniform(0.25, 0.4))
    row = np.pad(row, ((0, 0), (room, 0)))
    slant = height * random.uniform(-0.05, 0.15)
    middle, half = row.shape[0] / 2, height * random.uniform(0.4, 0.5)
    ends = [(margin + slant / 2, middle - half), (margin - slant / 2, middle + half)]
    pen = max(1, round(height * random.uniform(0.01, 0.04)))
    return draw_strokes([ends], image=row, brush=pen)


def _add_comma(
    row: Image, digits: Sequence[Image], height: int, margin: int, random: Generator
) -> None:
    """A comma or a dot at the foot of the first digit."""
    x = margin + digits[0].shape[1] + height * 0.1
    y, pen = row.shape[0] / 2 + height * 0.45, height * random.uniform(0.05, 0.09)
    tail = height * random.uniform(0.06, 0.12) * (random.random() < 0.5)
    draw_strokes([[(x, y), (x - tail / 2, y + tail)]], image=row, brush=pen)


def _crop_side(
    row: Image, digits: Sequence[Image], kind: str, margin: int, random: Generator
) -> Image:
    """Move the left or the right border to the first or the last digit, or into it."""
    left = bool(random.random() < 0.5)
    cut = margin
    if kind.startswith("1 to 4"):
        cut -= int(random.integers(1, 5))
    elif kind.startswith("cut"):
        cut += round(digits[0 if left else -1].shape[1] * random.uniform(0.05, 0.2))
    return np.ascontiguousarray(row[:, cut:] if left else row[:, :-cut])


def _photograph(row: Image, random: Generator, mark: int) -> Image:
    """Dark ink on paper; `mark` is the size in px of a finger or a shadow at the border, or 0."""
    height, width = row.shape
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j].astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    light = 1 + random.uniform(0, 0.4) * (x * np.cos(angle) + y * np.sin(angle))
    scene = random.uniform(150, 235) * light * (1 - random.uniform(0.6, 0.9) * row / 255)
    if mark:
        blot = np.zeros_like(row)
        side = random.integers(3)
        if side == 0:  # a finger from the left or the right
            place = (int(width * random.integers(2)), int(height * random.uniform(0.2, 0.8)))
            size = round(mark * random.uniform(0.4, 0.8)), round(mark * random.uniform(0.2, 0.5))
            cv2.ellipse(blot, place, size, 0, 0, 360, 255, -1)
        elif side == 1:  # the edge of the sheet or a printed line
            edge = round(mark * random.uniform(0.05, 0.5))
            blot[:, edge : edge + max(1, round(mark * random.uniform(0.03, 0.2)))] = 255
        else:  # the line of writing above
            for _ in range(random.integers(2, 6)):
                left = int(random.integers(width))
                end = left + round(mark * 0.5), round(mark * random.uniform(0.2, 0.6))
                cv2.line(blot, (left, 0), end, 255, max(1, mark // 10))
        scene *= 1 - random.uniform(0.4, 0.8) * blot / 255
    scene = cv2.GaussianBlur(scene, (0, 0), random.uniform(0.5, 1.2))
    scene += random.normal(0, random.uniform(1, 4), scene.shape)
    image = np.clip(scene, 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(60, 96))])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
