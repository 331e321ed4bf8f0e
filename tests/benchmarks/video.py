"""Simulated webcam frames, from easy to hard, and how well and how fast they are read.

Run it from anywhere; it prints tables in Markdown, after about ten minutes:

    python tests/benchmarks/video.py
    python tests/benchmarks/video.py --model mlp --frames 20 --no-classic
    python tests/benchmarks/video.py --frames 30 --errors /tmp/errors

A pen writes MNIST *test* digits, or draws the development strokes, on a sheet that is held into the
reader's box, and a severity of 0 to 4 tells how hard the camera, the light and the hand make it.
Every second frame has 1280x720 pixels, the others 640x480. In other frames there is nothing to
read: empty paper, hands, faces, surfaces. All of it is a simulation: it shows where reading video
breaks, not how often it will in the world.

Beside it stands the classic way: blur, a fixed threshold, a small box in the middle, one
`model.predict` a frame. It is measured on the same frames, where digits are seldom in its box, and
once more with its box laid around the digit by somebody who knows where it is.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from not_digits import LETTERS
from papers import PENS, SEVERITIES, Pen, _camera, _clouds, _light, _paper, write
from strokes import DEVELOPMENT_STROKES, Stroke, load_development_strokes

from mnist_core import MnistError, Recognizer, load_mnist, load_recognizer
from mnist_core.webcam import FrameReader, FrameResult, WebcamSettings

if TYPE_CHECKING:
    import keras

__all__ = ["KINDS", "SIZES", "SOURCES", "Shot", "frames", "nothing", "region"]

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Generator = np.random.Generator
Box = tuple[int, int, int, int]
Colour = tuple[float, float, float]
Points = NDArray[np.float64]
Source = Literal["mnist", "strokes"]

SOURCES: tuple[Source, ...] = ("mnist", "strokes")
DIGITS = (1, 3)
# (width, height) of a frame, in turns.
SIZES = ((1280, 720), (640, 480))
# A pen is drawn by its kind first: papers has two ballpoints and two felt pens.
PEN_KINDS = ("marker", "felt pen", "ballpoint", "pencil")
# Between the number and the edge of the box, as a share of the box.
MARGIN = 0.05
SKINS: tuple[Colour, ...] = (
    *((0.93, 0.76, 0.66), (0.87, 0.67, 0.54), (0.76, 0.55, 0.42)),
    *((0.6, 0.41, 0.3), (0.43, 0.28, 0.2), (0.29, 0.19, 0.14)),
)
HAIRS: tuple[Colour, ...] = (
    *((0.07, 0.06, 0.06), (0.2, 0.13, 0.09), (0.38, 0.25, 0.14)),
    *((0.7, 0.55, 0.32), (0.62, 0.6, 0.58), (0.5, 0.22, 0.1)),
)
# The classic way's level and box, in pixels.
CLASSIC_LEVEL, CLASSIC_SIDE = 100, 150
# Timed: so many different frames of each number of digits, so often.
TIMED, TURNS = 10, 20
# The contact sheet: columns, pixels of a cell without its line of text, and no more than so many.
COLUMNS, CELL, LINE, MOST = 5, (320, 240), 22, 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Shot:
    """A frame of video, and what is in it.

    Attributes:
        frame: (h, w, 3) BGR uint8.
        text: the number that it shows, "" for none.
        place: (left, top, width, height) of the number in pixels, all 0 for none.
    """

    frame: Image
    text: str
    place: Box = (0, 0, 0, 0)


def frames(
    severity: int, count: int, digits: int, source: Source, seed: int
) -> list[tuple[Image, str]]:
    """Frames that show a number: (h, w, 3) BGR uint8, and the number.

    Args:
        severity: 0, a clean black marker on white, to 4, hard.
        count: how many; more begin with the same ones.
        digits: of each number, 1 or more.
        source: "mnist" or "strokes", in the same light and so on.
        seed: another one, other frames.
    """
    made = (shot(severity, index, digits, source, seed) for index in range(count))
    return [(each.frame, each.text) for each in made]


def nothing(count: int, seed: int) -> list[tuple[Image, str]]:
    """Frames with nothing to read: (h, w, 3) BGR uint8, and which of `KINDS`, in turns."""
    return [empty_shot(index, seed) for index in range(count)]


def region(size: tuple[int, int]) -> Box:
    """The reader's box in pixels of a frame of that width and height."""
    left, top, width, height = WebcamSettings().roi
    return (
        *(round(left * size[0]), round(top * size[1])),
        *(round(width * size[0]), round(height * size[1])),
    )


def shot(severity: int, index: int, digits: int, source: Source, seed: int) -> Shot:
    """One of the frames that show a number."""
    if severity not in SEVERITIES or source not in SOURCES or digits < 1:
        raise ValueError(
            f"A severity is 0 to 4, a source one of {SOURCES}, and digits are 1 or more. "
            f"Received: {severity!r}, {source!r}, {digits!r}"
        )
    written, labels = _handwriting(source)
    # Apart, so that light, camera and hand do not depend on what is written.
    choosing, filming = np.random.default_rng((seed, severity, index)).spawn(2)
    chosen: list[int] = []
    while len(chosen) < digits:
        each = int(choosing.integers(len(labels)))
        if source == "strokes" or _keeps_its_shape(each):
            chosen.append(each)
    size = SIZES[index % len(SIZES)]
    frame, place = _filmed([written[each] for each in chosen], severity / 4, size, filming)
    return Shot(frame=frame, text="".join(str(labels[each]) for each in chosen), place=place)


