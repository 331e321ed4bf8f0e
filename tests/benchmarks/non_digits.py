"""Non-digits, for measurements of the digit score.

They are independent of the non-digits of the training: letters of TrueType fonts, and figures and
textures with their own generators. All are seeded and thus equal in each run. A collection whose
files are missing is empty.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pictures import CANVAS, Image
from prints import font_files, printed
from support.strokes import Stroke, draw_strokes, place_strokes

from mnist_core.data import FRAME_SIZE
from mnist_core.preprocessing.extraction import extract_digits
from mnist_core.preprocessing.framing import FramedDigit

__all__ = ["COLLECTIONS", "NonDigits"]

# Debian's package dataset-fashion-mnist.
FASHION = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
# Letters that do not look like digits. Not included, with the similar digit:
#   O o D Q C c U u  0, closed or open           I i l L J j r t  1, with serif, foot, flag or bar
#   Z z              2                           T                7, or a 1 with its serif
#   S s              5                           Y y              4, open on top
#   G b              6                           a g q            9, or a 6 or 2
#   B                8
LETTERS = "AEFHKMNPRVWXdefhkmnpvwx"
COUNT = 1000
# Fewer, as most photographs of surfaces have to be repeated: nothing is found in them.
PHOTOGRAPHED = 300
SEED = 1755

Figure = Callable[[np.random.Generator], list[Stroke]]
Pick = Callable[[Sequence[FramedDigit]], FramedDigit | None]
Texture = Callable[[np.random.Generator, int, int], NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True, eq=False)
class NonDigits:
    """A collection of non-digits.

    Attributes:
        name: of the collection.
        frames: (n, 28, 28) uint8; n is 0 if its files are missing.
    """

    name: str
    frames: Image


def fashion() -> NonDigits:
    """The test images of Fashion-MNIST (Xiao et al., 2017) as frames."""
    frames = np.zeros((0, FRAME_SIZE, FRAME_SIZE), np.uint8)
    if FASHION.is_file():
        # IDX: a header of 16 bytes with the number and size of the images, then the pixels.
        content = np.frombuffer(gzip.decompress(FASHION.read_bytes()), np.uint8)
        frames = content[16:].reshape(-1, FRAME_SIZE, FRAME_SIZE)
    return NonDigits(name="Fashion-MNIST test", frames=frames)


def letters(count: int = COUNT) -> NonDigits:
    """Letters on a canvas, framed like a user's drawing."""
    fonts = font_files()
    name = f"letters in {len(fonts)} fonts"

    def draw(random: np.random.Generator) -> Image:
        path, letter = fonts[random.integers(len(fonts))], random.choice(list(LETTERS))
        return printed(letter, path, random)

    return NonDigits(name=name, frames=_extract_frames(draw, count if fonts else 0, _only))


def scribbles(count: int = COUNT) -> NonDigits:
    """Figures and scribbles with pens of any width on a canvas, framed like a user's drawing."""

    def draw(random: np.random.Generator) -> Image:
        figure = FIGURES[random.integers(len(FIGURES))]
        side = random.uniform(90, 220)
        strokes = place_strokes(figure(random), side=side, center=(CANVAS / 2, CANVAS / 2))
        return draw_strokes(strokes, brush=side * random.uniform(0.025, 0.085))

    return NonDigits(name="scribbles and figures", frames=_extract_frames(draw, count, _only))


def textures(count: int = COUNT) -> NonDigits:
    """Textures as frames."""
    frames = np.zeros((count, FRAME_SIZE, FRAME_SIZE), np.uint8)
    for index in range(count):
        random = np.random.default_rng((SEED, index))
        texture = TEXTURES[index % len(TEXTURES)](random, FRAME_SIZE, FRAME_SIZE)
        low, high = np.sort(random.uniform(0, 255, 2))
        # A contrast of at least 40 grey levels.
        low, high = max(0.0, min(low, high - 40)), min(255.0, max(high, low + 40))
        frames[index] = np.rint(low + (high - low) * texture)
    return NonDigits(name="textures as frames", frames=frames)


