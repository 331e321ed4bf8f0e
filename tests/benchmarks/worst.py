"""A contact sheet of the development strokes with the worst readings.

    python tests/benchmarks/worst.py OUT.png
    python tests/benchmarks/worst.py --model mlp --count 30 OUT.png

Each cell shows the drawing (brush 18), the frame of the network, the true digit, the reading and
its confidence. Errors come first, in descending order of confidence, then correct readings in
ascending order. A drawing in which not exactly one digit was found is an error; its confidence is
the lowest of its digits.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from measures import numbers
from pictures import Image, Pictures, digit_frames, drawn_strokes, extract_frames
from tqdm import tqdm

from mnist_core import MnistError, Recognizer, load_recognizer
from mnist_core.data import FRAME_SIZE

COLUMNS = 6
# In pixels: a picture, three times as large as a frame; a cell of two pictures and a line of text.
SIDE, GAP, LINE = 3 * FRAME_SIZE, 8, 22
CELL_WIDTH, CELL_HEIGHT = 2 * SIDE + 4 * GAP, SIDE + LINE + 2 * GAP
RED, GREEN = (176, 0, 32), (20, 110, 40)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """The reading of one drawing.

    Attributes:
        index: of the drawing.
        truth: the true digit.
        read: the digits that were read; empty if none were found.
        confidence: the lowest of the digits, 0 to 1; 1 if none were found.
        frames: (len(read), 28, 28) uint8.
    """

    index: int
    truth: str
    read: str
    confidence: float
    frames: Image


def main() -> None:
    """Read all drawings and save the sheet."""
    parser = argparse.ArgumentParser(description="The development strokes with the worst readings.")
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument("--model", help="a folder of models/; default: the default model")
    parser.add_argument("--count", type=int, default=60)
    options = parser.parse_args()
    if options.count < 1:
        parser.error("--count must be at least 1")
    try:
        model = load_recognizer(options.model)
    except MnistError as error:
        parser.error(str(error))
    pictures = drawn_strokes(18)
    if not pictures.truths:
        sys.exit("The development strokes are not here.")
    readings = read_all(pictures, model)
    errors = sum(reading.read != reading.truth for reading in readings)
    title = f"{model.card.name}: {errors:,} errors in {len(readings):,} drawings"
    save_sheet(options.out, pictures, worst(readings, options.count), title)
    print(f"{title}. The worst are in {options.out}")


def read_all(pictures: Pictures, model: Recognizer) -> list[Reading]:
    """Read all pictures."""
    with tqdm(total=len(pictures.truths), unit=" pictures", mininterval=0.5) as progress:
        extracted = extract_frames(pictures, digit_frames, progress)
    probabilities = model.classify(extracted.frames)
    read = numbers(probabilities, extracted.counts)
    ends = np.cumsum(extracted.counts)
    readings = []
    for index, (truth, end, count) in enumerate(
        zip(pictures.truths, ends, extracted.counts, strict=True)
    ):
        mine = slice(end - count, end)
        confidence = float(probabilities[mine].max(axis=1).min(initial=1))
        readings.append(
            Reading(
                index=index,
                truth=truth,
                read=str(read[index]),
                confidence=confidence,
                frames=extracted.frames[mine],
            )
        )
    return readings


def worst(readings: Sequence[Reading], count: int) -> list[Reading]:
    """Errors in descending order of confidence, then correct readings in ascending order."""

    def key(reading: Reading) -> tuple[bool, float]:
        correct = reading.read == reading.truth
        return correct, reading.confidence if correct else -reading.confidence

    return sorted(readings, key=key)[:count]


def save_sheet(path: Path, pictures: Pictures, readings: Sequence[Reading], title: str) -> None:
    """Draw the readings below a title and save them as a PNG."""
    from PIL import Image as Picture
    from PIL import ImageDraw, ImageFont

    rows = -(-len(readings) // COLUMNS)
    sheet = Picture.new("RGB", (COLUMNS * CELL_WIDTH, rows * CELL_HEIGHT + 2 * LINE), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, LINE), title, fill="black", font=ImageFont.load_default(18), anchor="lm")
    font = ImageFont.load_default(15)
    for place, reading in enumerate(readings):
        row, column = divmod(place, COLUMNS)
        left, top = column * CELL_WIDTH + GAP, row * CELL_HEIGHT + 2 * LINE
        canvas = pictures.make(reading.index)
        canvas = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        sheet.paste(Picture.fromarray(canvas), (left, top))
        sheet.paste(Picture.fromarray(_side_by_side(reading.frames)), (left + SIDE + GAP, top))
        color = GREEN if reading.read == reading.truth else RED
        text = f"{reading.truth} -> {reading.read or 'nothing'}   {reading.confidence:.2%}"
        draw.text((left, top + SIDE + LINE / 2), text, fill=color, font=font, anchor="lm")
    sheet.save(path, "PNG")


def _side_by_side(frames: Image) -> Image:
    """The frames side by side in a square of `SIDE`, (SIDE, SIDE) uint8."""
    square: Image = np.full((SIDE, SIDE), 200, np.uint8)
    if len(frames):
        side = SIDE // len(frames)
        for place, frame in enumerate(frames):
            part = cv2.resize(frame, (side, side), interpolation=cv2.INTER_NEAREST)
            square[:side, place * side : (place + 1) * side] = part
    return square


if __name__ == "__main__":
    main()
