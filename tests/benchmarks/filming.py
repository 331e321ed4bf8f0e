"""Webcam frames of a sheet of paper with or without a number: (h, w, 3) BGR uint8."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from drawing import Box, Points, bounding_box, box_corners, inset, polygon_mask, project, rotate
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
    write,
)
from support.strokes import Stroke
from textures import SURFACES, TEXTURES

from mnist_core.webcam.reader import WebcamSettings

# The kind is chosen first: `simulation` has two ballpoints and two felt pens.
PEN_KINDS = ("marker", "felt pen", "ballpoint", "pencil")
# The distance of the number from the edge of the region of interest, as a share of the region.
MARGIN = 0.05


def roi_box(size: tuple[int, int]) -> Box:
    """The reader's region of interest in a frame of this width and height, in pixels."""
    left, top, width, height = WebcamSettings().roi
    return (
        *(round(left * size[0]), round(top * size[1])),
        *(round(width * size[0]), round(height * size[1])),
    )


def film_number(
    digits: Sequence[Image | Sequence[Stroke]],
    share: float,
    size: tuple[int, int],
    random: Generator,
) -> tuple[Image, Box]:
    """Film a sheet with a number; return the frame and the number's box.

    Args:
        digits: frames or pen strokes, as `simulation.write` takes them; none: an empty sheet.
        share: difficulty, 0 to 1.
        size: (width, height) of the frame.
        random: random state of everything else.
    """
    width, height = size
    pen = _choose_pen(share, random)
    number = _write_number(digits, pen, size, random)
    roi = roi_box(size)
    inner = inset(roi, MARGIN)
    high, wide = number.shape
    left = round(inner[0] + (inner[2] - wide) * random.uniform(0, 1))
    top = round(inner[1] + (inner[3] - high) * random.uniform(0, 1))
    ink = np.zeros((height, width), np.float32)
    ink[top : top + high, left : left + wide] = number
    ink = roughen(ink, pen, random)
    sheet = lay_ink(make_paper(height, width, share, random), ink, pen)
    view = _camera_view((left, top, wide, high), inner, share, size, random)
    scene = _film_sheet(sheet, view, share, roi, random) if share else sheet
    box = (
        bounding_box(project(box_corners((left, top, wide, high)), view))
        if digits
        else (0, 0, 0, 0)
    )
    return capture_frame(scene, share, random), box


def _choose_pen(share: float, random: Generator) -> Pen:
    kind = random.choice(PEN_KINDS) if share else "marker"
    name = random.choice([name for name in PENS if name.endswith(kind)])
    color, cover, rough, least, most = PENS[name]
    # Large digits of a fine pen have thin lines.
    width = random.uniform(least * (1 - 0.3 * share), most)
    return Pen(color=color, cover=cover, rough=rough * share, width=float(width))


def _write_number(
    digits: Sequence[Image | Sequence[Stroke]],
    pen: Pen,
    size: tuple[int, int],
    random: Generator,
) -> Floats:
    """The ink of a number at its size in the frame, cropped: (h, w) float32, 0 to 1."""
    _, _, across, down = roi_box(size)
    height, room = down * random.uniform(0.4, 0.68), across * random.uniform(0.55, 0.85)
    if not digits:
        return np.zeros((0, 0), np.float32)
    height = min(height, room / (0.8 * len(digits)))
    finest = 0.008 * size[1]  # thinner lines are invisible to the camera
    row = [
        write(digit, height=round(high), width=max(finest, pen.width * height))
        for digit, high in zip(digits, height * random.uniform(0.88, 1.1, len(digits)), strict=True)
    ]
    gaps = height * (random.uniform(0.14, 0.3, len(digits)) + pen.width)
    lifts = height * random.uniform(0, 0.12, len(digits))
    tall = round(max(len(ink) + lift for ink, lift in zip(row, lifts, strict=True))) + 1
    parts = []
    for ink, gap, lift in zip(row, gaps, lifts, strict=True):
        above = round((tall - len(ink)) / 2 * (1 + lift / height))
        above = min(above, tall - len(ink))
        parts.append(np.pad(ink, ((above, tall - len(ink) - above), (0, round(gap)))))
    number = np.hstack(parts)
    left, top, wide, high = cv2.boundingRect((number > 0.1).astype(np.uint8))
    number = number[top : top + high, left : left + wide]
    shrink = min(1, room / wide)
    if shrink == 1:
        return number
    return cv2.resize(number, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)