def photographed_textures(count: int = PHOTOGRAPHED) -> NonDigits:
    """The largest component in each of some photographs of surfaces."""

    def draw(random: np.random.Generator) -> Image:
        texture = SURFACES[random.integers(len(SURFACES))](random, 240, 320)
        light = np.linspace(1, random.uniform(0.5, 1), 320)
        scene = random.uniform(150, 240) * light * (1 - random.uniform(0.1, 0.8) * texture)
        scene = cv2.GaussianBlur(scene, (0, 0), random.uniform(0.6, 2))
        scene += random.normal(0, random.uniform(1, 8), scene.shape)
        return cv2.cvtColor(np.clip(scene, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)

    return NonDigits(name="photographed textures", frames=_extract_frames(draw, count, _largest))


def _extract_frames(draw: Callable[[np.random.Generator], Image], count: int, pick: Pick) -> Image:
    """Draw pictures and pick a frame from each: (count, 28, 28) uint8.

    A picture without a suitable frame is drawn again.
    """
    frames = np.zeros((count, FRAME_SIZE, FRAME_SIZE), np.uint8)
    for index in range(count):
        random = np.random.default_rng((SEED, index))
        while (picked := pick(extract_digits(draw(random)).digits)) is None:
            pass
        frames[index] = picked.frame
    return frames


def _only(found: Sequence[FramedDigit]) -> FramedDigit | None:
    """The frame of a figure in one piece: half a figure may look like a digit."""
    return found[0] if len(found) == 1 else None


def _largest(found: Sequence[FramedDigit]) -> FramedDigit | None:
    """The largest component, without upright bars, which look like a 1."""
    broad = [digit for digit in found if 2 * digit.box[2] > digit.box[3]]
    return max(broad, key=lambda digit: digit.box[2] * digit.box[3], default=None)


def _curve(random: np.random.Generator) -> list[Stroke]:
    """A spline through 12 to 18 points, which crosses itself several times."""
    from scipy.interpolate import make_interp_spline

    points = random.uniform(-1, 1, (random.integers(12, 19), 2))
    spline = make_interp_spline(np.arange(len(points)), points, k=3)
    return [spline(np.linspace(0, len(points) - 1, 300))]


def _zigzag(random: np.random.Generator) -> list[Stroke]:
    corners = random.integers(7, 13)
    across = np.where(np.arange(corners) % 2, 1.0, -1.0) * random.uniform(0.4, 1)
    points = np.column_stack([np.linspace(-1, 1, corners), across])
    return [_rotate(points + random.normal(0, 0.05, points.shape), random.uniform(0, np.pi))]


def _spiral(random: np.random.Generator) -> list[Stroke]:
    turns = random.uniform(2.5, 4.5)
    angle = np.linspace(0, 2 * np.pi * turns, 300) * random.choice([-1, 1])
    radius = np.linspace(0.05, 1, 300)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return [_rotate(points * (1, random.uniform(0.7, 1)), random.uniform(0, np.pi))]


def _hatching(random: np.random.Generator) -> list[Stroke]:
    """Lines in two directions: parallel lines alone would look like 1s."""
    first, between = random.uniform(0, np.pi), random.uniform(0.33, 0.5) * np.pi
    strokes = []
    for angle in (first, first + between):
        for offset in np.linspace(-0.65, 0.65, random.integers(3, 6)):
            line = np.array([(-1, offset), (1, offset)]) + random.normal(0, 0.05, (2, 2))
            strokes.append(_rotate(line, angle))
    return strokes


def _cross(random: np.random.Generator) -> list[Stroke]:
    angle = random.choice([0, np.pi / 4]) + random.normal(0, 0.1)
    arms = [np.array([(-length, 0), (length, 0)]) for length in random.uniform(0.85, 1, 2)]
    return [_rotate(arms[0], angle), _rotate(arms[1], angle + np.pi / 2)]


def _star(random: np.random.Generator) -> list[Stroke]:
    """A star in one stroke, an outline or an asterisk."""
    points, kind = random.integers(5, 8), random.integers(3)
    angle = 2 * np.pi * np.arange(points + 1) / points + random.normal(0, 0.2) - np.pi / 2
    tips = np.column_stack([np.cos(angle), np.sin(angle)])
    if kind == 0 and points % 2:
        return [tips[np.arange(points + 1) * 2 % points]]
    if kind == 1:
        return [np.array([(0, 0), tip]) for tip in tips[:-1]]
    inner = _rotate(tips, np.pi / points) * random.uniform(0.35, 0.5)
    return [np.column_stack([tips, inner]).reshape(-1, 2)[:-1]]


def _smiley(random: np.random.Generator) -> list[Stroke]:
    """A face; its mouth touches the outline, so that all of it is one component."""
    angle = np.linspace(0, 2 * np.pi, 60)
    smile = np.linspace(0.05, 0.95, 30) * np.pi
    face = np.column_stack([np.cos(angle), np.sin(angle)])
    mouth = np.column_stack([np.cos(smile), random.uniform(0.3, 0.6) * np.sin(smile)])
    x, y = random.uniform(0.25, 0.4), -random.uniform(0.25, 0.4)
    eyes = [np.array([(side * x, y - 0.1), (side * x, y + 0.1)]) for side in (-1, 1)]
    return [face, mouth + np.array((0, 0.1)), *eyes]


def _heart(random: np.random.Generator) -> list[Stroke]:
    angle = np.linspace(0, 2 * np.pi, 100)
    y = 13 * np.cos(angle) - 5 * np.cos(2 * angle) - 2 * np.cos(3 * angle) - np.cos(4 * angle)
    points = np.column_stack([16 * np.sin(angle) ** 3, -y * random.uniform(0.85, 1.15)])
    return [_rotate(points, random.normal(0, 0.15))]


def _arrow(random: np.random.Generator) -> list[Stroke]:
    """An arrow to the left or right: an upright one would look like a 1."""
    head = random.uniform(0.3, 0.55)
    tip = np.array([(1 - head, -head), (1, 0), (1 - head, head)])
    angle = random.uniform(-0.6, 0.6) + random.choice([0, np.pi])
    return [_rotate(np.array([(-1, 0), (1, 0)]), angle), _rotate(tip, angle)]


def _rotate(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([(cosine, sine), (-sine, cosine)])


# Textures: (height, width), 0 to 1.


def _noise(random: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    """Blobs of one size, from a pixel to an eighth of the surface."""
    noise = random.normal(size=(height, width))
    length = width * np.exp(random.uniform(np.log(0.01), np.log(0.12)))
    return _normalize(cv2.GaussianBlur(noise, (0, 0), length))


def _stripes(random: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    """At least three stripes: one or two could be a 1 or 11."""
    wave = np.sin(_distance(random, height, width) * 2 * np.pi * random.uniform(3.5, 9))
    return _normalize(wave * random.uniform(1, 6), limit=1)


def _checks(random: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    angle, cells = random.uniform(0, np.pi), np.pi * random.uniform(4, 12)
    one = np.sin(_distance(random, height, width, angle) * cells)
    other = np.sin(_distance(random, height, width, angle + np.pi / 2) * cells)
    return _normalize(one * other * 8, limit=1)


def _gradient(random: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    return _normalize(_distance(random, height, width) ** random.choice([1, 2, 3]))


def _grain(random: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    """Paper: fibers in all directions and fine noise."""
    fibers = np.zeros((height, width), np.uint8)
    for _ in range(width * height // 200):
        start = random.uniform(0, (width, height))
        end = start + _rotate(np.array([random.uniform(3, 9), 0]), random.uniform(0, np.pi))
        fibers = draw_strokes([np.array([start, end])], image=fibers, brush=1)
    return _normalize(fibers / 255 + random.normal(0, 0.5, fibers.shape))


def _distance(
    random: np.random.Generator, height: int, width: int, angle: float | None = None
) -> NDArray[np.float64]:
    """The distance of each pixel along a direction, in widths of the surface, plus an offset."""
    angle = random.uniform(0, np.pi) if angle is None else angle
    y, x = np.mgrid[:height, :width] / width
    return x * np.cos(angle) + y * np.sin(angle) + random.uniform(0, 1)


def _normalize(levels: NDArray[np.float64], limit: float | None = None) -> NDArray[np.float64]:
    """Scale levels to 0 to 1, after clipping them to ±limit."""
    if limit is not None:
        levels = np.clip(levels, -limit, limit)
    return (levels - levels.min()) / max(float(np.ptp(levels)), 1e-9)


FIGURES: Sequence[Figure]
FIGURES = (_curve, _zigzag, _spiral, _hatching, _cross, _star, _smiley, _heart, _arrow)
TEXTURES: Sequence[Texture] = (_noise, _stripes, _checks, _gradient, _grain)
# Without gradients, in which nothing is found, and stripes, which look like 1s one by one.
SURFACES: Sequence[Texture] = (_noise, _checks, _grain)
COLLECTIONS: Sequence[Callable[[], NonDigits]]
COLLECTIONS = (fashion, letters, scribbles, textures, photographed_textures)
