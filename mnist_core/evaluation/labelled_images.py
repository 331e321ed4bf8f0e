"""Labeled images, and their conversion from arrays of any common shape and range."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, isqrt
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES, FRAME_SIZE, check_frames
from mnist_core.errors import DatasetError
from mnist_core.preprocessing.budget import READING_SECONDS, time_budget
from mnist_core.preprocessing.extraction import extract_digits

__all__ = [
    "MAX_FRAMES",
    "MAX_LEVELS",
    "MAX_PICTURES",
    "MAX_SECONDS",
    "LabelledImages",
    "find_frame",
    "in_time",
    "label_arrays",
    "label_frames",
    "light_on_dark",
]

# All of MNIST; other pictures are searched for their digit one by one.
MAX_FRAMES = 70_000
MAX_PICTURES = 10_000
# In arrays of pictures, all channels: 10,000 of 158x158. With their levels 0.5 GB.
MAX_LEVELS = 250_000_000
# In seconds. 10,000 pictures of 64 or 160 pixels a side take 8 to 11 s of processor time.
MAX_SECONDS = 120.0
# Smaller pictures are enlarged to this longer side, px: strokes need some pixels to be found.
_READABLE_SIDE = 160
# scikit-learn's digits have 17 grey levels.
_SMALL_SIDE, _SMALL_TOP = 8, 16


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledImages:
    """Frames and their labels.

    Attributes:
        name: of the set.
        images: (n, 28, 28) uint8, white ink on black, n >= 1.
        labels: (n,) integers 0 to 9.
        notes: sentences on the set and its conversion, for the user.

    Raises:
        DatasetError: images or labels are invalid.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.integer]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_frames(self.images, error=DatasetError)
        if not len(self.images):
            raise DatasetError("The set has no images. Pass at least one. Received: none")
        labels = _as_labels(self.labels, len(self.images))
        object.__setattr__(self, "labels", labels)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of images and labels; the name and the notes do not count."""
        content = hashlib.sha256(np.ascontiguousarray(self.images).data)
        content.update(self.labels.astype(np.uint8).tobytes())
        return content.hexdigest()


def label_arrays(name: str, images: NDArray[Any], labels: NDArray[Any]) -> LabelledImages:
    """Convert arrays to labeled frames.

    Args:
        name: of the set.
        images: (n, h, w), (n, h*w) for squares, (n, h, w, 1), (n, 1, h, w), (n, h, w, 3) RGB or
            (n, h, w, 4) RGBA; numbers 0 to 255, 0 to 1, -1 to 1, or 0 to 16 at 8x8. Images of
            28x28 are frames, inverted if their ink is dark; in others the digit is searched for.
        labels: (n,) digits, (n, 1), or (n, 10) one-hot.

    Raises:
        DatasetError: images or labels are invalid, or there are none or too many.
    """
    images = np.asarray(images)
    received = f"Received: images of shape {images.shape}, dtype {images.dtype}"
    if not images.size:
        raise DatasetError(f"The set has no images. Send one with at least one. {received}")
    pictures = _as_pictures(images, received)
    digits = _as_labels(labels, len(pictures))
    if pictures.shape[1:] == (FRAME_SIZE, FRAME_SIZE):
        _check_count(len(pictures), MAX_FRAMES, "images of 28x28 pixels")
        levels = _as_levels(pictures, received)
        frames = light_on_dark(levels)
        notes = () if frames is levels else ("The ink was dark: the images were inverted.",)
        return LabelledImages(name=name, images=frames, labels=digits, notes=notes)
    _check_count(len(pictures), MAX_PICTURES, "pictures")
    _check_count(pictures.size, MAX_LEVELS, "numbers in its pictures")
    levels = _as_levels(pictures, received)
    return label_frames(
        name,
        in_time(map(find_frame, levels), len(levels)),
        digits,
        f"The pictures have {pictures.shape[2]}x{pictures.shape[1]} pixels: the digit of each was "
        "found, scaled and centered like those of MNIST.",
    )


def label_frames(
    name: str, frames: Sequence[NDArray[np.uint8] | None], labels: NDArray[np.integer], *notes: str
) -> LabelledImages:
    """Make a set of the results of `find_frame`; a blank frame takes the place of None."""
    blank = np.zeros((FRAME_SIZE, FRAME_SIZE), np.uint8)
    if missing := sum(frame is None for frame in frames):
        pictures = "one picture" if missing == 1 else f"{missing:,} pictures"
        notes += (f"In {pictures} no digit was found: a blank image takes its place.",)
    return LabelledImages(
        name=name,
        images=np.stack([blank if frame is None else frame for frame in frames]),
        labels=labels,
        notes=notes,
    )


def find_frame(picture: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Find the largest digit of a picture, as an MNIST frame; None if there is no digit.

    Args:
        picture: (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, uint8.

    Raises:
        InvalidImageError: the image is invalid, or too cluttered.
    """
    longer = max(picture.shape[:2])
    if 0 < longer < _READABLE_SIDE // 2:
        factor = ceil(_READABLE_SIDE / longer)
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    with time_budget(READING_SECONDS):
        found = extract_digits(picture).digits
    if not found:
        return None
    return max(found, key=lambda digit: digit.box[2] * digit.box[3]).frame


