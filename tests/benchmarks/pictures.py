"""Pictures of known numbers and their frames, for measurements of the accuracy.

None of them are training data. A collection whose files are missing is empty.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from support.strokes import (
    DEVELOPMENT_STROKES,
    SHARED,
    draw_strokes,
    drawn_digit,
    load_development_strokes,
    place_strokes,
)
from tqdm import tqdm

from mnist_core import load_image, load_mnist
from mnist_core.data import FRAME_SIZE
from mnist_core.preprocessing.extraction import extract_digits

__all__ = [
    "Image",
    "PictureFrames",
    "Pictures",
    "digit_frames",
    "drawn_strokes",
    "extract_frames",
    "mnist_frames",
    "mnist_pictures",
    "photographs",
    "plain_frame",
    "scattered_strokes",
    "small_digits",
    "strips",
    "whole_frame",
]

DEVELOPMENT_PHOTOS = SHARED / "pen_photos_dev.zip"
CANVAS = 280
STRIPS = 500
SEED = 28

Image = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pictures:
    """A collection of pictures of known numbers.

    Attributes:
        name: of the collection.
        truths: the number in each picture, as text; empty if the files are missing.
        make: index -> picture for `Recognizer.read`, equal in each call.
        plain: measure the plain resize as well; False for pictures of several digits.
        certainty: measure ECE, rejected and unusual digits as well.
        disputed: they are MNIST test in its order; measure with corrected labels as well.
    """

    name: str
    truths: Sequence[str]
    make: Callable[[int], Image]
    plain: bool = True
    certainty: bool = False
    disputed: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureFrames:
    """The frames of some pictures, which are the same for all networks.

    Attributes:
        counts: (n,) number of digits found in each picture.
        frames: (counts.sum(), 28, 28) uint8, in the order of the pictures.
        plain: (n, 28, 28) uint8, the plain resize of each picture; empty if it is not measured.
    """

    counts: NDArray[np.int64]
    frames: Image
    plain: Image


def mnist_frames() -> Pictures:
    """The MNIST test images, used as frames."""
    dataset = load_mnist()
    return Pictures(
        name="MNIST test",
        truths=_texts(dataset.y_test),
        make=lambda index: dataset.x_test[index],
        plain=False,
        certainty=True,
        disputed=True,
    )


def mnist_pictures() -> Pictures:
    """The MNIST test images, read as pictures."""
    dataset = load_mnist()
    return Pictures(
        name="MNIST test, each image read as a picture",
        truths=_texts(dataset.y_test),
        make=lambda index: dataset.x_test[index],
    )


def drawn_strokes(brush: int, *, certainty: bool = False) -> Pictures:
    """The development strokes, 180 px large in the middle of a canvas."""
    name = f"strokes on a canvas, brush {brush}"
    if not DEVELOPMENT_STROKES.is_file():
        return _missing_collection(name, certainty=certainty)
    strokes, labels = load_development_strokes()
    return Pictures(
        name=name,
        truths=_texts(labels),
        make=lambda index: drawn_digit(strokes[index], size=CANVAS, brush=brush),
        certainty=certainty,
    )


def scattered_strokes() -> Pictures:
    """The development strokes anywhere on a canvas, 60 to 240 px large."""
    name = "strokes anywhere on a canvas, any size and brush"
    if not DEVELOPMENT_STROKES.is_file():
        return _missing_collection(name)
    strokes, labels = load_development_strokes()

    def make(index: int) -> Image:
        random = np.random.default_rng((SEED, index))
        side = random.uniform(60, 240)
        brush = side * random.uniform(0.05, 0.13)
        free = CANVAS - side - brush
        x, y = CANVAS / 2 + free * random.uniform(-0.5, 0.5, 2)
        placed = place_strokes(strokes[index], side=side, center=(x, y))
        return draw_strokes(placed, width=CANVAS, height=CANVAS, brush=brush)

    return Pictures(name=name, truths=_texts(labels), make=make)


def photographs() -> Pictures:
    """The development photographs: pen digits on newspaper, some with a printed line."""
    name = "photographs of pen on paper"
    if not DEVELOPMENT_PHOTOS.is_file():
        return _missing_collection(name)
    with zipfile.ZipFile(DEVELOPMENT_PHOTOS) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("labels.csv").decode())))
        images = [load_image(archive.read(row["file"])) for row in rows]
    return Pictures(
        name=name, truths=[row["label"] for row in rows], make=lambda index: images[index]
    )


def small_digits() -> Pictures:
    """scikit-learn's digits, 8x8 in 17 grey levels, enlarged 20 times."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    levels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    return Pictures(
        name="scikit-learn's 8x8 digits, enlarged",
        truths=_texts(digits.target),
        make=lambda i: cv2.resize(levels[i], None, fx=20, fy=20, interpolation=cv2.INTER_CUBIC),
    )


