"""Synthetic digits."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_core import Recognizer
from mnist_core.augmentation.digit_styles import STYLES
from mnist_core.augmentation.synthetic_digits import frame_of_strokes, synthesize_digits, write

MIDDLE = 14.0


def generator(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_synthesize_digits_returns_mnist_frames() -> None:
    labels = np.repeat(np.arange(10), 20)
    frames = synthesize_digits(labels, generator())
    assert (frames.shape, frames.dtype) == ((200, 28, 28), np.uint8)
    assert (frames.reshape(200, -1).max(axis=1) > 150).all()
    # As in MNIST: the ink in 20x20 pixels, its center of mass in the middle of the frame.
    for frame in frames:
        _, _, width, height = cv2.boundingRect(frame)
        assert max(width, height) <= 22
        moments = cv2.moments(frame)
        assert abs(moments["m10"] / moments["m00"] + 0.5 - MIDDLE) < 1
        assert abs(moments["m01"] / moments["m00"] + 0.5 - MIDDLE) < 1


def test_synthesize_digits_is_reproducible() -> None:
    labels = np.arange(10)
    first = synthesize_digits(labels, generator())
    assert (synthesize_digits(labels, generator()) == first).all()
    assert (synthesize_digits(labels, generator(4)) != first).any()


def test_write_never_draws_the_same_digit_twice() -> None:
    frames = write(STYLES[0], 50, generator())
    assert len({frame.tobytes() for frame in frames}) == 50


def test_synthesize_digits_of_no_labels_is_empty() -> None:
    assert synthesize_digits(np.array([], np.uint8), generator()).shape == (0, 28, 28)


def test_synthesize_digits_are_mostly_readable_for_a_network_trained_on_mnist(
    recognizer: Recognizer,
) -> None:
    # If all were readable, there would be nothing to learn from them.
    labels = np.repeat(np.arange(10), 60)
    answers = recognizer.classify(synthesize_digits(labels, generator())).argmax(axis=1)
    assert 0.6 < (answers == labels).mean() < 0.99


@given(
    points=arrays.arrays(
        np.float64,
        st.tuples(st.integers(2, 12), st.just(2)),
        elements=st.floats(-1e4, 1e4, allow_nan=False),
    ),
    pen=st.floats(0.01, 0.5),
)
@settings(deadline=None, max_examples=60)
def test_frame_of_strokes_accepts_any_stroke(points: np.ndarray, pen: float) -> None:
    frame = frame_of_strokes([points], pen)
    assert (frame.shape, frame.dtype) == ((28, 28), np.uint8)
    assert frame.max() > 60


def test_frame_of_strokes_has_more_ink_with_a_wider_pen() -> None:
    stroke = np.array([[0.0, 0.0], [0.3, 1.0]])
    ink = [int(frame_of_strokes([stroke], pen).sum()) for pen in (0.03, 0.08, 0.18)]
    assert ink[0] < ink[1] < ink[2]
