"""Photographs of sheets and cards that lie on a desk: (h, w, 3) RGB uint8.

A sheet reaches beyond the photograph on some sides; a card is wholly in it. Both are turned and
seen at a slant, by a pinhole camera.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from drawing import Placement, Points, box_corners, polygon_mask, project, render_solid, rotate
from simulation import (
    PENS,
    Floats,
    Generator,
    Image,
    Pen,
    capture,
    illumination,
    lay_ink,
    make_paper,
    roughen,
    smooth_noise,
    write,
)
from support.strokes import Stroke
from textures import TEXTURES

__all__ = ["GROUNDS", "Surface", "photograph_surface"]

# The focal length of the camera, as a share of the longer side of the photograph.
FOCAL_LENGTH = 1.2
# The number is this far from the edge of the surface and of the photograph, as shares of the
# shorter side of each.
SURFACE_MARGIN, PHOTOGRAPH_MARGIN = 0.08, 0.03
# In pixels: digits are at least this high in the photograph, their lines this wide.
LEAST_HEIGHT, LEAST_LINE = 24, 2.2
# In pixels: redrawn at this height, an MNIST digit keeps its loops, as `digit_sources.py`
# makes sure. At 30, the median filter over five pixels would close them.
CLEAR_HEIGHT = 90


@dataclass(frozen=True, kw_only=True)
class Surface:
    """What lies on the desk, and how it is seen.

    Attributes:
        ground: a name from `GROUNDS`.
        sides: how many of its four sides are in the photograph, 0 to 4.
        size: for four sides, its width as a share of that of the photograph.
        turn: the largest rotation, in degrees.
        slant: the largest angle between the camera's axis and the normal, in degrees.
        share: difficulty of light, noise, blur and compression, 0 to 1.
    """

    ground: str
    sides: int = 4
    size: tuple[float, float] = (0.2, 0.7)
    turn: float = 30.0
    slant: float = 0.0
    share: float = 0.4


def photograph_surface(
    surface: Surface,
    digits: Sequence[Image | Sequence[Stroke]],
    size: tuple[int, int],
    random: Generator,
) -> Image:
    """Photograph a number on a surface.

    Args:
        surface: what lies on the desk.
        digits: frames or pen strokes, as `simulation.write` takes them; none: an empty surface.
        size: (width, height) of the photograph.
        random: random state of everything else.
    """
    width, height = size
    while True:
        sheet_size, view = _place(surface, size, random)
        corners = box_corners((0, 0, *sheet_size))
        number = _write_number(digits, sheet_size, view, size, random)
        if number is not None:
            break
    sheet = _make_sheet(sheet_size, number, surface.share, random)
    scene = GROUNDS[surface.ground](height, width, random)
    outline = project(corners, view)
    mask = polygon_mask(outline * 4, (4 * height, 4 * width)).astype(np.float32)
    mask = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    shift = height * random.uniform(0.002, 0.012)
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.7 * shift + 1)
    angle = random.uniform(0, 2 * np.pi)
    moved = np.array([(1, 0, shift * np.cos(angle)), (0, 1, shift * np.sin(angle))])
    shadow = cv2.warpAffine(shadow, moved, size, borderMode=cv2.BORDER_REPLICATE)
    scene = scene * (1 - random.uniform(0.1, 0.5) * shadow[:, :, np.newaxis])
    seen = cv2.warpPerspective(
        sheet, view, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    scene = scene + (seen - scene) * mask[:, :, np.newaxis]
    scene = scene * illumination(height, width, surface.share, random)
    return capture(scene.astype(np.float32), surface.share, random, scale=width / 1280)


def _place(
    surface: Surface, size: tuple[int, int], random: Generator
) -> tuple[tuple[int, int], Points]:
    """Place the surface: its (width, height) in pixels, and the homography to the photograph."""
    width, height = size
    longer = max(size)
    while True:
        turn = random.uniform(-1, 1) * surface.turn
        slant = random.uniform(0, 1) * surface.slant
        if surface.sides == 4:
            wide = width * random.uniform(*surface.size)
            high = wide * random.uniform(0.4, 0.9)
            center = np.array([width, height]) * random.uniform(0.2, 0.8, 2)
        else:
            seen = random.permutation([True] * surface.sides + [False] * (4 - surface.sides))
            inside, outside = random.uniform(0.02, 0.15, 4), -random.uniform(0.15, 0.5, 4)
            left, top, right, bottom = np.where(seen, inside, outside) * ((width, height) * 2)
            wide, high = width - left - right, height - top - bottom
            center = np.array([left + wide / 2, top + high / 2])
        view = _camera((wide, high), center, turn, slant, longer, random)
        outline = project(box_corners((0, 0, round(wide), round(high))), view)
        low, upper = outline.min(axis=0), outline.max(axis=0)
        clear = 0.02 * height
        if surface.sides < 4 or (
            (low > clear).all() and (upper < np.array([width, height]) - clear).all()
        ):
            return (round(wide), round(high)), view


def _camera(
    sheet: tuple[float, float],
    center: Points,
    turn: float,
    slant: float,
    longer: int,
    random: Generator,
) -> Points:
    """The homography (3, 3) of a sheet, turned and seen at a slant, that is centered there."""
    corners = box_corners((0, 0, round(sheet[0]), round(sheet[1])))
    flat = rotate(corners - corners.mean(axis=0), turn)
    # Tilted around a random axis in the plane: one direction is foreshortened.
    axis = random.uniform(0, 360)
    along = rotate(flat, -axis)
    focal, tilt = FOCAL_LENGTH * longer, np.radians(slant)
    depth = focal + along[:, 1] * np.sin(tilt)
    tilted = np.column_stack([along[:, 0], along[:, 1] * np.cos(tilt)]) * (focal / depth)[:, None]
    seen = rotate(tilted, axis) + center
    return cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))


def _write_number(
    digits: Sequence[Image | Sequence[Stroke]],
    sheet: tuple[int, int],
    view: Points,
    size: tuple[int, int],
    random: Generator,
) -> tuple[Floats, Pen] | None:
    """The ink of a number on the sheet, (h, w) from 0 to 1; None if it does not fit."""
    wide, high = sheet
    name = random.choice([name for name in PENS if name != "pencil" or random.random() < 0.3])
    color, cover, rough, least, most = PENS[name]
    pen = Pen(color=color, cover=cover, rough=0.5 * rough, width=float(random.uniform(least, most)))
    ink = np.zeros((high, wide), np.float32)
    if not digits:
        return ink, pen
    margin = SURFACE_MARGIN * min(sheet)
    room = min(high - 2 * margin, (wide - 2 * margin) / (0.95 * len(digits)))
    room = min(room, 0.35 * min(size))
    tall = room * random.uniform(0.5, 0.9)
    scale = np.sqrt(abs(np.linalg.det(_jacobian(view, (wide / 2, high / 2)))))
    if tall * scale < LEAST_HEIGHT:
        return None
    line = max(LEAST_LINE / scale, pen.width * tall)
    row = [_write_digit(d, round(tall * random.uniform(0.88, 1.1)), line) for d in digits]
    gaps = tall * random.uniform(0.14, 0.3, len(row)) + pen.width * tall
    total = sum(part.shape[1] for part in row) + gaps[1:].sum()
    lift = 0.06 * tall
    top = max(part.shape[0] for part in row) / 2 + lift
    if total > wide - 2 * margin or 2 * top > high - 2 * margin:
        return None
    for _ in range(20):
        left = random.uniform(margin, wide - margin - total)
        middle = random.uniform(margin + top, high - margin - top)
        corners = box_corners((left, middle - top, total, 2 * top))
        seen, clear = project(corners, view), PHOTOGRAPH_MARGIN * min(size)
        if (seen > clear).all() and (seen < np.array(size) - clear).all():
            break
    else:
        return None
    for part, gap in zip(row, gaps, strict=True):
        first = round(middle - part.shape[0] / 2 + random.uniform(-1, 1) * lift)
        column = round(left)
        window = ink[first : first + part.shape[0], column : column + part.shape[1]]
        np.maximum(window, part[: window.shape[0], : window.shape[1]], out=window)
        left += part.shape[1] + gap
    return ink, pen


def _write_digit(digit: Image | Sequence[Stroke], height: int, width: float) -> Floats:
    """Write a digit at least so high that its loops stay open, then shrink it."""
    scale = max(1.0, CLEAR_HEIGHT / height)
    ink = write(digit, height=round(scale * height), width=scale * width)
    size = tuple(max(1, round(side / scale)) for side in ink.shape[::-1])
    return ink if scale == 1 else cv2.resize(ink, size, interpolation=cv2.INTER_AREA)


def _jacobian(view: Points, at: tuple[float, float]) -> Points:
    points = np.array([at, (at[0] + 1, at[1]), (at[0], at[1] + 1)], float)
    seen = project(points, view)
    return np.stack([seen[1] - seen[0], seen[2] - seen[0]])


def _make_sheet(
    sheet: tuple[int, int], number: tuple[Floats, Pen], share: float, random: Generator
) -> Floats:
    wide, high = sheet
    ink, pen = number
    paper = make_paper(high, wide, 0 if random.random() < 0.5 else share, random)
    return lay_ink(paper, roughen(ink, pen, random), pen)


def _plain(low: float, high: float) -> Callable[[int, int, Generator], Floats]:
    def make(height: int, width: int, random: Generator) -> Floats:
        color = random.uniform(low, high) * random.uniform(0.88, 1.0, 3)
        tone = 1 + 0.015 * smooth_noise(height, width, 2, random)
        return (tone[:, :, np.newaxis] * color).astype(np.float32)

    return make


def _wood(height: int, width: int, random: Generator) -> Floats:
    return TEXTURES["wood"](height, width, random) * np.float32(random.uniform(0.35, 1))


def _speckled(height: int, width: int, random: Generator) -> Floats:
    """Stone or carpet: noise of two sizes."""
    coarse, fine = random.uniform(4, 30), random.uniform(1, 4)
    tone = 1 + random.uniform(0.05, 0.3) * smooth_noise(height, width, coarse, random)
    tone += random.uniform(0.05, 0.2) * smooth_noise(height, width, fine, random)
    color = random.uniform(0.15, 0.7) * random.uniform(0.8, 1.0, 3)
    return (tone[:, :, np.newaxis] * color).clip(0, 1).astype(np.float32)


def _cluttered(height: int, width: int, random: Generator) -> Floats:
    """A desk with pens, phones, coins and books."""
    scene = (
        _plain(0.12, 0.75)(height, width, random)
        if random.random() < 0.6
        else _wood(height, width, random)
    )
    for _ in range(int(random.integers(3, 9))):
        center = random.uniform(0, 1, 2) * (width, height)
        scale = height * random.uniform(0.04, 0.16)
        place = Placement(
            center=center, scale=np.array([scale, scale]), angle=random.uniform(0, 360)
        )
        kind = random.integers(4)
        if kind == 0:  # a pen
            outline = place.to_pixels([(-3, -0.12), (3, -0.12), (3.4, 0), (3, 0.12), (-3, 0.12)])
        elif kind == 1:  # a phone or a book
            outline = place.to_pixels(box_corners((-1, -2, 2, 4)))
        elif kind == 2:  # a cup or a coin
            outline = place.ellipse(0, 0, 1, 1)
        else:  # an eraser
            outline = place.to_pixels(box_corners((-1, -1, 2, 1)))
        mask = polygon_mask(outline, (height, width))
        color = (random.uniform(0.05, 0.9) * random.uniform(0.5, 1, 3)).astype(np.float32)
        render_solid(scene, mask, color, scale * random.uniform(0.1, 0.3), random)
    return scene


GROUNDS: dict[str, Callable[[int, int, Generator], Floats]] = {
    "plain dark": _plain(0.04, 0.3),
    "plain light": _plain(0.45, 0.8),
    "wood": _wood,
    "fabric": TEXTURES["cloth"],
    "speckled": _speckled,
    "cluttered": _cluttered,
}
