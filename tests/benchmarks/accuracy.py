"""How well does every bundled model read, and how well would the plain way have read?

Run it from anywhere; it prints a table in Markdown, after about a minute:

    python tests/benchmarks/accuracy.py

A picture counts as right when exactly the digits that it shows are read: one too many is wrong.
What is found in a picture does not depend on the model, so it is found once and then classified by
each. The floor is the way of many MNIST apps: the whole picture resized to 28x28, inverted when it
is dark on light, and given to the default model.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pictures import (
    Image,
    Pictures,
    drawn_strokes,
    mnist_frames,
    mnist_pictures,
    photographs,
    scattered_strokes,
    small_digits,
    strips,
)

from mnist_core import Recognizer, list_models, load_recognizer
from mnist_core.preprocessing import FRAME_SIZE, extract_digits

CALIBRATION_BINS = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What the networks get to see of some pictures, whichever the network.

    Attributes:
        counts: (n,) how many digits were found in each picture.
        frames: (counts.sum(), 28, 28) uint8, picture after picture.
        plain: (n, 28, 28) uint8, each picture made a frame the plain way; empty where that has no
            chance.
    """

    counts: NDArray[np.int64]
    frames: Image
    plain: Image


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; shares are 0 to 1, and None is a cell that makes no sense.

    Attributes:
        name: what was asked.
        count: of how many pictures; 0 where they are missing.
        values: model -> share.
        found: the share of pictures in which as many digits were found as there are.
        floor: the plain way's share.
    """

    name: str
    count: int
    values: dict[str, float]
    found: float | None = None
    floor: float | None = None


def main() -> None:
    """Measure everything and print the table."""
    models = [load_recognizer(card.name) for card in list_models()]
    if not models:
        sys.exit("There is no model to measure. Train one: python -m mnist_core train")
    collections: list[tuple[Pictures, Callable[[Image], list[Image]]]] = [
        (mnist_frames(), as_frame),
        (mnist_pictures(), found_frames),
        (drawn_strokes(18, certainty=True), found_frames),
        (drawn_strokes(6), found_frames),
        (drawn_strokes(30), found_frames),
        (scattered_strokes(), found_frames),
        (photographs(), found_frames),
        (small_digits(), found_frames),
        (strips(), found_frames),
    ]
    rows: list[Row] = []
    total = sum(len(pictures.truths) for pictures, _ in collections)
    with tqdm(total=total, unit=" pictures", mininterval=0.5) as progress:
        for pictures, to_frames in collections:
            progress.set_description(pictures.name)
            rows += measure(pictures, look(pictures, to_frames, progress), models)
    print(table(rows, [model.card.name for model in models]))


def as_frame(picture: Image) -> list[Image]:
    """The picture is a frame already."""
    return [picture]


def found_frames(picture: Image) -> list[Image]:
    """The frames that `Recognizer.read` makes of a picture."""
    return [digit.frame for digit in extract_digits(picture)]


def plain_frame(picture: Image) -> Image:
    """The whole picture as one frame, whatever is in it."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    frame = cv2.resize(grey, (FRAME_SIZE, FRAME_SIZE), interpolation=cv2.INTER_AREA)
    return 255 - frame if frame.mean() > 127 else frame


def look(
    pictures: Pictures, to_frames: Callable[[Image], list[Image]], progress: tqdm[None]
) -> Seen:
    """Make frames of every picture."""
    found: list[list[Image]] = []
    plain: list[Image] = []
    for index in range(len(pictures.truths)):
        picture = pictures.make(index)
        found.append(to_frames(picture))
        if pictures.plain:
            plain.append(plain_frame(picture))
        progress.update()
    return Seen(
        counts=np.array([len(frames) for frames in found], np.int64),
        frames=_stacked([frame for frames in found for frame in frames]),
        plain=_stacked(plain),
    )


def _stacked(frames: Sequence[Image]) -> Image:
    return np.stack(frames) if frames else np.zeros((0, FRAME_SIZE, FRAME_SIZE), np.uint8)


def measure(pictures: Pictures, seen: Seen, models: Sequence[Recognizer]) -> list[Row]:
    """The rows of one collection: the share read rightly, and how certain the models were."""
    truths = np.array(pictures.truths)
    if not len(truths):
        return [Row(name=pictures.name, count=0, values={})]
    answers = {model.card.name: model.classify(seen.frames) for model in models}
    row = Row(
        name=pictures.name,
        count=len(truths),
        values={
            name: float((numbers(probabilities, seen.counts) == truths).mean())
            for name, probabilities in answers.items()
        },
        found=float((seen.counts == np.char.str_len(truths)).mean()),
    )
    if pictures.plain:
        labels = models[0].classify(seen.plain).argmax(axis=1).astype(str)
        row = dataclasses.replace(row, floor=float((labels == truths).mean()))
    return [row, *certainty(pictures, seen, models, answers)] if pictures.certainty else [row]


def certainty(
    pictures: Pictures,
    seen: Seen,
    models: Sequence[Recognizer],
    answers: dict[str, NDArray[np.float32]],
) -> list[Row]:
    """Rows about the pictures of one digit in which one was found."""
    single = seen.counts == 1
    labels = np.array(pictures.truths)[single].astype(int)
    errors, refused = {}, {}
    for model in models:
        probabilities = answers[model.card.name][np.repeat(single, seen.counts)]
        threshold = model.card.digit_threshold
        errors[model.card.name] = calibration_error(probabilities, labels)
        refused[model.card.name] = float((probabilities.max(axis=1) < threshold).mean())
    count, name = len(labels), pictures.name
    return [
        Row(name=f"{name}: expected calibration error", count=count, values=errors),
        Row(name=f"{name}: refused as no digit", count=count, values=refused),
    ]


def numbers(probabilities: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.str_]:
    """The number read in each picture; empty where no digit was found."""
    labels = "".join(str(label) for label in probabilities.argmax(axis=1))
    ends = np.cumsum(counts)
    return np.array([labels[end - count : end] for count, end in zip(counts, ends, strict=True)])


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    """Expected calibration error over bins of equal width (Guo et al., ICML 2017), 0 to 1."""
    certain = probabilities.max(axis=1).astype(float)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((certain * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=right - certain, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def table(rows: Sequence[Row], models: Sequence[str]) -> str:
    """The rows in Markdown."""
    heads = ["", "pictures", "digits found", *models, f"floor: plain resize, {models[0]}"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for row in rows:
        values = [row.found, *(row.values.get(name) for name in models), row.floor]
        cells = ["" if value is None else f"{value:.2%}" for value in values]
        lines.append(
            [row.name, f"{row.count:,}", *cells]
            if row.count
            else [row.name, *["not here"] * (len(heads) - 1)]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
