"""The small change that makes an image another digit for a network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnist_core import InvalidImageError, Recognizer, load_mnist, load_recognizer
from mnist_core.explanation.crossing import find_crossing

SOURCES = 4


@pytest.fixture(scope="module")
def mlp() -> Recognizer:
    return load_recognizer("mlp")


def _ink_on_the_right(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A network that reads 1 if there is ink in five pixels at the right border, else 0."""
    share = (frames[:, 10:15, 27] > 99).mean(axis=1, dtype=np.float32)
    answers = np.zeros((len(frames), 10), np.float32)
    answers[:, 1] = 0.1 + 0.8 * share**4
    answers[:, 0] = 1 - answers[:, 1]
    return answers


def test_change_is_no_larger_than_needed() -> None:
    frame = np.zeros((28, 28), np.uint8)
    source = np.full((28, 28), 255, np.uint8)
    crossing = find_crossing(_ink_on_the_right, frame, source[np.newaxis], 1)
    assert crossing is not None
    assert crossing.label == 1
    # All five pixels are needed; the smallest cells that hold them are three of 2 by 2.
    assert crossing.pixels == 12
    assert (crossing.frame[10:15, 27] == 255).all()


def test_source_that_needs_less_is_taken() -> None:
    frame, dark, bright = (np.full((28, 28), level, np.uint8) for level in (0, 100, 255))
    crossing = find_crossing(_ink_on_the_right, frame, np.stack([frame, bright, dark]), 1)
    assert crossing is not None
    assert crossing.source == 2


def test_sources_that_are_not_read_as_the_digit_are_left_out() -> None:
    frame = np.zeros((28, 28), np.uint8)
    assert find_crossing(_ink_on_the_right, frame, frame[np.newaxis], 1) is None


def test_image_that_is_the_digit_is_not_changed() -> None:
    frame = np.full((28, 28), 200, np.uint8)
    crossing = find_crossing(_ink_on_the_right, frame, np.stack([frame, frame + 9]), 1)
    assert crossing is not None
    assert crossing.pixels == 0


def test_other_shapes_are_refused() -> None:
    frame = np.zeros((28, 28), np.uint8)
    for first, sources in ((frame[1:], frame[np.newaxis]), (frame, frame)):
        with pytest.raises(InvalidImageError):
            find_crossing(_ink_on_the_right, first, sources, 1)


@settings(deadline=None, max_examples=20)
@given(image=st.integers(0, 9999), noise=st.integers(0, 2**32 - 1), digit=st.integers(0, 9))
def test_changed_image_is_read_as_the_digit(
    mlp: Recognizer, image: int, noise: int, digit: int
) -> None:
    mnist = load_mnist()
    rng = np.random.default_rng(noise)
    places = np.flatnonzero(mnist.y_train[:5000] == digit)
    sources = mnist.x_train[rng.choice(places, SOURCES)]
    frame = mnist.x_test[image].copy()
    if noise % 2:
        frame = rng.integers(0, 256, frame.shape, np.uint8)
    crossing = find_crossing(mlp.classify, frame, sources, digit)
    if crossing is None:
        assert (mlp.classify(sources).argmax(axis=1) != digit).all()
        return
    assert crossing.label == mlp.classify(crossing.frame[np.newaxis])[0].argmax() == digit
    source = sources[crossing.source]
    assert ((crossing.frame == frame) | (crossing.frame == source)).all()
