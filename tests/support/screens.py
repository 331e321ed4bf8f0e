"""Screenshots of whole windows: a drawing page, and a notebook with a plot.

What counts is on the canvas or the plot; the text of the window must not be read. It is set in
Pillow's own font.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

__all__ = ["SCREENS"]

Image = NDArray[np.uint8]
Generator = np.random.Generator
Color = tuple[int, int, int]
Write = Callable[[int, int], tuple[Image, str]]
Draw = Callable[[Write, Sequence[tuple[Image, str]], Generator], tuple[Image, str]]

_WORD_LIST = "draw digit model clear read brush width canvas predict train about file view help"
_WORDS = _WORD_LIST.split()
_CODE = (
    "import numpy as np",
    "plt.imshow(x_train[0], cmap='gray')",
    "model.fit(x_train, y_train, epochs=5)",
    "print(x_train.shape, y_train[0])",
    "# show a digit of the test set",
)


def _grey(level: float) -> Color:
    return (round(level),) * 3


def _page(size: tuple[int, int], random: Generator) -> tuple[Pillow.Image, Color]:
    """An empty window of this (width, height) and the color of its text."""
    dark = bool(random.random() < 0.3)
    page = Pillow.new(
        "RGB", size, _grey(random.uniform(14, 40) if dark else random.uniform(236, 255))
    )
    return page, _grey(235 if dark else random.uniform(20, 60))


def _write_text(
    page: Pillow.Image, at: tuple[int, int], text: str, size: int, color: Color
) -> None:
    ImageDraw.Draw(page).text(at, text, fill=color, font=ImageFont.load_default(size))


def _words(count: int, random: Generator) -> str:
    return " ".join(random.choice(_WORDS, count)).capitalize()


def _drawing_page(
    write: Write, _: Sequence[tuple[Image, str]], random: Generator
) -> tuple[Image, str]:
    """A heading, a sidebar or none, a canvas with a number, buttons, and lines of text."""
    page, color = _page((int(random.integers(900, 1600)), 900), random)
    left = 40 + (_add_sidebar(page, color, random) if random.random() < 0.5 else 0)
    _write_text(page, (left, 40), _words(3, random), int(random.integers(26, 44)), color)
    canvas, text = _write_on_canvas(write, random)
    side, wide = canvas.shape
    if random.random() < 0.4:
        canvas = 255 - canvas
        line = int(random.integers(1, 4))
        frame = (left - line, 110 - line, left + wide - 1 + line, 109 + side + line)
        ImageDraw.Draw(page).rectangle(frame, fill=_grey(random.uniform(90, 160)))
    page.paste(Pillow.fromarray(canvas).convert("RGB"), (left, 110))
    _add_buttons(page, (left, 130 + side), random)
    for line in range(int(random.integers(1, 5))):
        _write_text(page, (left, 190 + side + 26 * line), _words(6, random), 15, color)
    return np.ascontiguousarray(np.asarray(page)[: 320 + side]), text


def _add_sidebar(page: Pillow.Image, color: Color, random: Generator) -> int:
    """Add a sidebar of a color that is near the page's; returns its width."""
    width = int(random.integers(180, 260))
    shade = np.clip(np.array(page.getpixel((0, 0))) + random.uniform(-12, 12), 0, 255)
    ImageDraw.Draw(page).rectangle((0, 0, width, page.height), fill=tuple(map(int, shade)))
    for line in range(int(random.integers(3, 8))):
        _write_text(page, (24, 80 + 34 * line), _words(2, random), 15, color)
    return width


def _write_on_canvas(write: Write, random: Generator) -> tuple[Image, str]:
    """A number somewhere on a black canvas, (h, w)."""
    side = int(random.integers(200, 400))
    height = int(side * random.uniform(0.3, 0.6))
    ink, text = write(int(random.integers(1, 4)), height)
    wide = max(side, ink.shape[1] + int(random.uniform(0.3, 0.8) * height))
    canvas = np.zeros((side, wide), np.uint8)
    y, x = (int(random.integers(6, room - 6)) for room in np.subtract(canvas.shape, ink.shape))
    canvas[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
    return canvas, text


def _add_buttons(page: Pillow.Image, at: tuple[int, int], random: Generator) -> None:
    left, top = at
    for _ in range(int(random.integers(1, 4))):
        name = _words(1, random)
        right = left + 30 + 9 * len(name)
        fill = tuple(int(level) for level in random.integers(30, 200, 3))
        corner = int(random.integers(0, 10))
        ImageDraw.Draw(page).rounded_rectangle((left, top, right, top + 34), corner, fill=fill)
        _write_text(page, (left + 14, top + 7), name, 16, (255, 255, 255))
        left = right + 16


def _notebook(
    _: Write, frames: Sequence[tuple[Image, str]], random: Generator
) -> tuple[Image, str]:
    """Lines of code, and below them a plot of a digit with its scales."""
    page, color = _page((int(random.integers(700, 1200)), 900), random)
    lines = int(random.integers(1, 6))
    for line in range(lines):
        _write_text(page, (90, 30 + 24 * line), str(random.choice(_CODE)), 15, color)
    _write_text(page, (20, 30), "[7]:", 15, color)
    frame, text = frames[random.integers(len(frames))]
    side, top, left = int(random.integers(200, 420)), 60 + 24 * lines, 130
    panel = cv2.resize(frame, (side, side), interpolation=cv2.INTER_NEAREST)
    maps = (cv2.COLORMAP_BONE, cv2.COLORMAP_VIRIDIS)
    shown = cv2.applyColorMap(panel, maps[random.integers(2)])[:, :, ::-1]
    page.paste(Pillow.fromarray(np.ascontiguousarray(shown)), (left, top))
    for tick in range(0, 28, 5):
        place = round((tick + 0.5) * side / 28)
        _write_text(page, (left + place - 4, top + side + 6), str(tick), 13, color)
        _write_text(page, (left - 24, top + place - 7), str(tick), 13, color)
    _write_text(page, (90, top + side + 40), str(random.choice(_CODE)), 15, color)
    return np.ascontiguousarray(np.asarray(page)[: top + side + 90]), text


# Each makes a screenshot, (h, w, 3) uint8, and its digits, as `everyday_pictures.EVERYDAY` does.
SCREENS: dict[str, Draw] = {
    "screenshot of a drawing page": _drawing_page,
    "screenshot of a notebook": _notebook,
}
