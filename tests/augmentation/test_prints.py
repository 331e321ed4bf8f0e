"""Printed signs."""

from __future__ import annotations

import numpy as np

from mnist_core import load_recognizer
from mnist_core.augmentation.prints import print_digits, print_sign


def test_print_digits_are_readable_and_reproducible() -> None:
    labels = np.arange(100) % 10
    frames = print_digits(labels, np.random.default_rng(1))
    assert (frames.shape, frames.dtype) == ((100, 28, 28), np.uint8)
    recognizer = load_recognizer("champion")
    assert (recognizer.classify(frames).argmax(axis=1) == labels).mean() > 0.95
    assert np.array_equal(frames[:5], print_digits(labels[:5], np.random.default_rng(1)))
    assert print_digits(labels[:0], np.random.default_rng(1)).shape == (0, 28, 28)


def test_print_sign_varies_its_fonts() -> None:
    random = np.random.default_rng(2)
    frames = {print_sign("R", random).tobytes() for _ in range(20)}
    assert len(frames) == 20