def _camera_view(
    place: Box, inner: Box, share: float, size: tuple[int, int], random: Generator
) -> Points:
    """The homography of the camera, (3, 3): rotated and tilted; `place` stays inside `inner`."""
    width, height = size
    corners = box_corners((0, 0, width, height))
    middle = np.array([width, height]) / 2
    moved = rotate(corners - middle, random.uniform(-8, 8) * share) + middle
    moved += random.uniform(-0.05, 0.05, (4, 2)) * share * height
    view = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
    left, top, wide, high = bounding_box(project(box_corners(place), view))
    scale = min(1, inner[2] / max(1, wide), inner[3] / max(1, high))
    x = np.clip(left, inner[0], max(inner[0], inner[0] + inner[2] - wide * scale))
    y = np.clip(top, inner[1], max(inner[1], inner[1] + inner[3] - high * scale))
    fit = np.array([(scale, 0, x - scale * left), (0, scale, y - scale * top), (0, 0, 1)])
    return fit @ view


def _film_sheet(sheet: Floats, view: Points, share: float, roi: Box, random: Generator) -> Floats:
    """The sheet in front of a background; its edges are outside the region of interest."""
    height, width = sheet.shape[:2]
    fills = random.random() < 0.35
    background = SURFACES[random.choice(list(SURFACES))](height, width, random)
    left, right, top, bottom = random.uniform(0.02, 0.2, 4) * (width, width, height, height)
    if not fills:
        roi = inset(roi, -0.02)
        while True:
            edges = box_corners((left, top, width - left - right, height - top - bottom))
            outline = project(edges, view).astype(np.float32)
            if all(cv2.pointPolygonTest(outline, corner, False) > 0 for corner in box_corners(roi)):
                break
            left, right, top, bottom = (edge - 0.01 * width for edge in (left, right, top, bottom))
    seen = cv2.warpPerspective(
        sheet, view, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    if fills:
        return seen
    background = cv2.GaussianBlur(background, (0, 0), height * random.uniform(0.002, 0.012))
    background *= random.uniform(0.5, 1)
    mask = polygon_mask(outline, (height, width)).astype(np.float32)
    shift = height * random.uniform(0.005, 0.03)
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.5 * shift + 1)
    background *= 1 - 0.45 * np.roll(shadow, (round(shift), round(shift / 2)), (0, 1))[:, :, None]
    mask = cv2.GaussianBlur(mask, (0, 0), 0.8)[:, :, np.newaxis]
    return seen * mask + background * (1 - mask)


def capture_frame(scene: Floats, share: float, random: Generator) -> Image:
    """Film a scene of reflectances with a webcam in random light: (h, w, 3) BGR uint8."""
    height, width = scene.shape[:2]
    light = illumination(
        height, width, share, random, across=float(np.mean(WebcamSettings().roi[2:]))
    )
    cast = 1 + share * random.uniform(-0.08, 0.08, 3)
    veil = share * random.uniform(0, 0.1)
    scene = (scene * light * cast.astype(np.float32)) * (1 - veil) + veil
    image = capture(scene, share, random, scale=height / 480)
    return np.ascontiguousarray(image[:, :, ::-1])


def empty_paper(size: tuple[int, int], share: float, random: Generator) -> Floats:
    """An empty sheet, with its edge at a random place: reflectances, (h, w, 3)."""
    width, height = size
    sheet = make_paper(height, width, max(share, 0.5), random)
    view = _camera_view((0, 0, 1, 1), (0, 0, width, height), share, size, random)
    shift = random.uniform(-0.35, 0.35, 2) * (width, height) * (random.random() < 0.5)
    view = np.array([(1, 0, shift[0]), (0, 1, shift[1]), (0, 0, 1)]) @ view
    return _film_sheet(sheet, view, share, (width // 2, height // 2, 1, 1), random)


def surface(size: tuple[int, int], share: float, random: Generator) -> Floats:
    """A textured surface, perhaps tilted: reflectances, (h, w, 3)."""
    width, height = size
    kind = list(TEXTURES)[random.integers(len(TEXTURES))]
    scene = TEXTURES[kind](height, width, random)
    view = _camera_view((0, 0, 1, 1), (0, 0, width, height), 2 * share, size, random)
    larger = np.array([(1.3, 0, -0.15 * width), (0, 1.3, -0.15 * height), (0, 0, 1)])
    return cv2.warpPerspective(scene, larger @ view, (width, height), borderMode=cv2.BORDER_REFLECT)