def strips() -> Pictures:
    """Numbers of one to eight MNIST test digits, white on black, in one strip each."""
    random = np.random.default_rng(SEED)
    written = [_write_number(random) for _ in range(STRIPS)]
    return Pictures(
        name="strips of 1 to 8 MNIST test digits",
        truths=[number for _, number in written],
        make=lambda index: written[index][0],
        plain=False,
    )


def whole_frame(picture: Image) -> list[Image]:
    """Use the picture itself as a frame."""
    return [picture]


def digit_frames(picture: Image) -> list[Image]:
    """The frames that `Recognizer.read` extracts from a picture."""
    return [digit.frame for digit in extract_digits(picture).digits]


def plain_frame(picture: Image) -> Image:
    """The plain resize: the complete picture as one frame, inverted if it is dark on light."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    frame = cv2.resize(grey, (FRAME_SIZE, FRAME_SIZE), interpolation=cv2.INTER_AREA)
    return 255 - frame if frame.mean() > 127 else frame


def extract_frames(
    pictures: Pictures, to_frames: Callable[[Image], list[Image]], progress: tqdm[None]
) -> PictureFrames:
    """Extract the frames of all pictures."""
    found: list[list[Image]] = []
    plain: list[Image] = []
    for index in range(len(pictures.truths)):
        picture = pictures.make(index)
        found.append(to_frames(picture))
        if pictures.plain:
            plain.append(plain_frame(picture))
        progress.update()
    return PictureFrames(
        counts=np.array([len(frames) for frames in found], np.int64),
        frames=_stack([frame for frames in found for frame in frames]),
        plain=_stack(plain),
    )


def _stack(frames: Sequence[Image]) -> Image:
    return np.stack(frames) if frames else np.zeros((0, FRAME_SIZE, FRAME_SIZE), np.uint8)


def _write_number(random: np.random.Generator) -> tuple[Image, str]:
    """A strip with a number, with its own size, slant and spacing; and the number.

    Within a strip, the heights vary by up to 15% and the vertical positions by up to 10% of the
    height; the gaps are 8% to 60% of the height.
    """
    dataset = load_mnist()
    height, slant, spacing = random.uniform(40, 140), random.normal(0, 0.15), random.uniform(8, 45)
    rows, margin = round(2.2 * height), round(height / 2)
    parts = [np.zeros((rows, margin), np.uint8)]
    chosen = random.integers(len(dataset.x_test), size=random.integers(1, 9))
    for index in chosen:
        digit = _slant(dataset.x_test[index], slant + random.normal(0, 0.05))
        scale = height * random.uniform(0.85, 1.15) / len(digit)
        digit = cv2.resize(digit, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        gap = round(height * (spacing + random.uniform(0, 15)) / 100)
        top = round((rows - len(digit)) / 2 + height * random.uniform(-0.1, 0.1))
        parts.append(np.pad(digit, ((top, rows - top - len(digit)), (0, gap))))
    parts.append(parts[0])
    return np.hstack(parts), "".join(_texts(dataset.y_test[chosen]))


def _slant(frame: Image, slant: float) -> Image:
    """Enlarge a frame, shear it to the right by `slant` pixels per row, and crop it to its ink."""
    image = cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    image = np.pad(image, ((0, 0), (60, 60)))
    shear = np.array([[1, -slant, slant * image.shape[0] / 2], [0, 1, 0]])
    image = cv2.warpAffine(image, shear, image.shape[::-1])
    left, top, width, height = cv2.boundingRect((image >= 48).astype(np.uint8))
    return image[top : top + height, left : left + width]


def _texts(labels: NDArray[np.integer]) -> list[str]:
    return [str(label) for label in labels]


def _missing_collection(name: str, *, certainty: bool = False) -> Pictures:
    def make(index: int) -> Image:
        raise IndexError(f"The files of '{name}' are missing. Received: {index}")

    return Pictures(name=name, truths=(), make=make, certainty=certainty)
