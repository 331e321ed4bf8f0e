"""Numbers as they stand in the pictures that people have: circled, plotted, held, beside a sign.

MNIST images or pen strokes, in pictures of which no rule of the reading was made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from support.notations import NOTATIONS, write_notation
from support.screens import SCREENS
from support.written_numbers import enlarge, write_number

from mnist_core import Dataset, Recognizer

__all__ = ["EVERYDAY", "Write", "count_right", "everyday_picture"]

Image = NDArray[np.uint8]
Generator = np.random.Generator
# A number of so many digits of this height, in pixels: its ink, (h, w), and its text.
Write = Callable[[int, int], tuple[Image, str]]
Draw = Callable[[Write, Sequence[tuple[Image, str]], Generator], tuple[Image, str]]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WORDS = ("Age", "Sum", "Tel", "Room", "Page")


def everyday_picture(
    kind: str, write: Write, frames: Sequence[tuple[Image, str]], random: Generator
) -> tuple[Image, str]:
    """A picture of one of the kinds `EVERYDAY`: (h, w, 3) uint8, and its digits in reading order.

    Args:
        kind: one of `EVERYDAY`.
        write: writes a number.
        frames: MNIST images and their digits, for plots.
        random: generator of everything else.
    """
    return EVERYDAY[kind](write, frames, random)


def count_right(kind: str, count: int, dataset: Dataset, recognizer: Recognizer) -> int:
    """How many of `count` pictures with MNIST test digits are read correctly, without their "?"."""
    right = 0
    frames = list(zip(dataset.x_test, map(str, dataset.y_test), strict=True))
    for index in range(count):
        random = np.random.default_rng((8, index))

        def write(length: int, height: int, random: Generator = random) -> tuple[Image, str]:
            chosen = random.integers(len(frames), size=length)
            inks = [enlarge(dataset.x_test[i], height) for i in chosen]
            return write_row(inks, random), "".join(frames[i][1] for i in chosen)

        image, text = everyday_picture(kind, write, frames, random)
        right += recognizer.analyze(image).text.replace("?", "") == text
    return right


def write_row(digits: Sequence[Image], random: Generator) -> Image:
    """A number in a row, without a margin."""
    row = write_number(digits, "clear of the border", random, photo=False)
    left, top, width, height = cv2.boundingRect((row > 32).astype(np.uint8))
    return row[top : top + height, left : left + width]


def _capture(ink: Image, random: Generator, *, photo: bool | None = None) -> Image:
    """A drawing in black on white, or a photograph, of ink."""
    photo = bool(random.random() < 0.5) if photo is None else photo
    if not photo:
        return cv2.cvtColor(255 - ink, cv2.COLOR_GRAY2RGB)
    height, width = ink.shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    light = random.uniform(170, 235) * (1 + 0.25 * (x * np.cos(angle) + y * np.sin(angle) - 0.5))
    scene = light * (1 - random.uniform(0.6, 0.9) * ink.astype(np.float32) / 255)
    scene = cv2.GaussianBlur(scene, (0, 0), random.uniform(0.6, 1.2))
    scene = scene + random.normal(0, 3, scene.shape)
    return cv2.cvtColor(_jpeg(scene, random), cv2.COLOR_GRAY2RGB)


def _jpeg(scene: NDArray[np.floating], random: Generator) -> Image:
    image = np.clip(scene, 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(70, 96))]
    return cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_GRAYSCALE)


def _pad(ink: Image, *, x: tuple[float, float], y: float) -> Image:
    return np.pad(ink, ((round(y), round(y)), (round(x[0]), round(x[1]))))


def _circled(write: Write, _: Sequence[tuple[Image, str]], random: Generator) -> tuple[Image, str]:
    height = int(random.integers(60, 150))
    ink, text = write(int(random.integers(1, 4)), height)
    rows, columns = ink.shape
    page = _pad(ink, x=(0.8 * height,) * 2, y=0.8 * height)
    center = page.shape[1] // 2, page.shape[0] // 2
    axes = round(columns / 2 + 0.45 * height), round(rows / 2 + 0.35 * height)
    end, pen = random.uniform(345, 375), max(2, round(0.06 * height))
    cv2.ellipse(page, center, axes, random.uniform(-8, 8), 0, end, 255, pen, cv2.LINE_AA)
    return _capture(page, random), text


def _plot(_: Write, frames: Sequence[tuple[Image, str]], random: Generator) -> tuple[Image, str]:
    """A figure as plotting libraries make it: a frame, scales, and a title."""
    frame, text = frames[random.integers(len(frames))]
    panel = cv2.resize(frame, (368, 368), interpolation=cv2.INTER_NEAREST)
    maps = (cv2.COLORMAP_BONE, cv2.COLORMAP_VIRIDIS)
    image = np.full((480, 640, 3), 255, np.uint8)
    image[58:426, 144:512] = cv2.applyColorMap(panel, maps[random.integers(2)])[:, :, ::-1]
    cv2.rectangle(image, (143, 57), (512, 426), (0, 0, 0), 1)
    for tick in range(0, 28, 5):
        place = round((tick + 0.5) * 368 / 28)
        cv2.line(image, (144 + place, 427), (144 + place, 431), (0, 0, 0), 1)
        cv2.line(image, (139, 58 + place), (143, 58 + place), (0, 0, 0), 1)
        cv2.putText(image, str(tick), (139 + place, 446), _FONT, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
        cv2.putText(image, str(tick), (116, 63 + place), _FONT, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(image, f"Label: {text}", (280, 45), _FONT, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return image, text


def _plots(_: Write, frames: Sequence[tuple[Image, str]], random: Generator) -> tuple[Image, str]:
    """Several digits on panels of their own, dark or light, on a white or a grey page."""
    rows, columns = (int(count) for count in random.integers((2, 2), (5, 7)))
    chosen = [frames[i] for i in random.integers(len(frames), size=rows * columns)]
    gap, level = int(random.integers(2, 7)), int(random.choice([128, 255]))
    invert = level == 128 and bool(random.random() < 0.5)
    panels = [
        np.pad(255 - frame if invert else frame, gap, constant_values=level) for frame, _ in chosen
    ]
    grid = np.vstack([np.hstack(panels[i : i + columns]) for i in range(0, len(panels), columns)])
    size = int(random.integers(1, 5))
    grid = cv2.resize(grid, None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC)
    image = cv2.cvtColor(_jpeg(grid.astype(np.float32), random), cv2.COLOR_GRAY2RGB)
    return image, "".join(text for _, text in chosen)


def _between_bars(
    write: Write, _: Sequence[tuple[Image, str]], random: Generator
) -> tuple[Image, str]:
    height = int(random.integers(60, 160))
    ink, text = write(int(random.integers(1, 4)), height)
    image = _capture(_pad(ink, x=(height, height), y=0.6 * height), random, photo=True)
    bar = int(0.4 * max(image.shape))
    sides = (bar, bar, 0, 0) if image.shape[1] > image.shape[0] else (0, 0, bar, bar)
    return cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=(0, 0, 0)), text


def _held(write: Write, _: Sequence[tuple[Image, str]], random: Generator) -> tuple[Image, str]:
    """A finger reaches in from a side of the photograph."""
    height = int(random.integers(80, 160))
    ink, text = write(int(random.integers(1, 4)), height)
    image = _capture(_pad(ink, x=(height, height), y=0.8 * height), random, photo=True)
    rows, columns = image.shape[:2]
    place = int(random.integers(2)) * columns, round(rows * random.uniform(0.5, 0.95))
    size = round(height * random.uniform(0.5, 0.75)), round(0.3 * height)
    finger = np.zeros((rows, columns), np.uint8)
    cv2.ellipse(finger, place, size, random.uniform(-25, 25), 0, 360, 255, -1)
    share = cv2.GaussianBlur(finger, (0, 0), 2)[:, :, np.newaxis] / 255
    skin = image.mean() / 255 * np.array((225, 170, 135))
    return (image * (1 - share) + skin * share).astype(np.uint8), text


def _small(write: Write, _: Sequence[tuple[Image, str]], random: Generator) -> tuple[Image, str]:
    """A number that is 1.5 to 4 percent as high as a photograph is wide."""
    rows, columns = (int(side) for side in random.integers((1200, 1600), (2000, 2800)))
    ink, text = write(int(random.integers(2, 6)), round(columns * random.uniform(0.015, 0.04)))
    page = np.zeros((rows, columns), np.uint8)
    y, x = random.integers(50, (rows - len(ink) - 50, columns - ink.shape[1] - 50))
    page[y : y + len(ink), x : x + ink.shape[1]] = ink
    return _capture(page, random, photo=True), text


def _two_sizes(
    write: Write, _: Sequence[tuple[Image, str]], random: Generator
) -> tuple[Image, str]:
    """A line of writing, and one that is 1.5 to 3 times as high."""
    height = int(random.integers(40, 60))
    sizes = [height, round(height * random.uniform(1.5, 3))]
    lines = [write(int(random.integers(2, 5)), size) for size in random.permutation(sizes)]
    width = max(ink.shape[1] for ink, _ in lines)
    page = np.vstack([np.pad(ink, ((25, 25), (0, width - ink.shape[1]))) for ink, _ in lines])
    return _capture(_pad(page, x=(40, 40), y=20), random), "".join(text for _, text in lines)


def _after_word(
    write: Write, _: Sequence[tuple[Image, str]], random: Generator
) -> tuple[Image, str]:
    """A printed word of three or four letters, a space, and a number."""
    height = int(random.integers(50, 110))
    ink, text = write(int(random.integers(2, 6)), height)
    word, pen = str(random.choice(_WORDS)), max(2, round(0.08 * height))
    (width, _), _ = cv2.getTextSize(word, _FONT, height / 30, pen)
    page = _pad(ink, x=(width + 1.2 * height, 0.5 * height), y=0.5 * height)
    place = round(0.4 * height), round(0.5 * height + 0.85 * len(ink))
    cv2.putText(page, word, place, _FONT, height / 30, 255, pen, cv2.LINE_AA)
    return _capture(page, random), text


def _ticked(write: Write, _: Sequence[tuple[Image, str]], random: Generator) -> tuple[Image, str]:
    """A number with a check mark after it."""
    height = int(random.integers(60, 140))
    ink, text = write(int(random.integers(2, 5)), height)
    page = _pad(ink, x=(0.4 * height, 2 * height), y=0.5 * height)
    x, y = page.shape[1] - 1.4 * height, len(page) / 2
    points = [(x, y), (x + 0.3 * height, y + 0.4 * height), (x + height, y - 0.5 * height)]
    pen = max(2, round(0.08 * height))
    cv2.polylines(page, [np.array(points, np.int32)], False, 255, pen, cv2.LINE_AA)
    return _capture(page, random), text


def _chalk(write: Write, _: Sequence[tuple[Image, str]], random: Generator) -> tuple[Image, str]:
    """Chalk on a board that was wiped."""
    height = int(random.integers(80, 200))
    ink, text = write(int(random.integers(1, 5)), height)
    page = _pad(ink, x=(height, height), y=0.8 * height).astype(np.float32)
    rows, columns = page.shape
    grain = cv2.resize(
        random.normal(0.75, 0.35, (rows // 2, columns // 2)).astype(np.float32), (columns, rows)
    )
    smears = cv2.GaussianBlur(random.normal(0, 1, page.shape).astype(np.float32), (0, 0), 20)
    board = random.uniform(40, 75) + 9 * smears / max(float(smears.std()), 1e-6)
    share = page / 255 * np.clip(grain, 0.1, 1)
    scene = cv2.GaussianBlur(board * (1 - share) + 215 * share, (0, 0), 1)
    return cv2.cvtColor(_jpeg(scene, random), cv2.COLOR_GRAY2RGB), text


def _overexposed(
    write: Write, _: Sequence[tuple[Image, str]], random: Generator
) -> tuple[Image, str]:
    """A photograph of which a part is as white as can be: half of it has a single level."""
    height = int(random.integers(50, 150))
    ink, text = write(int(random.integers(1, 5)), height)
    share = cv2.GaussianBlur(_pad(ink, x=(height, height), y=height), (0, 0), 1) / 255
    y, x = (
        axis / side - 0.5 for axis, side in zip(np.indices(share.shape), share.shape, strict=True)
    )
    angle, low, high = (
        random.uniform(0, 2 * np.pi),
        random.uniform(150, 235),
        random.uniform(260, 330),
    )
    light = low + (high - low) * (x * np.cos(angle) + y * np.sin(angle) + 0.5)
    scene = light * (1 - random.uniform(0.4, 0.9) * share)
    scene = scene + random.normal(0, random.uniform(0.3, 2.5), scene.shape)
    return cv2.cvtColor(_jpeg(scene, random), cv2.COLOR_GRAY2RGB), text


def _noted(kind: str) -> Draw:
    def draw(write: Write, _: Sequence[tuple[Image, str]], random: Generator) -> tuple[Image, str]:
        page, text = write_notation(kind, write, random)
        return _capture(page, random), text

    return draw


EVERYDAY: dict[str, Draw] = {
    "circled": _circled,
    "plotted, with scales and a title": _plot,
    "plotted, several": _plots,
    "photograph between black bars": _between_bars,
    "photograph, held by a finger": _held,
    "photograph, small in it": _small,
    "two sizes": _two_sizes,
    "after a printed word": _after_word,
    "before a check mark": _ticked,
    "chalk on a board": _chalk,
    **{kind: _noted(kind) for kind in NOTATIONS},
    **SCREENS,
    "overexposed photograph": _overexposed,
}
