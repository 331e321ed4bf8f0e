"""Non-digits made of images of digits."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from mnist_core import Dataset
from mnist_core.augmentation.damaged_images import halve_images, join_images, strike_images
from mnist_core.data import LabelledArrays

Make = Callable[[LabelledArrays, int, np.random.Generator], np.ndarray]


@pytest.fixture(scope="module")
def digits(dataset: Dataset) -> LabelledArrays:
    return dataset.training.select(slice(200))


@pytest.mark.parametrize("make", [halve_images, join_images, strike_images])
def test_damaged_images_are_frames_and_reproducible(make: Make, digits: LabelledArrays) -> None:
    frames = make(digits, 30, np.random.default_rng(3))
    assert (frames.shape, frames.dtype) == ((30, 28, 28), np.uint8)
    assert len(np.unique(frames, axis=0)) == 30
    assert np.ptp(frames, axis=(1, 2)).min() > 100
    assert np.array_equal(frames[:9], make(digits, 9, np.random.default_rng(3)))
    assert make(digits, 0, np.random.default_rng(3)).shape == (0, 28, 28)


def test_halves_are_no_bars(digits: LabelledArrays) -> None:
    for frame in halve_images(digits, 60, np.random.default_rng(4)):
        _, sides, _ = cv2.minAreaRect(cv2.findNonZero((frame > 100).astype(np.uint8)))
        assert max(sides) + 1 < 4 * (min(sides) + 1)


def test_pairs_are_wider_than_one_digit(digits: LabelledArrays) -> None:
    boxes = [cv2.boundingRect(f) for f in join_images(digits, 60, np.random.default_rng(5))]
    assert np.median([width / height for _, _, width, height in boxes]) > 1


def test_strikes_add_ink(digits: LabelledArrays) -> None:
    struck = strike_images(digits, 60, np.random.default_rng(6))
    assert struck.mean() > 1.3 * digits.images.mean()
