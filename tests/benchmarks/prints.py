"""Digits that are not handwritten: printed digits, and bars drawn with a line tool.

Neither is in the training data: its only printed characters are letters, as non-digits. The fonts
are TrueType fonts of the machine; without them, the collections of prints are empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from pictures import CANVAS, Image, Pictures

__all__ = ["FONTS", "font_files", "printed", "printed_digits", "ruled_ones"]

FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts").expanduser(),
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
# A fixed list: with the same number of fonts, results are comparable between machines.
# Without serif italics, whose h looks like a b.
FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif"),
    *("DejaVuSerif-Bold", "LiberationMono-Regular", "LiberationSans-Regular"),
    *("LiberationSans-BoldItalic", "LiberationSansNarrow-Regular", "LiberationSerif-Regular"),
    "LiberationSerif-Bold",
)
COUNT, SEED = 500, 2017


def font_files() -> list[Path]:
    """The files of those `FONTS` that this machine has."""
    return [path for name in FONTS if (path := _font(name))]


@cache
def _font(name: str) -> Path | None:
    found = (
        path for folder in FONT_FOLDERS if folder.is_dir() for path in folder.rglob(f"{name}.ttf")
    )
    return next(found, None)


def printed(character: str, font: Path, random: np.random.Generator) -> Image:
    """A character, rotated by up to 10°, white in the middle of a black canvas."""
    from PIL import Image as Picture
    from PIL import ImageDraw, ImageFont

    canvas = Picture.new("L", (CANVAS, CANVAS))
    ImageDraw.Draw(canvas).text(
        (CANVAS / 2, CANVAS / 2),
        character,
        fill=255,
        font=ImageFont.truetype(font, random.integers(120, 220)),
        anchor="mm",
    )
    return np.array(canvas.rotate(random.uniform(-10, 10), Picture.Resampling.BICUBIC))


def printed_digits(count: int = COUNT) -> Pictures:
    """Printed digits on a canvas."""
    fonts = font_files()
    random = np.random.default_rng(SEED)
    truths: Sequence[str] = random.integers(0, 10, count).astype(str).tolist() if fonts else []

    def make(index: int) -> Image:
        own = np.random.default_rng((SEED, index))
        return printed(truths[index], fonts[own.integers(len(fonts))], own)

    return Pictures(
        name=f"printed digits in {len(fonts)} fonts", truths=truths, make=make, certainty=True
    )


def ruled_ones(count: int = COUNT) -> Pictures:
    """Straight bars with square ends, as a line tool draws them: the digit 1.

    Half of them are upright with sharp edges on whole pixels; the others are slanted.
    """

    def make(index: int) -> Image:
        random = np.random.default_rng((SEED, index))
        height = random.uniform(80, 230)
        thick = height * np.exp(random.uniform(np.log(0.03), np.log(0.22)))
        x, y = CANVAS / 2 + random.uniform(-20, 20, 2)
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
        if index % 2 == 0:
            top, left = round(y - height / 2), round(x - thick / 2)
            canvas[top : top + round(height), left : left + round(thick)] = 255
            return canvas
        lean = random.normal(0, 0.08) * height
        side = np.array([(x + lean / 2, y - height / 2), (x - lean / 2, y + height / 2)])
        across = np.array([thick / 2, 0])
        outline = np.vstack([side - across, side[::-1] + across])
        cv2.fillConvexPoly(canvas, np.rint(outline * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        return canvas

    return Pictures(
        name="straight bars (1), drawn with a line tool",
        truths=["1"] * count,
        make=make,
        certainty=True,
    )