def empty_shot(index: int, seed: int) -> tuple[Image, str]:
    """One of the frames with nothing to read, and its kind."""
    random = np.random.default_rng((seed, len(SEVERITIES), index))
    kind, size = list(KINDS)[index % len(KINDS)], SIZES[index // len(KINDS) % len(SIZES)]
    share = random.integers(1, len(SEVERITIES)) / 4
    return _exposed(KINDS[kind](size, share, random), share, random), kind


@cache
def _handwriting(source: Source) -> tuple[Sequence[Image | Sequence[Stroke]], NDArray[np.int64]]:
    if source == "strokes":
        return load_development_strokes()
    dataset = load_mnist()
    return list(dataset.x_test), dataset.y_test


@cache
def _keeps_its_shape(index: int) -> bool:
    """Has an MNIST test digit the same parts and holes when a pen has written it anew?

    The pen follows the middle of its strokes, which falls to pieces where they are faint, and
    forks where they are thick. That would be a mistake of the picture's, not of its reader's.
    """
    frame = _handwriting("mnist")[0][index]
    large = cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    anew = write(frame, height=90, width=4) > 0.5
    # Where the ink ends is a matter of opinion: at most it is one part, and has all its holes.
    parts, holes = zip(*(_parts_and_holes(large >= level) for level in (40, 70, 100)), strict=True)
    return _parts_and_holes(anew) == (min(parts), max(holes))


def _parts_and_holes(solid: NDArray[np.bool_]) -> tuple[int, int]:
    padded = np.pad(solid, 1).view(np.uint8)
    parts, _ = cv2.connectedComponents(padded, connectivity=8)
    holes, _ = cv2.connectedComponents(1 - padded, connectivity=4)
    return parts - 1, holes - 2


# A sheet with a number.


def _filmed(
    digits: Sequence[Image | Sequence[Stroke]],
    share: float,
    size: tuple[int, int],
    random: Generator,
) -> tuple[Image, Box]:
    """A frame of a sheet with a number, or none, and where the number is."""
    width, height = size
    pen = _pen(share, random)
    number = _number(digits, pen, size, random)
    roi = region(size)
    inner = _inset(roi, MARGIN)
    high, wide = number.shape
    left = round(inner[0] + (inner[2] - wide) * random.uniform(0, 1))
    top = round(inner[1] + (inner[3] - high) * random.uniform(0, 1))
    ink = np.zeros((height, width), np.float32)
    ink[top : top + high, left : left + wide] = number
    if pen.rough:
        ink *= np.clip(1 - pen.rough * (0.5 + _clouds(height, width, 1.0, random)), 0, 1)
    cover = (ink * pen.cover)[:, :, np.newaxis]
    sheet = _paper(height, width, share, random) * (1 - cover)
    sheet += np.array(pen.colour, np.float32) * cover
    view = _view((left, top, wide, high), inner, share, size, random)
    scene = _held(sheet, view, share, roi, random) if share else sheet
    place = _bounds(_seen(_corners((left, top, wide, high)), view)) if digits else (0, 0, 0, 0)
    return _exposed(scene, share, random), place


def _pen(share: float, random: Generator) -> Pen:
    kind = random.choice(PEN_KINDS) if share else "marker"
    name = random.choice([name for name in PENS if name.endswith(kind)])
    colour, cover, rough, least, most = PENS[name]
    # Who writes large with a fine pen has a thin line.
    width = random.uniform(least * (1 - 0.3 * share), most)
    return Pen(colour=colour, cover=cover, rough=rough * share, width=float(width))


def _number(
    digits: Sequence[Image | Sequence[Stroke]],
    pen: Pen,
    size: tuple[int, int],
    random: Generator,
) -> Floats:
    """The ink of a number, cut to it, as large as it is to be in the frame."""
    _, _, across, down = region(size)
    height, room = down * random.uniform(0.4, 0.68), across * random.uniform(0.55, 0.85)
    if not digits:
        return np.zeros((0, 0), np.float32)
    height = min(height, room / (0.8 * len(digits)))
    finest = 0.008 * size[1]  # or the camera would not see it
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


def _view(place: Box, inner: Box, share: float, size: tuple[int, int], random: Generator) -> Points:
    """How the sheet is seen, (3, 3): turned, tilted, and what is at `place` still in `inner`."""
    width, height = size
    corners = _corners((0, 0, width, height))
    middle = np.array([width, height]) / 2
    moved = _turned(corners - middle, random.uniform(-8, 8) * share) + middle
    moved += random.uniform(-0.05, 0.05, (4, 2)) * share * height
    view = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
    left, top, wide, high = _bounds(_seen(_corners(place), view))
    scale = min(1, inner[2] / max(1, wide), inner[3] / max(1, high))
    x = np.clip(left, inner[0], max(inner[0], inner[0] + inner[2] - wide * scale))
    y = np.clip(top, inner[1], max(inner[1], inner[1] + inner[3] - high * scale))
    fit = np.array([(scale, 0, x - scale * left), (0, scale, y - scale * top), (0, 0, 1)])
    return fit @ view


def _held(sheet: Floats, view: Points, share: float, roi: Box, random: Generator) -> Floats:
    """The sheet as it is seen, and what is behind its edges, which are outside the box."""
    height, width = sheet.shape[:2]
    fills = random.random() < 0.35
    around = SURFACES[random.choice(list(SURFACES))](height, width, random)
    left, right, top, bottom = random.uniform(0.02, 0.2, 4) * (width, width, height, height)
    if not fills:
        roi = _inset(roi, -0.02)
        while True:
            edges = _corners((left, top, width - left - right, height - top - bottom))
            outline = _seen(edges, view).astype(np.float32)
            if all(cv2.pointPolygonTest(outline, corner, False) > 0 for corner in _corners(roi)):
                break
            left, right, top, bottom = (edge - 0.01 * width for edge in (left, right, top, bottom))
    seen = cv2.warpPerspective(
        sheet, view, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    if fills:
        return seen
    around = cv2.GaussianBlur(around, (0, 0), height * random.uniform(0.002, 0.012))
    around *= random.uniform(0.5, 1)
    mask = _filled(outline, (height, width))
    shift = height * random.uniform(0.005, 0.03)
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.5 * shift + 1)
    around *= 1 - 0.45 * np.roll(shadow, (round(shift), round(shift / 2)), (0, 1))[:, :, None]
    mask = cv2.GaussianBlur(mask, (0, 0), 0.8)[:, :, np.newaxis]
    return seen * mask + around * (1 - mask)


def _exposed(scene: Floats, share: float, random: Generator) -> Image:
    """What a webcam makes of a scene of reflectances in this light: (h, w, 3) BGR uint8."""
    height, width = scene.shape[:2]
    light = _light(height, width, share, random, across=float(np.mean(WebcamSettings().roi[2:])))
    cast = 1 + share * random.uniform(-0.08, 0.08, 3)
    veil = share * random.uniform(0, 0.1)
    scene = (scene * light * cast.astype(np.float32)) * (1 - veil) + veil
    image = _camera(scene, share, random, scale=height / 480)
    return np.ascontiguousarray(image[:, :, ::-1])


# Frames with nothing to read: each makes the reflectances of a scene, (height, width, 3).


def _empty_paper(size: tuple[int, int], share: float, random: Generator) -> Floats:
    """A sheet without a number; its edge may be anywhere."""
    width, height = size
    sheet = _paper(height, width, max(share, 0.5), random)
    view = _view((0, 0, 1, 1), (0, 0, width, height), share, size, random)
    away = random.uniform(-0.35, 0.35, 2) * (width, height) * (random.random() < 0.5)
    view = np.array([(1, 0, away[0]), (0, 1, away[1]), (0, 0, 1)]) @ view
    return _held(sheet, view, share, (width // 2, height // 2, 1, 1), random)


def _surface(size: tuple[int, int], share: float, random: Generator) -> Floats:
    """Something with a texture, perhaps seen at a slant."""
    width, height = size
    kind = list(TEXTURES)[random.integers(len(TEXTURES))]
    scene = TEXTURES[kind](height, width, random)
    view = _view((0, 0, 1, 1), (0, 0, width, height), 2 * share, size, random)
    larger = np.array([(1.3, 0, -0.15 * width), (0, 1.3, -0.15 * height), (0, 0, 1)])
    return cv2.warpPerspective(scene, larger @ view, (width, height), borderMode=cv2.BORDER_REFLECT)


def _room(height: int, width: int, random: Generator) -> Floats:
    """What is behind a hand or a face: a wall, a shelf, a curtain, out of focus."""
    kind = random.choice(["wall", "wall", "books", "cloth", "wood"])
    if kind == "wall":
        colour = np.array(random.choice([0.85, 0.7, 0.5, 0.3])) * random.uniform(0.9, 1.05, 3)
        scene = np.full((height, width, 3), colour, np.float32)
        scene *= 1 + 0.02 * _clouds(height, width, 60, random)[:, :, np.newaxis]
        corner = round(width * random.uniform(-0.3, 1.3))
        scene[:, : max(0, corner)] *= random.uniform(0.75, 1)
    else:
        scene = TEXTURES[kind](height, width, random)
    return cv2.GaussianBlur(scene, (0, 0), height * random.uniform(0.004, 0.02))


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """Where something is drawn that has measures of its own.

    Attributes:
        middle: (2,) its (0, 0) in pixels of the scene.
        unit: (2,) its 1 across and down, in pixels; negative is flipped.
        turn: clockwise, in degrees.
    """

    middle: Points
    unit: Points
    turn: float

    def at(self, points: Sequence[tuple[float, float]] | Points) -> Points:
        """Its points, (n, 2), in pixels of the scene."""
        return _turned(np.array(points, float).reshape(-1, 2) * self.unit, self.turn) + self.middle

    def oval(self, x: float, y: float, a: float, b: float) -> Points:
        """An ellipse around (x, y), half as wide as `a` and as high as `b`, in pixels."""
        turns = np.linspace(0, 2 * np.pi, 60)
        return self.at(np.column_stack([x + a * np.cos(turns), y + b * np.sin(turns)]))


def _hands(size: tuple[int, int], share: float, random: Generator) -> Floats:
    """One hand or two, reaching in from the border before a room, a table or a sheet."""
    width, height = size
    if random.random() < 0.4:
        scene = _empty_paper(size, share, random)
    else:
        scene = _room(height, width, random)
    skin = _skin(random)
    sides = random.permutation(["bottom", "left", "right"])[: 1 + (random.random() < 0.25)]
    for side in sides:
        _hand(scene, side, skin, random)
    return scene


def _hand(scene: Floats, side: str, skin: Floats, random: Generator) -> None:
    """A hand at the end of its arm: open, pointing or a fist."""
    height, width = scene.shape[:2]
    length = height * random.uniform(0.55, 1.0)
    angle = {"bottom": 0, "left": 80, "right": -80}[side] + random.uniform(-25, 25)
    # The fingertips are somewhere in the box.
    tip = np.array([width, height]) * random.uniform((0.35, 0.25), (0.65, 0.6))
    flip = np.array([random.choice([-1, 1]), 1])
    wrist = tip + _turned(np.array([[0, 0.85 * length]]), angle)[0]
    # Upright, and of length 1 above the wrist.
    hand = Figure(middle=wrist, unit=flip * length, turn=angle)
    gesture = random.choice(["open", "open", "pointing", "fist", "two"])
    reach = {"open": 5, "pointing": 1, "fist": 0, "two": 2}[gesture]
    roots = [(-0.17, -0.44), (-0.06, -0.48), (0.055, -0.47), (0.16, -0.41)]
    spread = random.uniform(0.4, 1.3)
    fingers, curled = [], []
    for number, (root, lean, long) in enumerate(
        zip(roots, (-13, -3, 5, 15), (0.35, 0.41, 0.37, 0.29), strict=True)
    ):
        thick = 0.05 * (0.88 if number == 3 else 1)
        if number < reach:
            bend = random.uniform(-6, 6)
            knuckle = root + _turned(np.array([[0, -0.45 * long]]), lean * spread)[0]
            end = knuckle + _turned(np.array([[0, -0.55 * long]]), lean * spread + bend)[0]
            fingers.append((np.array([root, knuckle, end]), thick))
        else:
            end = (root[0] * 0.9, root[1] + 0.17)
            curled.append((np.array([root, (root[0] * 0.95, root[1] + 0.05), end]), thick * 1.15))
    thumb = [(-0.14, -0.14), (-0.25, -0.27), (-0.33 + 0.1 * random.random(), -0.43)]
    palm = [(-0.16, -0.4), (0.15, -0.38), (0.13, -0.08), (-0.13, -0.1)]
    arm = hand.at([(0, 1.6), (0, 0.25), (0, -0.1)])
    solid = _limb(scene, arm, length * np.array([0.2, 0.14, 0.12]))
    solid |= _limb(scene, hand.at([*palm, palm[0]]), length * np.full(5, 0.07))
    solid |= _mask(hand.at(palm), solid.shape)
    for points, thick in fingers:
        solid |= _limb(scene, hand.at(points), length * thick * np.array([1.12, 1, 0.78]))
    if reach != 0 or random.random() < 0.5:
        solid |= _limb(scene, hand.at(thumb), length * np.array([0.085, 0.05, 0.04]))
        fingers.append((np.array(thumb), 0.045))
    _lay(scene, solid, skin, 0.06 * length, random)
    for points, thick in curled:
        part = _limb(scene, hand.at(points), length * thick * np.array([1, 1.05, 0.95]))
        _lay(scene, part, skin, thick * length, random)
    _marks(scene, hand, fingers, palm=bool(random.random() < 0.4), skin=skin, length=length)
    if random.random() < 0.6:
        colour = random.uniform(0.1, 0.8, 3).astype(np.float32)
        sleeve = hand.at([(0, 1.8), (0, random.uniform(0.1, 0.6))])
        _lay(scene, _limb(scene, sleeve, length * np.full(2, 0.21)), colour, 0.1 * length, random)


def _marks(
    scene: Floats,
    hand: Figure,
    fingers: Sequence[tuple[Points, float]],
    *,
    palm: bool,
    skin: Floats,
    length: float,
) -> None:
    """The creases of each finger, and nails or the lines of the palm."""
    line = max(1, round(0.006 * length))
    for points, thick in fingers:
        along = (points[2] - points[1]) / np.linalg.norm(points[2] - points[1])
        across = np.array([-along[1], along[0]]) * thick
        for place in (points[1], points[1] + 0.5 * (points[2] - points[1])):
            for step in (-0.12, 0.12):
                crease = [place + side * across + step * thick * along for side in (-0.7, 0.7)]
                _stroke(scene, hand.at(np.array(crease)), skin * 0.6, line, 0.35, 0.004 * length)
        if not palm:
            middle = points[2] + 0.1 * thick * along
            turns = np.linspace(0, 2 * np.pi, 24)[:, np.newaxis]
            nail = middle + 0.62 * across * np.cos(turns) + 0.85 * thick * along * np.sin(turns)
            _paint(scene, hand.at(nail), skin * 0.7, 0.7, 0.005 * length)
            nail = middle + 0.85 * (nail - middle)
            _paint(scene, hand.at(nail), 0.6 * skin + (0.36, 0.3, 0.29), 0.8, 0.004 * length)
    if palm:
        for curve in (
            [(-0.17, -0.3), (-0.05, -0.26), (0.03, -0.16), (0.0, -0.05)],
            [(0.17, -0.3), (0.05, -0.28), (-0.08, -0.34)],
            [(-0.16, -0.28), (-0.02, -0.24), (0.12, -0.16)],
        ):
            _stroke(scene, hand.at(np.array(curve)), skin * 0.55, line + 1, 0.5, 0.005 * length)


def _face(size: tuple[int, int], _share: float, random: Generator) -> Floats:
    """Somebody who looks into the camera."""
    width, height = size
    scene = _room(height, width, random)
    shape, tall = (height, width), height * random.uniform(0.32, 0.55)
    # 2 wide and 2 high.
    face = Figure(
        middle=np.array(size) * random.uniform((0.4, 0.4), (0.6, 0.55)),
        unit=np.array([random.uniform(0.68, 0.8), 1]) * tall,
        turn=random.uniform(-12, 12),
    )
    skin, hair = _skin(random), np.array(HAIRS[random.integers(len(HAIRS))], np.float32)
    clothes = random.uniform(0.08, 0.8, 3).astype(np.float32)
    if random.random() < 0.5:  # long hair
        mane = [*face.oval(0, -0.2, 1.2, 1.0)[30:], *face.at([(1.25, 1.1), (-1.25, 1.1)])]
        _lay(scene, _mask(np.array(mane), shape), hair, 0.3 * tall, random, grain=0.07)
    _lay(scene, _mask(face.oval(0, 2.35, 2.3, 1.1), shape), clothes, 0.4 * tall, random)
    neck = face.at([(-0.5, 0.5), (0.5, 0.5), (0.6, 1.45), (0, 1.6), (-0.6, 1.45)])
    _lay(scene, _mask(neck, shape), skin * 0.85, 0.3 * tall, random)
    for side in (-1, 1):
        ear = _mask(face.oval(side, 0.02, 0.12, 0.2), shape)
        _lay(scene, ear, skin * 0.92, 0.08 * tall, random)
    turns = np.linspace(0, 2 * np.pi, 90)
    jaw = 1 - 0.2 * np.clip(np.sin(turns), 0, 1) ** 2
    head = np.column_stack([np.cos(turns) * jaw, np.sin(turns)])
    _lay(scene, _mask(face.at(head), shape), skin, 0.75 * tall, random)
    _eyes(scene, face, skin, hair, random)
    _nose_and_mouth(scene, face, skin, random)
    if random.random() < 0.3:  # a beard
        beard = np.concatenate([head[8:38], [(-0.55, 0.42), (0, 0.36), (0.55, 0.42)]])
        _paint(scene, face.at(beard), hair, random.uniform(0.35, 0.85), 0.06 * tall)
        lips = face.oval(0, 0.62, 0.22, 0.05)
        _paint(scene, lips, skin * (0.85, 0.55, 0.52), 0.9, 0.012 * tall)
    if random.random() < 0.9:  # else bald
        line = random.uniform(-0.62, -0.5) + np.array([0.25, 0, -0.08, 0, 0.3])
        fringe = np.column_stack([(0.9, 0.6, 0.1, -0.5, -0.9), line])
        crown = [*face.oval(0, -0.22, 1.08, 0.95)[29:], *_smooth(face.at(fringe))]
        _lay(scene, _mask(np.array(crown), shape), hair, 0.25 * tall, random, grain=0.07)
    if random.random() < 0.3:  # glasses
        metal, wide = random.uniform(0.02, 0.3, 3), max(2, round(0.035 * tall))
        rims = [face.oval(side * 0.42, -0.08, 0.3, 0.2) for side in (-1, 1)]
        for line in (*rims, face.at([(-0.12, -0.12), (0.12, -0.12)])):
            _stroke(scene, line, metal, wide, 0.95, 0.012 * tall)
    return scene


def _eyes(scene: Floats, face: Figure, skin: Floats, hair: Floats, random: Generator) -> None:
    """Eyes in their hollows, and the brows and cheeks around them."""
    tall = face.unit[1]
    soft, away = 0.012 * tall, random.uniform(-0.04, 0.04)
    open_, lift = random.uniform(0.055, 0.085), random.uniform(0.22, 0.27)
    iris = np.array([(0.2, 0.12, 0.07), (0.3, 0.4, 0.5), (0.25, 0.3, 0.15)][random.integers(3)])
    for side in (-1, 1):
        x, y = side * 0.41, -0.1
        cheek, hollow = face.oval(side * 0.5, 0.28, 0.25, 0.16), face.oval(x, y - 0.03, 0.3, 0.15)
        _paint(scene, cheek, skin * (1.06, 0.88, 0.86), 0.4, 8 * soft)
        _paint(scene, hollow, skin * 0.68, 0.5, 6 * soft)
        ball = face.oval(x, y, 0.19, open_)
        _paint(scene, ball, np.array([0.88, 0.86, 0.84]) * skin.max(), 1, soft)
        _paint(scene, face.oval(x + away, y, 0.085, 0.07), iris, 1, soft)
        _paint(scene, face.oval(x + away, y, 0.04, 0.032), np.full(3, 0.03), 1, soft)
        glint = face.oval(x + away - 0.03, y - 0.03, 0.017, 0.014)
        _paint(scene, glint, np.ones(3), 0.9, soft)
        _stroke(scene, ball[30:], skin * 0.3, max(1, round(0.03 * tall)), 0.85, soft)
        brow = [(side * at, y - lift + up) for at, up in ((0.17, 0.03), (0.4, -0.03), (0.64, 0.05))]
        _stroke(scene, face.at(brow), hair * 0.9, max(2, round(0.075 * tall)), 0.85, 2 * soft)


def _nose_and_mouth(scene: Floats, face: Figure, skin: Floats, random: Generator) -> None:
    """A nose that casts a shadow, and closed or laughing lips."""
    tall, side = face.unit[1], random.choice([-1, 1])
    soft = 0.012 * tall
    bridge = [(side * 0.08, -0.1), (side * 0.2, 0.3), (side * 0.05, 0.36), (side * 0.02, 0)]
    _paint(scene, face.at(bridge), skin * 0.6, 0.5, 4 * soft)
    _paint(scene, face.oval(0, 0.36, 0.17, 0.05), skin * 0.6, 0.55, 3 * soft)
    _paint(scene, face.oval(-side * 0.03, 0.24, 0.06, 0.07), skin * 1.15, 0.5, 3 * soft)
    for nostril in (-0.08, 0.08):
        _paint(scene, face.oval(nostril, 0.345, 0.04, 0.02), skin * 0.25, 0.85, soft)
    half, end = random.uniform(0.26, 0.36), 0.6 - random.uniform(-0.02, 0.07)
    upper = [(-half, end), (-0.1, 0.55), (0, 0.57), (0.1, 0.55), (half, end)]
    lips = face.at([*upper, (0.15, 0.7), (0, 0.72), (-0.15, 0.7)])
    _paint(scene, lips, skin * (0.85, 0.58, 0.55), 0.85, 1.5 * soft)
    between = [(-half, end), (-0.1, 0.615), (0.1, 0.615), (half, end)]
    _stroke(scene, face.at(between), skin * 0.25, max(1, round(0.03 * tall)), 0.75, soft)
    if random.random() < 0.3:  # a laugh
        teeth = face.at([*between, (0.12, 0.67), (-0.12, 0.67)])
        _paint(scene, teeth, np.full(3, 0.8), 0.9, soft)


# Textures: reflectances, (height, width, 3), 0 to 1.


def _wood(height: int, width: int, random: Generator) -> Floats:
    """Boards with their grain."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    boards = np.floor(y * random.integers(1, 6) + random.random())
    bent = _clouds(height, width, 0.4 * height, random) * 0.06
    bent += (
        cv2.resize(_clouds(height, max(2, width // 12), 0.03 * height, random), (width, height))
        * 0.006
    )
    rings = np.sin(2 * np.pi * random.uniform(6, 16) * (y + bent + 0.37 * boards + 0.05 * x))
    fibre = cv2.resize(_clouds(height, max(2, width // 40), 1.5, random), (width, height))
    tone = 1 + 0.12 * rings + 0.07 * fibre + 0.08 * np.sin(12.9 * boards)
    seams = np.abs(np.diff(boards, axis=0, prepend=boards[:1])) > 0
    tone[cv2.dilate(seams.view(np.uint8), np.ones((3, 1))) > 0] *= 0.5
    colour = np.array([(0.72, 0.5, 0.3), (0.5, 0.32, 0.18), (0.85, 0.7, 0.5)][random.integers(3)])
    return (tone[:, :, np.newaxis] * colour).clip(0, 1).astype(np.float32)


def _cloth(height: int, width: int, random: Generator) -> Floats:
    """Weave and folds; perhaps checks or stripes."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    thread = height * random.uniform(0.006, 0.014)
    weave = np.sin(2 * np.pi * x / thread) * np.sin(2 * np.pi * y / thread)
    folds = _clouds(height, width, height * random.uniform(0.25, 0.6), random)
    tone = 1 + 0.06 * weave + 0.18 * folds + 0.04 * _clouds(height, width, 2, random)
    colours = random.uniform(0.15, 0.8, (2, 1)) + random.uniform(-0.15, 0.15, (2, 3))
    colours = colours.astype(np.float32)
    step, pattern = height * random.uniform(0.06, 0.25), random.integers(3)
    bend = folds * 0.08 * height
    over = [np.zeros_like(x), (x + bend) % step < step / 2, np.zeros_like(x)][pattern]
    if pattern == 2:
        over = ((x + bend) % step < step / 2) * 0.5 + ((y + bend) % step < step / 2) * 0.5
    mixed = colours[0] + (colours[1] - colours[0]) * over[:, :, np.newaxis]
    return (mixed * tone[:, :, np.newaxis]).clip(0, 1).astype(np.float32)


def _foliage(height: int, width: int, random: Generator) -> Floats:
    """Leaves over leaves, the lower ones in the dark."""
    scene = np.full((height, width, 3), (0.05, 0.09, 0.04), np.float32)
    size = height * random.uniform(0.03, 0.1)
    count = int(4 * width * height / (3 * size**2))
    for number in range(count):
        place = tuple(int(part) for part in random.uniform(0, (width, height)))
        angle, long = random.uniform(0, 360), size * random.uniform(0.7, 1.4)
        axes = (max(2, round(long)), max(1, round(long * random.uniform(0.3, 0.5))))
        tone = (0.25 + 0.75 * number / count) * random.uniform(0.6, 1.1)
        colour = tuple(tone * np.array((0.35, 0.55, 0.2)) * random.uniform(0.8, 1.2, 3))
        cv2.ellipse(scene, place, axes, angle, 0, 360, colour, cv2.FILLED, cv2.LINE_AA)
        rib = _turned(np.array([(-axes[0], 0), (axes[0], 0)]), angle) + place
        ends = [tuple(int(part) for part in end) for end in rib]
        cv2.line(scene, *ends, tuple(1.3 * part for part in colour), 1, cv2.LINE_AA)
    return scene.clip(0, 1)


def _books(height: int, width: int, random: Generator) -> Floats:
    """Shelves of spines, each with a band or a title's lines."""
    board = np.array([(0.6, 0.42, 0.25), (0.85, 0.85, 0.83), (0.2, 0.14, 0.1)][random.integers(3)])
    scene = np.full((height, width, 3), board * 0.35, np.float32)
    step = round(height * random.uniform(0.3, 0.7))
    for bottom in range(int(random.integers(step // 2, step)), height + step, step):
        left = -int(random.integers(20))
        while left < width:
            wide = max(4, round(step * random.uniform(0.06, 0.2)))
            top = bottom - round(step * random.uniform(0.6, 0.88))
            curve = np.sqrt(1 - np.linspace(-0.85, 0.85, wide) ** 2)[np.newaxis, :, np.newaxis]
            colour = random.uniform(0.08, 0.85, 3) * random.uniform(0.5, 1.1)
            down = bottom - top
            spine = np.tile(colour * (0.45 + 0.6 * curve), (down, 1, 1))
            title = slice(round(0.25 * down), round(random.uniform(0.5, 0.8) * down))
            letters = cv2.resize(random.random((40, 5)).astype(np.float32), (wide, down)) > 0.5
            letters[:, : wide // 3] = letters[:, 2 * wide // 3 :] = False
            inked = np.zeros((down, wide), bool)
            inked[title] = letters[title]
            spine[inked] = 0.85 if colour.mean() < 0.5 else 0.12
            if random.random() < 0.5:
                spine[round(0.08 * down) : round(0.13 * down)] *= random.uniform(0.4, 1.6)
            _put(scene, spine, left, top)
            left += wide + int(random.random() < 0.1) * int(random.integers(1, wide + 1))
        _put(scene, np.tile(board * 0.9, (max(2, round(0.06 * step)), width, 1)), 0, bottom)
    return scene.clip(0, 1)


def _keyboard(height: int, width: int, random: Generator) -> Floats:
    """Rows of keys with letters on them, none of which could be a digit."""
    dark = random.random() < 0.6
    key, body, ink = (33, 20, 215) if dark else (224, 178, 40)
    scene = np.full((height, width), body, np.uint8)
    step = round(height * random.uniform(0.1, 0.24))
    gap, weight = max(2, step // 10), max(1, step // 35)
    capitals = [letter for letter in LETTERS if letter.isupper()]
    for number, top in enumerate(range(-step // 3, height, step)):
        for left in range(-round((0.3 * number % 1) * step) - step // 2, width, step):
            right, bottom = left + step - gap, top + step - gap
            cv2.rectangle(scene, (left, top), (right, bottom), 0.6 * key, cv2.FILLED)
            inner = (left + gap, top + gap // 2), (right - gap, bottom - gap)
            cv2.rectangle(scene, *inner, 1.08 * key, cv2.FILLED)
            letter, place = (
                random.choice(capitals),
                (left + step // 4, top + step // 2),
            )
            font = cv2.FONT_HERSHEY_SIMPLEX
            cv2.putText(scene, letter, place, font, step / 70, ink, weight, cv2.LINE_AA)
    return cv2.cvtColor(scene, cv2.COLOR_GRAY2RGB).astype(np.float32) / 255


TEXTURES: dict[str, Callable[[int, int, Generator], Floats]] = {
    "wood": _wood,
    "cloth": _cloth,
    "foliage": _foliage,
    "books": _books,
    "keyboard": _keyboard,
}
SURFACES = {"wood": _wood, "cloth": _cloth, "room": _room}
KINDS: dict[str, Callable[[tuple[int, int], float, Generator], Floats]] = {
    "empty paper": _empty_paper,
    "hands": _hands,
    "faces": _face,
    "textures": _surface,
}


# Drawing on a scene, in place.


def _skin(random: Generator) -> Floats:
    colour = np.array(SKINS[random.integers(len(SKINS))]) * random.uniform(0.92, 1.05)
    return colour.astype(np.float32)


def _lay(
    scene: Floats,
    mask: Image,
    colour: Floats,
    thick: float,
    random: Generator,
    *,
    grain: float = 0.02,
) -> None:
    """Lay something round on the scene, lit from above left, with its soft shadow.

    Args:
        scene: it is drawn on.
        mask: (h, w) uint8, 0 or 1.
        colour: (3,) of its surface.
        thick: how far from its edge it is round, in pixels; flat beyond that.
        random: what the grain is drawn from.
        grain: how uneven the colour is.
    """
    reach = round(thick) + 4
    left, top, wide, high = cv2.boundingRect(mask)
    rows = slice(max(0, top - reach), top + high + reach)
    columns = slice(max(0, left - reach), left + wide + reach)
    part, inside = scene[rows, columns], np.ascontiguousarray(mask[rows, columns])
    if not inside.any():
        return
    # Beyond the picture's edge it goes on.
    padded = cv2.copyMakeBorder(inside, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    away = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[reach:-reach, reach:-reach]
    away = np.minimum(away / thick, 1)
    depth = cv2.GaussianBlur(np.sqrt(1 - (1 - away) ** 2) * thick, (0, 0), 0.18 * thick + 0.5)
    down, right = np.gradient(depth)
    facing = (0.45 * right + 0.55 * down + 0.75) / np.sqrt(right**2 + down**2 + 1)
    shade = 0.45 + 0.7 * facing.clip(0)
    shade *= 1 + grain * _clouds(*inside.shape, max(1.5, 0.08 * thick), random)
    shadow = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.3 * thick + 1)
    part *= 1 - 0.35 * shadow[:, :, np.newaxis]
    edge = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.8)[:, :, np.newaxis]
    part += (shade[:, :, np.newaxis] * colour - part) * edge
    np.clip(part, 0, 1, out=part)


def _paint(
    scene: Floats, outline: Points, colour: NDArray[np.floating], strength: float, soft: float
) -> None:
    """Fill an outline, its edge as soft as `soft` pixels."""
    mask = np.zeros(scene.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    _blend(scene, mask, colour, strength, soft)


def _stroke(
    scene: Floats,
    points: Points,
    colour: NDArray[np.floating],
    width: int,
    strength: float,
    soft: float,
) -> None:
    """Draw a line, its edge as soft as `soft` pixels."""
    mask = np.zeros(scene.shape[:2], np.float32)
    fixed = np.rint(_smooth(points) * 16).astype(np.int32)
    cv2.polylines(mask, [fixed], False, 1.0, width, cv2.LINE_AA, 4)
    _blend(scene, mask, colour, strength, soft)


def _blend(
    scene: Floats, mask: Floats, colour: NDArray[np.floating], strength: float, soft: float
) -> None:
    left, top, wide, high = cv2.boundingRect((mask > 0).astype(np.uint8))
    if not wide:
        return
    reach = round(3 * soft) + 2
    rows = slice(max(0, top - reach), top + high + reach)
    columns = slice(max(0, left - reach), left + wide + reach)
    part = scene[rows, columns]
    cover = cv2.GaussianBlur(mask[rows, columns], (0, 0), max(0.4, soft))[:, :, np.newaxis]
    part += (np.asarray(colour, np.float32).clip(0, 1) - part) * cover * np.float32(strength)


def _smooth(points: Points) -> Points:
    """A curve through some points: Chaikin's corners cut three times."""
    for _ in range(3):
        if len(points) < 3:
            break
        cut = np.stack(
            [0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]]
        )
        points = np.concatenate([points[:1], cut.swapaxes(0, 1).reshape(-1, 2), points[-1:]])
    return points


def _limb(scene: Floats, points: Points, radii: Points) -> Image:
    """The outline of something round that goes through points, with a radius at each."""
    mask = np.zeros(scene.shape[:2], np.uint8)
    turns = np.linspace(0, 2 * np.pi, 32)[:, np.newaxis]
    circle = np.hstack([np.cos(turns), np.sin(turns)])
    rounds = [point + radius * circle for point, radius in zip(points, radii, strict=True)]
    for one, other in pairwise(rounds):
        hull = cv2.convexHull(np.concatenate([one, other]).astype(np.float32))
        cv2.fillConvexPoly(mask, np.rint(hull).astype(np.int32), 1)
    return mask


def _mask(outline: Points, shape: tuple[int, int]) -> Image:
    return _filled(outline, shape).astype(np.uint8)


def _filled(outline: Points, shape: tuple[int, int]) -> Floats:
    mask = np.zeros(shape, np.float32)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1.0)
    return mask


def _put(scene: Floats, piece: NDArray[np.floating], left: int, top: int) -> None:
    """Lay a piece on the scene, as much of it as is inside."""
    piece = piece[max(0, -top) :, max(0, -left) :]
    part = scene[max(0, top) : max(0, top) + len(piece), max(0, left) :][:, : piece.shape[1]]
    part[:] = piece[: part.shape[0], : part.shape[1]]


def _corners(box: Box) -> Points:
    left, top, width, height = box
    right, bottom = left + width, top + height
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)


def _inset(box: Box, share: float) -> Box:
    left, top, width, height = box
    x, y = round(share * width), round(share * height)
    return left + x, top + y, width - 2 * x, height - 2 * y


def _bounds(points: Points) -> Box:
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    return int(left), int(top), int(right - left), int(bottom - top)


def _seen(points: Points, view: Points) -> Points:
    """Points of the sheet, (n, 2), where they are seen."""
    seen = np.column_stack([points, np.ones(len(points))]) @ view.T
    return seen[:, :2] / seen[:, 2:]


def _turned(points: Points, degrees: float) -> Points:
    """Points, (n, 2), turned clockwise as seen on a screen, around (0, 0)."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([(cosine, sine), (-sine, cosine)])


# How they are read.


@dataclass(frozen=True, kw_only=True, eq=False)
class Wrong:
    """A frame that was read wrongly.

    Attributes:
        picture: a small copy of the frame as the reader showed it, BGR.
        title: what it is and what was read.
    """

    picture: Image
    title: str


def read(recognizer: Recognizer, frame: Image) -> FrameResult:
    """What the reader makes of one frame alone."""
    return FrameReader(recognizer).process(frame, WebcamSettings(smoothing=1))


def classic_frame(frame: Image, place: Box | None = None) -> Image:
    """The classic way from a frame of video to what the network sees, (28, 28) uint8.

    Args:
        frame: (h, w, 3) BGR uint8.
        place: of the number; a square around it is the box then, and not the frame's middle.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    _, ink = cv2.threshold(grey, CLASSIC_LEVEL, 255, cv2.THRESH_BINARY_INV)
    height, width = ink.shape
    x, y, side = width / 2, height / 2, CLASSIC_SIDE
    if place is not None:
        x, y = place[0] + place[2] / 2, place[1] + place[3] / 2
        side = round(1.05 * max(place[2:]))
    left, top = max(0, round(x - side / 2)), max(0, round(y - side / 2))
    box = ink[top : top + side, left : left + side]
    return np.pad(cv2.resize(box, (20, 20), interpolation=cv2.INTER_AREA), 4)


def score(
    recognizer: Recognizer, count: int, seed: int, classic: keras.Model | None
) -> tuple[list[str], list[Wrong]]:
    """The tables of what is read rightly, and what is not."""
    from tqdm import tqdm

    sources = [each for each in SOURCES if each != "strokes" or DEVELOPMENT_STROKES.is_file()]
    wrong: list[Wrong] = []
    columns = [f"{_count(digits)}, {source}" for digits in DIGITS for source in sources]
    ways = ["in the middle", "around the digit"] if classic is not None else []
    columns += [f"classic, box {way}, {source}" for source in sources for way in ways]
    lines = _head(["severity", *columns])
    total = len(SEVERITIES) * len(DIGITS) * len(sources) * count + len(KINDS) * count
    with tqdm(total=total, unit=" frames", mininterval=0.5) as progress:
        for severity in SEVERITIES:
            shares, classics = [], []
            for digits in DIGITS:
                for source in sources:
                    right, truths, small = [], [], []
                    for index in range(count):
                        each = shot(severity, index, digits, source, seed)
                        result = read(recognizer, each.frame)
                        right.append(result.reading == each.text)
                        if not right[-1]:
                            wrong.append(_wrong(result, f"{severity}, {source}: {each.text}"))
                        truths.append(each.text)
                        small.append([classic_frame(each.frame, at) for at in (None, each.place)])
                        progress.update()
                    shares.append(float(np.mean(right)))
                    if classic is not None and digits == 1:
                        for seen in np.array(small, np.float32).swapaxes(0, 1):
                            answers = classic.predict(seen, verbose=0)[:, :10].argmax(axis=1)
                            classics.append(float(np.mean(answers == np.array(truths, int))))
            lines.append(_row(severity, shares + classics))
        lines += ["", *_head(["nothing to read", "frames", "read all the same"])]
        readings: dict[str, list[bool]] = {kind: [] for kind in KINDS}
        for index in range(len(KINDS) * count):
            frame, kind = empty_shot(index, seed)
            result = read(recognizer, frame)
            readings[kind].append(bool(result.reading))
            if result.reading:
                wrong.append(_wrong(result, kind))
            progress.update()
    lines += [f"| {kind} | {len(some)} | {np.mean(some):.1%} |" for kind, some in readings.items()]
    if "strokes" not in sources:
        lines += ["", "The development strokes are not beside this checkout."]
    return lines, wrong


def timing(recognizer: Recognizer, seed: int, classic: keras.Model | None) -> list[str]:
    """The table of how long a frame of 640x480 takes; the ways take turns."""
    from tqdm import tqdm

    odd = range(1, len(SIZES) * TIMED, len(SIZES))
    shots = {
        digits: [shot(2, index, digits, "mnist", seed).frame for index in odd] for digits in DIGITS
    }
    reader = FrameReader(recognizer)
    ways: dict[str, tuple[int, Callable[[Image], object]]] = {
        f"process, {_count(digits)}": (digits, reader.process) for digits in DIGITS
    }
    if classic is not None:
        network = classic
        ways["classic"] = (
            1,
            lambda frame: network.predict(
                classic_frame(frame)[np.newaxis].astype(np.float32), verbose=0
            ),
        )
    for digits, run in ways.values():
        run(shots[digits][0])  # the first time is another story
    times = defaultdict(list)
    for _ in tqdm(range(TURNS), unit=" turns"):
        for name, (digits, run) in ways.items():
            run(shots[digits][0])  # awake again: the others had the processor's caches
            for frame in shots[digits]:
                start = time.perf_counter()
                run(frame)
                times[name].append(1000 * (time.perf_counter() - start))
    lines = _head(["640x480", "median (ms)", "99 % (ms)", "to one digit", "frames"])
    one = np.median(next(iter(times.values())))
    for name, values in times.items():
        middle, late = np.median(values), np.percentile(values, 99)
        lines.append(
            f"| {name} | {middle:.2f} | {late:.2f} | {middle / one:.2f}x | {len(values)} |"
        )
    return lines


def save_sheets(folder: Path, wrong: Sequence[Wrong]) -> list[Path]:
    """Contact sheets of frames that were read wrongly, each with its title; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for start in range(0, len(wrong), MOST):
        cells = [_cell(each) for each in wrong[start : start + MOST]]
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
        rows = [np.hstack(cells[at : at + COLUMNS]) for at in range(0, len(cells), COLUMNS)]
        files.append(folder / f"wrong-{start // MOST + 1}.png")
        cv2.imwrite(str(files[-1]), np.vstack(rows))
    return files


def _wrong(result: FrameResult, truth: str) -> Wrong:
    height, width = result.annotated.shape[:2]
    scale = min(CELL[0] / width, CELL[1] / height)
    small = cv2.resize(result.annotated, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Wrong(picture=small, title=f"{truth} read as {result.reading or 'nothing'}")


def _cell(wrong: Wrong) -> Image:
    cell = np.full((CELL[1] + LINE, CELL[0], 3), 255, np.uint8)
    height, width = wrong.picture.shape[:2]
    cell[LINE : LINE + height, :width] = wrong.picture
    place, font = (4, LINE - 6), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(cell, wrong.title, place, font, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return cell


def _count(digits: int) -> str:
    return "one digit" if digits == 1 else f"{digits} digits"


def _head(names: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(names)} |", "| --- " * len(names) + "|"]


def _row(name: object, shares: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |"


def main() -> None:
    """Read frames of every severity, and frames of nothing, and print the tables."""
    parser = argparse.ArgumentParser(description="Read simulated webcam frames.")
    parser.add_argument("--model", help="a folder of models/; the default model where not given")
    parser.add_argument("--frames", type=int, default=100, help="of each severity and kind")
    parser.add_argument("--seed", type=int, default=28)
    parser.add_argument("--no-classic", action="store_true", help="leave out the classic way")
    parser.add_argument("--errors", type=Path, metavar="DIR", help="for sheets of wrong frames")
    options = parser.parse_args()
    if options.frames < 1:
        parser.error("--frames is 1 or more")
    try:
        recognizer = load_recognizer(options.model)
    except MnistError as error:
        parser.error(str(error))
    classic = None if options.no_classic else _classic_model()
    lines, wrong = score(recognizer, options.frames, options.seed, classic)
    lines += ["", *timing(recognizer, options.seed, classic)]
    print("\n".join(lines))
    if options.errors:
        for path in save_sheets(options.errors, wrong):
            print(path)


def _classic_model() -> keras.Model:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    from mnist_core import architectures  # noqa: F401 -- layers of its own, where there are any
    from mnist_core.registry import models_directory

    return keras.models.load_model(models_directory() / "cnn" / "model.keras", compile=False)


if __name__ == "__main__":
    main()
