"""MNIST digits with other stroke widths."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core import Dataset, Recognizer
from mnist_core.augmentation.stroke_width import vary_stroke_width


def test_vary_stroke_width_keeps_the_digit_and_changes_the_pen(
    dataset: Dataset, recognizer: Recognizer
) -> None:
    frames, labels = dataset.x_train[:300], dataset.y_train[:300]
    again = vary_stroke_width(frames, np.random.default_rng(1))
    assert (again.shape, again.dtype) == ((300, 28, 28), np.uint8)
    assert (again != frames).any(axis=(1, 2)).all()
    assert (recognizer.classify(again).argmax(axis=1) == labels).mean() > 0.93
    # The widths vary more than in MNIST.
    ink, before = (pictures.reshape(300, -1).mean(axis=1) for pictures in (again, frames))
    assert (ink / before).min() < 0.7
    assert (ink / before).max() > 1.5


def test_vary_stroke_width_is_reproducible(dataset: Dataset) -> None:
    frames = dataset.x_train[:5]
    first = vary_stroke_width(frames, np.random.default_rng(1))
    assert (vary_stroke_width(frames, np.random.default_rng(1)) == first).all()
    assert (vary_stroke_width(frames, np.random.default_rng(2)) != first).any()


@pytest.mark.parametrize("grey", [0, 80])
def test_vary_stroke_width_keeps_frames_without_a_skeleton(grey: int) -> None:
    frames = np.full((2, 28, 28), grey, np.uint8)
    again = vary_stroke_width(frames, np.random.default_rng(1))
    assert (again == frames).all()
    assert again is not frames


def test_vary_stroke_width_of_no_frames_is_empty() -> None:
    assert vary_stroke_width(np.empty((0, 28, 28), np.uint8), np.random.default_rng(1)).shape == (
        0,
        28,
        28,
    )