def in_time(
    frames: Iterable[NDArray[np.uint8] | None], count: int
) -> list[NDArray[np.uint8] | None]:
    """The results of `find_frame`, while they take no longer than `MAX_SECONDS`.

    Args:
        frames: computes one at a time.
        count: how many there are, for the error.

    Raises:
        DatasetError: it takes longer.
    """
    found: list[NDArray[np.uint8] | None] = []
    end = time.monotonic() + MAX_SECONDS
    for frame in frames:
        if time.monotonic() > end:
            raise DatasetError(
                f"Finding the digits in the pictures takes longer than {MAX_SECONDS:g} s. Make "
                f"the pictures smaller, or send a part of them. Received: {count:,} pictures, "
                f"{len(found):,} read in that time"
            )
        found.append(frame)
    return found


def light_on_dark(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Invert frames, (n, 28, 28), whose borders are light on average; else return them as is."""
    border = np.mean([frames[:, 0], frames[:, -1], frames[:, :, 0], frames[:, :, -1]])
    return frames if border <= 127 else 255 - frames


def _check_count(count: int, limit: int, kind: str) -> None:
    if count > limit:
        raise DatasetError(
            f"A set can have at most {limit:,} {kind}. Send a part of it. Received: {count:,}"
        )


def _as_pictures(images: NDArray[Any], received: str) -> NDArray[Any]:
    """(n, h, w) or (n, h, w, channels)."""
    match images.shape:
        case (height, width) if height == width == FRAME_SIZE:
            return images[np.newaxis]
        case (_, pixels) if pixels > 1 and isqrt(pixels) ** 2 == pixels:
            return images.reshape(-1, isqrt(pixels), isqrt(pixels))
        case (_, _, _) | (_, _, _, 3 | 4):
            return images
        case (_, _, _, 1):
            return images[..., 0]
        case (_, 1, _, _):
            return images[:, 0]
    raise DatasetError(
        "Images must have the shape (n, 28, 28), (n, 784), (n, 28, 28, 1) or (n, 1, 28, 28), or "
        f"other heights and widths, or 3 or 4 channels at the end. Reshape them. {received}"
    )


def _as_levels(images: NDArray[Any], received: str) -> NDArray[np.uint8]:
    """Grey levels 0 to 255 of images in any of the accepted ranges."""
    if images.dtype.kind not in "buif":
        raise DatasetError(f"Images must be arrays of numbers. Convert them. {received}")
    low, high = float(images.min()), float(images.max())
    small = images.shape[1:] == (_SMALL_SIDE, _SMALL_SIDE) and high <= _SMALL_TOP
    # Comparisons with NaN are False, and lead to the error.
    if -1 <= low < 0 and high <= 1:
        offset, top = 1, 2
    elif low >= 0 and high <= 255:
        offset, top = 0, 1 if high <= 1 else _SMALL_TOP if small else 255
    else:
        raise DatasetError(
            "The range of the images must be 0 to 255, 0 to 1 or -1 to 1. Rescale them. "
            f"{received}, numbers from {low:g} to {high:g}"
        )
    if images.dtype == np.uint8 and top == 255:
        return images
    levels = np.empty(images.shape, np.uint8)
    # One by one: all of them in float64 would take eight times the memory of a Boolean array.
    for image, level in zip(images, levels, strict=True):
        level[...] = np.rint((image.astype(np.float64) + offset) * (255 / top))
    return levels


def _as_labels(labels: NDArray[Any], count: int) -> NDArray[np.int64]:
    """(n,) digits, one for each image."""
    given = np.asarray(labels)
    received = f"Received: {count:,} images, labels of shape {given.shape}, dtype {given.dtype}"
    digits = np.atleast_1d(given)
    if digits.ndim == 2 and digits.shape[1] == 1:
        digits = digits[:, 0]
    if digits.shape == (count, CLASSES) and digits.dtype.kind in "buif":
        one_hot, digits = digits, digits.argmax(axis=1)
        if not np.array_equal(one_hot, np.eye(CLASSES)[digits]):
            raise DatasetError(
                "One-hot labels must be nine zeros and a 1 in the place of the digit. Send the "
                f"digits themselves. {received}"
            )
    fits = digits.shape == (count,) and digits.dtype.kind in "uif"
    # Whole numbers may be floats; NaN does not equal itself.
    if not fits or not (digits == np.rint(digits)).all():
        raise DatasetError(
            f"Labels must be whole numbers, one for each image. Convert them. {received}"
        )
    if digits.min() < 0 or digits.max() >= CLASSES:
        raise DatasetError(
            "Labels must be the digits 0 to 9. Leave out images of anything else. Received: labels "
            f"from {digits.min():g} to {digits.max():g}"
        )
    return digits.astype(np.int64)
