"""Synthetic numbers for the string network."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core import load_mnist
from mnist_core.augmentation.digit_strings import NON_DIGIT, write_strings
from mnist_core.augmentation.glyphs import GlyphPool
from mnist_core.preprocessing.framing import LINE_HEIGHT


@pytest.fixture(scope="module")
def pool() -> GlyphPool:
    digits = load_mnist().training.select(slice(500))
    return GlyphPool(digits, np.random.default_rng(0), size=0.005)


def test_strings_have_the_size_and_labels_asked_for(pool: GlyphPool) -> None:
    images, labels = write_strings(40, 3, 128, pool, np.random.default_rng(1))
    assert images.shape == (40, LINE_HEIGHT, 128)
    assert images.dtype == np.uint8
    assert labels.shape == (40, 3)
    assert labels.min() >= -1
    assert labels.max() <= NON_DIGIT
    assert (images.reshape(40, -1).max(axis=1) > 200).all()


def test_string_that_is_too_wide_becomes_shorter(pool: GlyphPool) -> None:
    images, labels = write_strings(10, 8, 64, pool, np.random.default_rng(1))
    assert images.shape == (10, LINE_HEIGHT, 64)
    assert (labels == -1).any(axis=1).mean() > 0.5
    assert (labels[:, 0] >= 0).all()


def test_same_random_state_writes_the_same_strings(pool: GlyphPool) -> None:
    first, second = (write_strings(5, 2, 96, pool, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_many_strings_are_one_piece_of_ink(pool: GlyphPool) -> None:
    import cv2

    images, _ = write_strings(100, 2, 96, pool, np.random.default_rng(3))
    pieces = [cv2.connectedComponents((image > 100).view(np.uint8))[0] - 1 for image in images]
    assert 20 < sum(count == 1 for count in pieces) < 90
