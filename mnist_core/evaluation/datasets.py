"""Images whose digits are known: what a model is judged on, whatever shape they came in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from math import ceil, isqrt
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES, FRAME_SIZE, check_frames, load_mnist
from mnist_core.errors import DatasetError
from mnist_core.preprocessing.framing import extract_digits
from mnist_core.registry.card import ModelCard
from mnist_core.registry.splits import held_out_indices

__all__ = [
    "MAX_FRAMES",
    "MAX_PICTURES",
    "LabelledImages",
    "blank_if_none",
    "frame_of",
    "label_arrays",
    "mnist_test",
    "mnist_validation",
    "not_found",
    "scikit_learn_digits",
]

# All of MNIST; pictures that are no frames yet are searched for their digit one by one.
MAX_FRAMES = 70_000
MAX_PICTURES = 10_000
# Pictures whose longer side is less are enlarged to it first: strokes need some pixels to be found.
_READABLE_SIDE = 160
# scikit-learn's digits have 17 grey levels.
_SMALL_SIDE, _SMALL_TOP = 8, 16


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledImages:
    """Frames and the digits they show.

    Attributes:
        name: what they are, for people.
        images: (n, 28, 28) uint8, white ink on black, n >= 1.
        labels: (n,) integers 0 to 9.
        notes: what was done to them, or is to be known of them; sentences.

    Raises:
        DatasetError: they are not such.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.integer]
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        check_frames(self.images, error=DatasetError)
        if not len(self.images):
            raise DatasetError("The set has no images. Pass at least one. Received: none")
        labels = _as_labels(self.labels, len(self.images))
        object.__setattr__(self, "labels", labels)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of images and labels: the same for the same set, however it came."""
        content = hashlib.sha256(np.ascontiguousarray(self.images).data)
        content.update(self.labels.astype(np.uint8).tobytes())
        return content.hexdigest()


@cache
def mnist_test() -> LabelledImages:
    """The 10,000 MNIST test images.

    Raises:
        DatasetError: the embedded MNIST is missing or altered.
    """
    dataset = load_mnist()
    return LabelledImages(name="MNIST test", images=dataset.x_test, labels=dataset.y_test)


def mnist_validation(cards: Sequence[ModelCard]) -> LabelledImages:
    """The MNIST training images that none of these models learnt from.

    Args:
        cards: of at least one model.

    Raises:
        DatasetError: there is no such image, or a card does not say how its training was split.
    """
    kept = np.arange(len(load_mnist().y_train))
    for card in cards:
        kept = np.intersect1d(kept, held_out_indices(card))
    if not len(kept):
        raise DatasetError(
            "No image was held out by all of these models. Choose fewer of them, or other data. "
            f"Received: {', '.join(card.name for card in cards)}"
        )
    many = "none of these models" if len(cards) > 1 else "this model never"
    return LabelledImages(
        name="MNIST validation",
        images=load_mnist().x_train[kept],
        labels=load_mnist().y_train[kept],
        notes=(
            f"{len(kept):,} images of MNIST's training half that {many} learnt from; when to stop "
            "and the temperature were chosen on them.",
        ),
    )


@cache
def scikit_learn_digits() -> LabelledImages:
    """scikit-learn's 1,797 digits of 8x8 pixels, by other writers, found and framed as photos are.

    They are the test half of UCI's "Optical Recognition of Handwritten Digits" (Alpaydin and
    Kaynak, 1998).
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    return label_arrays("scikit-learn digits", digits.images, digits.target)


def label_arrays(name: str, images: NDArray[Any], labels: NDArray[Any]) -> LabelledImages:
    """Make labelled frames of arrays as people keep them.

    Args:
        name: what they are, for people.
        images: (n, h, w), (n, h*w) for squares, (n, h, w, 1), (n, 1, h, w), or (n, h, w, 3) RGB
            and (n, h, w, 4) RGBA; whole numbers 0 to 255, or numbers 0 to 1, or -1 to 1, or 0 to
            16 at 8x8. 28x28 are taken for frames, and inverted if their ink is dark; in others
            the digit is searched for.
        labels: (n,) digits, (n, 1), or (n, 10) with a 1 in the digit's place.

    Raises:
        DatasetError: they are not such, none, or too many.
    """
    images = np.asarray(images)
    received = f"Received: images of shape {images.shape}, dtype {images.dtype}"
    if not images.size:
        raise DatasetError(f"The set has no images. Send one with at least one. {received}")
    pictures = _as_pictures(images, received)
    digits = _as_labels(labels, len(pictures))
    if pictures.shape[1:] == (FRAME_SIZE, FRAME_SIZE):
        _check_count(len(pictures), MAX_FRAMES)
        levels = _as_levels(pictures, received)
        if _border(levels) <= 127:
            return LabelledImages(name=name, images=levels, labels=digits)
        notes = ("The ink was dark: the images were inverted.",)
        return LabelledImages(name=name, images=255 - levels, labels=digits, notes=notes)
    _check_count(len(pictures), MAX_PICTURES)
    frames = [frame_of(picture) for picture in _as_levels(pictures, received)]
    return LabelledImages(
        name=name,
        images=np.stack([blank_if_none(frame) for frame in frames]),
        labels=digits,
        notes=(
            f"The pictures are {pictures.shape[2]}x{pictures.shape[1]} pixels: each was searched "
            "for its digit, which was scaled and centered as MNIST's are.",
            *not_found(sum(frame is None for frame in frames)),
        ),
    )


