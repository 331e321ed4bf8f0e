"""Pages of digits: on lined paper, in tables, boxes and forms, and beside signs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from support.strokes import draw_strokes

__all__ = ["PAGES", "SINGLES", "Page", "capture_page", "write_page"]

Image = NDArray[np.uint8]
Generator = np.random.Generator
Point = tuple[float, float]

# Kinds with several lines, and kinds with one digit or one row.
PAGES = ("plain", "ruled", "squared", "table", "open table", "form")
SINGLES = ("drawn box", "drawn circle", "rim", "signs", "fraction", "underlined", "sign alone")


@dataclass(kw_only=True, eq=False)
class Page:
    """A page that is being written.

    Attributes:
        ink: (h, w) uint8, what the pen has written; 255 is full ink.
        print: (h, w) uint8, printed lines.
        lines: the digits of each line of writing.
    """

    ink: Image
    print: Image
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.lines)


# Draws the next digit with a longer side of that many pixels: its ink, cropped, and its label.
NextDigit = Callable[[int], tuple[Image, str]]


def write_page(kind: str, next_digit: NextDigit, random: Generator) -> Page:
    """Write a page of one of the kinds `PAGES` and `SINGLES`."""
    if kind in ("table", "open table", "form"):
        return _write_cells(kind, next_digit, random)
    if kind in PAGES:
        return _write_lines(kind, next_digit, random)
    if kind in ("signs", "fraction", "underlined", "sign alone"):
        return _write_signs(kind, next_digit, random)
    return _write_framed(kind, next_digit, random)


def capture_page(page: Page, random: Generator, *, photo: bool) -> Image:
    """A drawing, dark on white or light on black, or a photograph: (h, w, 3) uint8."""
    strength = random.uniform(0.25, 0.8)
    if not photo:
        both = np.maximum(page.ink, (page.print * strength).astype(np.uint8))
        levels = 255 - both if random.random() < 0.7 else both
        return cv2.cvtColor(levels, cv2.COLOR_GRAY2RGB)
    height, width = page.ink.shape
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j].astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    light = 1 + random.uniform(0, 0.5) * (x * np.cos(angle) + y * np.sin(angle))
    paper = np.array([random.uniform(0.85, 1), random.uniform(0.85, 1), random.uniform(0.75, 1)])
    pen = np.array([(0.1, 0.1, 0.1), (0.15, 0.2, 0.6), (0.35, 0.35, 0.36)][random.integers(3)])
    scene = random.uniform(160, 235) * light[:, :, np.newaxis] * paper
    scene = scene * (1 - strength * 0.7 * page.print[:, :, np.newaxis] / 255)
    cover = (random.uniform(0.8, 0.95) * page.ink / 255)[:, :, np.newaxis]
    scene = scene * (1 - cover * (1 - pen))
    scene = cv2.GaussianBlur(scene, (0, 0), random.uniform(0.4, 1.1))
    scene += random.normal(0, random.uniform(1, 4), scene.shape)
    image = np.clip(scene, 0, 255).astype(np.uint8)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-1.5, 1.5), 1)
    image = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(70, 96))]
    return cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)


def _blank(height: float, width: float) -> Page:
    shape = (round(height), round(width))
    return Page(ink=np.zeros(shape, np.uint8), print=np.zeros(shape, np.uint8))


def _put(page: Page, ink: Image, left: float, middle: float) -> float:
    """Write the ink of a digit; returns its right edge."""
    top, left = max(0, round(middle - len(ink) / 2)), max(0, round(left))
    part = page.ink[top : top + len(ink), left : left + ink.shape[1]]
    np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
    return left + ink.shape[1]


def _stroke(page: Page, points: Sequence[Point], pen: float) -> None:
    draw_strokes([points], image=page.ink, brush=pen)


def _wobble(start: Point, end: Point, size: float, random: Generator) -> list[Point]:
    """A line that a hand has drawn: it wanders by about `size` pixels."""
    (x, y), (dx, dy) = start, np.subtract(end, start)
    length = max(float(np.hypot(dx, dy)), 1e-9)
    places = np.linspace(0, 1, 9)
    away = np.cumsum(random.normal(0, size / 3, 9))
    away -= np.linspace(away[0], away[-1], 9)
    return [
        (float(x + t * dx - a * dy / length), float(y + t * dy + a * dx / length))
        for t, a in zip(places, away, strict=True)
    ]


def _write_lines(kind: str, next_digit: NextDigit, random: Generator) -> Page:
    """1 to 10 lines of 3 to 12 digits; on ruled paper, they stand on the rulings or near them."""
    height, count = int(random.integers(28, 70)), int(random.integers(1, 11))
    step = height * random.uniform(1.5, 2.2)
    longest = 0.0
    page = _blank(step * (count + 1), height * 17)
    for line in range(count):
        left, middle = height * random.uniform(0.6, 1.2), step * (line + 1)
        climb, text = random.normal(0, 0.03), ""
        for _ in range(random.integers(3, 13)):
            ink, label = next_digit(round(height * random.uniform(0.85, 1.1)))
            row = middle + climb * left - len(ink) / 2 + height * random.uniform(-0.06, 0.06)
            left = _put(page, ink, left, row) + height * random.uniform(0.15, 0.4)
            text += label
        page.lines.append(text)
        longest = max(longest, left)
    width = round(min(longest + height * random.uniform(0.3, 1), page.ink.shape[1]))
    page.ink = np.ascontiguousarray(page.ink[:, :width])
    page.print = np.zeros_like(page.ink)
    thickness = max(1, round(height * random.uniform(0.02, 0.05)))
    if kind == "ruled":
        offset = height * random.uniform(-0.1, 0.2)
        for line in range(count + 1):
            row = round(step * line + offset)
            cv2.line(page.print, (0, row), (width, row), 255, thickness)
    elif kind == "squared":
        pitch = height * random.uniform(0.6, 1.4)
        for row in np.arange(pitch * random.uniform(0, 1), len(page.ink), pitch):
            cv2.line(page.print, (0, round(row)), (width, round(row)), 255, thickness)
        for column in np.arange(pitch * random.uniform(0, 1), width, pitch):
            place = round(column)
            cv2.line(page.print, (place, 0), (place, len(page.ink)), 255, thickness)
    return page


def _write_cells(kind: str, next_digit: NextDigit, random: Generator) -> Page:
    """A table ruled by hand, with or without its outer border, or the printed cells of a form."""
    height = int(random.integers(28, 60))
    rows, columns = int(random.integers(2, 6)), int(random.integers(2, 7))
    if kind == "form":
        rows, columns = int(random.integers(1, 4)), int(random.integers(3, 11))
    most = 1 if kind == "form" else int(random.integers(1, 4))
    cell_height = height * random.uniform(1.25, 2.2)
    cell_width = height * (random.uniform(1.3, 1.8) + (most - 1) * 1.1)
    margin = height * random.uniform(0.5, 1.2)
    page = _blank(rows * cell_height + 2 * margin, columns * cell_width + 2 * margin)
    pen = max(1.5, height * random.uniform(0.04, 0.09))
    for row in range(rows):
        text = ""
        for column in range(columns):
            digits = [
                next_digit(round(height * random.uniform(0.85, 1.1)))
                for _ in range(random.integers(1, most + 1))
            ]
            gaps = height * random.uniform(0.15, 0.35)
            total = sum(ink.shape[1] + gaps for ink, _ in digits) - gaps
            # Digits come near the lines and sometimes touch them.
            room = max(0.0, cell_width - total - 2 * pen)
            left = margin + column * cell_width + pen + room * random.uniform(0.1, 0.9)
            middle = margin + (row + 0.5) * cell_height
            middle += (cell_height - height) * random.uniform(-0.35, 0.35)
            for ink, label in digits:
                left = _put(page, ink, left, middle) + gaps
                text += label
        page.lines.append(text)
    inner = kind == "open table"
    size = 0.0 if kind == "form" else height * random.uniform(0.02, 0.1)
    for row in range(inner, rows + 1 - inner):
        y = margin + row * cell_height
        ends = (margin, y), (margin + columns * cell_width, y)
        _rule(page, ends, size, pen, random)
    for column in range(inner, columns + 1 - inner):
        x = margin + column * cell_width
        ends = (x, margin), (x, margin + rows * cell_height)
        _rule(page, ends, size, pen, random)
    return page


def _rule(
    page: Page, ends: tuple[Point, Point], size: float, pen: float, random: Generator
) -> None:
    """A line of a table: printed if its size of wobbling is 0, otherwise by hand."""
    if not size:
        first, last = (tuple(round(value) for value in end) for end in ends)
        cv2.line(page.print, first, last, 255, max(1, round(0.5 * pen)))
        return
    start, end = ((x + size * random.normal(0, 1), y + size * random.normal(0, 1)) for x, y in ends)
    _stroke(page, _wobble(start, end, size, random), pen)


def _write_framed(kind: str, next_digit: NextDigit, random: Generator) -> Page:
    """One to three digits in a drawn box or circle, or in a screenshot with a rim."""
    height = int(random.integers(50, 180))
    digits = [next_digit(height) for _ in range(random.integers(1, 3 + (kind == "rim")))]
    gap = height * random.uniform(0.15, 0.35)
    total = sum(ink.shape[1] + gap for ink, _ in digits) - gap
    space = [height * random.uniform(0.2, 0.6) for _ in range(4)]
    margin = 0 if kind == "rim" else height * random.uniform(0.15, 0.5)
    tall = max(len(ink) for ink, _ in digits) + space[0] + space[1]
    wide = total + space[2] + space[3]
    page = _blank(tall + 2 * margin, wide + 2 * margin)
    left = margin + space[2]
    for ink, _ in digits:
        left = _put(page, ink, left, margin + tall / 2 + (space[0] - space[1]) / 2) + gap
    page.lines.append("".join(label for _, label in digits))
    pen = max(2.0, height * random.uniform(0.04, 0.12))
    right, bottom = margin + wide, margin + tall
    if kind == "drawn circle":
        angles = np.linspace(0, 2 * np.pi * random.uniform(0.97, 1.05), 40)
        angles = angles + random.uniform(0, 6.3)
        radii = np.array([wide, tall]) / 2 * random.uniform(0.98, 1.02, (40, 1))
        center = np.array([margin + wide / 2, margin + tall / 2])
        points = center + radii * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        points = np.stack([cv2.GaussianBlur(p, (1, 3), 1).ravel() for p in points.T], axis=1)
        _stroke(page, [(float(x), float(y)) for x, y in points], pen)
    elif kind == "drawn box":
        corners = [(margin, margin), (right, margin), (right, bottom), (margin, bottom)]
        moved = [(x + random.normal(0, pen), y + random.normal(0, pen)) for x, y in corners]
        for start, end in zip(moved, [*moved[1:], moved[0]], strict=True):
            _stroke(page, _wobble(start, end, 0.02 * height, random), pen)
    else:
        rim = int(random.integers(1, 5))
        inset = int(random.integers(0, 3)) * rim
        far = (page.ink.shape[1] - 1 - inset, page.ink.shape[0] - 1 - inset)
        cv2.rectangle(page.ink, (inset, inset), far, 255, rim)
    return page


def _write_signs(kind: str, next_digit: NextDigit, random: Generator) -> Page:
    """A row of digits with signs between them, over a bar, or a sign alone."""
    height = int(random.integers(40, 140))
    count = 0 if kind == "sign alone" else int(random.integers(2, 6))
    pen = max(2.0, height * random.uniform(0.05, 0.1))
    page = _blank(height * 4.5, height * (1.6 * count + 3))
    middle, left, text = height * 1.2, height * 0.6, ""
    start = left
    for place in range(count):
        ink, label = next_digit(round(height * random.uniform(0.9, 1.1)))
        left = _put(page, ink, left, middle)
        text += label
        if kind == "signs" and place < count - 1 and random.random() < 0.7:
            left += height * random.uniform(0.15, 0.35)
            left = _sign(
                page, str(random.choice(list("-+.=-+"))), left, middle, height, pen, random
            )
        left += height * random.uniform(0.15, 0.35)
    page.lines.append(text)
    if kind == "sign alone":
        left = _sign(page, str(random.choice(list("-+="))), left, middle, height, pen, random)
    bar = middle + height * random.uniform(0.62, 0.9)
    if kind in ("fraction", "underlined"):
        ends = (start - 0.1 * height, bar), (left, bar + height * random.uniform(-0.05, 0.05))
        _stroke(page, _wobble(*ends, 0.02 * height, random), pen)
    bottom = bar + height * 0.6
    if kind == "fraction":
        second, column = "", start + height * random.uniform(0, 0.4)
        for _ in range(random.integers(1, count + 1)):
            ink, label = next_digit(round(height * random.uniform(0.9, 1.1)))
            row = bar + height * random.uniform(0.72, 0.9)
            column = _put(page, ink, column, row) + height * random.uniform(0.15, 0.35)
            second += label
        page.lines.append(second)
        left, bottom = max(left, column), bar + 1.8 * height
    crop = slice(0, round(bottom)), slice(0, round(left + 0.6 * height))
    page.ink, page.print = (np.ascontiguousarray(part[crop]) for part in (page.ink, page.print))
    return page


def _sign(
    page: Page, sign: str, left: float, middle: float, height: float, pen: float, random: Generator
) -> float:
    """Draw a sign with its left edge there; returns its right edge."""
    if sign == ".":
        foot = middle + 0.45 * height
        _stroke(page, [(left + pen, foot), (left + pen, foot)], 1.4 * pen)
        return left + 2 * pen
    width = height * random.uniform(0.3, 0.6)
    rows = (middle - 0.12 * height, middle + 0.12 * height) if sign == "=" else (middle,)
    for row in rows:
        tilt = height * random.uniform(-0.04, 0.04)
        _stroke(page, [(left, row + tilt), (left + width, row - tilt)], pen)
    if sign == "+":
        center = left + width / 2
        _stroke(page, [(center, middle - width / 2), (center, middle + width / 2)], pen)
    return left + width