def frame_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The MNIST frame of the largest digit in a picture, None where there is none.

    Args:
        picture: (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, uint8.

    Raises:
        InvalidImageError: not such an image.
    """
    longer = max(picture.shape[:2])
    if 0 < longer < _READABLE_SIDE // 2:
        factor = ceil(_READABLE_SIDE / longer)
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    found = extract_digits(picture)
    if not found:
        return None
    return max(found, key=lambda digit: digit.box[2] * digit.box[3]).frame


def blank_if_none(frame: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """The frame, or a black one in the place of none."""
    return np.zeros((FRAME_SIZE, FRAME_SIZE), np.uint8) if frame is None else frame


def not_found(count: int) -> tuple[str, ...]:
    """The note on pictures without a digit, if there are any."""
    if not count:
        return ()
    pictures = "one picture" if count == 1 else f"{count:,} pictures"
    return (f"In {pictures} no digit was found: a blank image was judged in its place.",)


def _check_count(count: int, most: int) -> None:
    if count > most:
        kind = "images of 28x28 pixels" if most == MAX_FRAMES else "pictures"
        raise DatasetError(
            f"A set has at most {most:,} {kind}. Send a part of it. Received: {count:,}"
        )


def _as_pictures(images: NDArray[Any], received: str) -> NDArray[Any]:
    """(n, h, w) or (n, h, w, channels), however the array was folded."""
    if images.ndim == 4 and images.shape[3] in (3, 4):
        return images
    if images.ndim == 4 and 1 in (images.shape[1], images.shape[3]):
        return images.squeeze(axis=3 if images.shape[3] == 1 else 1)
    if images.ndim == 3:
        return images
    if images.ndim == 2:
        side = isqrt(images.shape[1])
        if images.shape == (FRAME_SIZE, FRAME_SIZE):
            return images[np.newaxis]
        if side * side == images.shape[1] and side > 1:
            return images.reshape(-1, side, side)
    raise DatasetError(
        "Images have the shape (n, 28, 28), (n, 784), (n, 28, 28, 1) or (n, 1, 28, 28), or other "
        f"heights and widths, or 3 or 4 channels at the end. Reshape them. {received}"
    )


def _as_levels(images: NDArray[Any], received: str) -> NDArray[np.uint8]:
    """Grey levels 0 to 255, whatever the numbers ran to."""
    if images.dtype == bool:
        images = images.astype(np.uint8)
    if not np.issubdtype(images.dtype, np.integer) and not np.issubdtype(images.dtype, np.floating):
        raise DatasetError(f"Images are arrays of numbers. Convert them. {received}")
    low, high = float(images.min()), float(images.max())
    small = images.shape[1:] == (_SMALL_SIDE, _SMALL_SIDE) and high <= _SMALL_TOP
    # NaN compares as False, and so comes to the error.
    if -1 <= low < 0 and high <= 1:
        images, top = (images + 1) / 2, 1
    elif low >= 0 and high <= 255:
        top = 1 if high <= 1 else _SMALL_TOP if small else 255
    else:
        raise DatasetError(
            "The images' numbers run from 0 to 255, from 0 to 1 or from -1 to 1. Scale them so. "
            f"{received}, numbers from {low:g} to {high:g}"
        )
    if images.dtype == np.uint8 and top == 255:
        return images
    levels: NDArray[np.uint8] = np.rint(images * (255 / top)).astype(np.uint8)
    return levels


def _as_labels(labels: NDArray[Any], count: int) -> NDArray[np.int64]:
    """(n,) digits, one for each image."""
    given = np.asarray(labels)
    digits = np.atleast_1d(given)
    if digits.ndim == 2 and digits.shape[1] == 1:
        digits = digits[:, 0]
    if digits.shape == (count, CLASSES) and digits.dtype.kind in "buif":
        if not ((digits == 0) | (digits == 1)).all() or not (digits.sum(axis=1) == 1).all():
            raise DatasetError(
                "Ten labels an image are nine zeros and a 1 in the place of its digit. Send the "
                f"digits themselves. Received: labels of shape {given.shape}, dtype {given.dtype}"
            )
        digits = digits.argmax(axis=1)
    fits = digits.shape == (count,) and digits.dtype.kind in "uif"
    # A whole number may come as a float; NaN is equal to nothing.
    if not fits or not (digits == np.rint(digits)).all():
        raise DatasetError(
            "Labels are whole numbers, one for each image. Send them so. Received: "
            f"{count:,} images, labels of shape {given.shape}, dtype {given.dtype}"
        )
    if digits.min() < 0 or digits.max() >= CLASSES:
        raise DatasetError(
            "Labels are the digits 0 to 9. Leave out images of anything else. Received: labels "
            f"from {digits.min():g} to {digits.max():g}"
        )
    return digits.astype(np.int64)


def _border(frames: NDArray[np.uint8]) -> float:
    """The mean grey level of the frames' outermost pixels."""
    return float(np.mean([frames[:, 0], frames[:, -1], frames[:, :, 0], frames[:, :, -1]]))
