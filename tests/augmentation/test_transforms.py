"""Augmentation of training images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_core import Dataset, Recognizer

pytestmark = pytest.mark.slow  # TensorFlow


@pytest.fixture(scope="module")
def draw() -> Callable[..., list[tuple[np.ndarray, np.ndarray]]]:
    """A function that returns batches as arrays; sources are (frames, labels, share)."""
    from mnist_core.augmentation.transforms import Source, batches

    def draw(sources: Any, *arguments: Any, **settings: Any) -> list[Any]:
        instances = [Source(*source) for source in sources]
        return [(x.numpy(), y.numpy()) for x, y in batches(instances, *arguments, **settings)]

    return draw


def numbered(count: int, share: float = 1.0, first: int = 0) -> tuple[Any, ...]:
    """A source of equal frames, numbered by their labels."""
    labels = np.arange(first, first + count, dtype=np.uint8)
    return np.full((count, 28, 28), 200, np.uint8), labels, share


def test_batches_have_images_and_labels(dataset: Dataset, draw: Any) -> None:
    ((images, labels),) = draw([(dataset.x_train, dataset.y_train, 1.0)], 64, range(1), 7)
    assert (images.shape, images.dtype) == ((64, 28, 28), np.float32)
    assert (labels.shape, labels.dtype) == ((64,), np.int32)
    assert images.min() >= 0
    assert images.max() <= 255
    assert np.isfinite(images).all()


def test_batches_contain_every_image_once_per_pass(draw: Any) -> None:
    labels = np.concatenate([y for _, y in draw([numbered(50)], 20, range(10), 7, strength=0)])
    for epoch in labels.reshape(4, 50):
        assert sorted(epoch) == list(range(50))
    assert len({tuple(epoch) for epoch in labels.reshape(4, 50)}) == 4


def test_batches_with_strength_zero_are_not_augmented(dataset: Dataset, draw: Any) -> None:
    frames = dataset.x_train[:100]
    source = (frames, np.arange(100, dtype=np.uint8), 1.0)
    for images, labels in draw([source], 30, range(4), 1, strength=0):
        assert (images == frames[labels]).all()


def test_batches_have_the_share_of_each_source(draw: Any) -> None:
    sources = [numbered(30, 0.6), numbered(30, 0.3, 100), numbered(5, 0.1, 200)]
    for _, labels in draw(sources, 40, range(5), 7):
        kinds = labels // 100
        assert [(kinds == k).sum() for k in range(3)] == [24, 12, 4]


def test_batches_of_a_step_do_not_depend_on_the_first_step(dataset: Dataset, draw: Any) -> None:
    source = (dataset.x_train[:500], dataset.y_train[:500], 1.0)
    all_steps, later = draw([source], 32, range(8), 9), draw([source], 32, range(5, 8), 9)
    for (images, labels), (same, answers) in zip(all_steps[5:], later, strict=True):
        assert (images == same).all()
        assert (labels == answers).all()
    other = draw([source], 32, range(1), 10)
    assert (other[0][0] != all_steps[0][0]).any()


def test_batches_are_augmented_with_random_strength_and_remain_readable(
    dataset: Dataset, recognizer: Recognizer, draw: Any
) -> None:
    frames = dataset.x_train[:2000]
    labels = dataset.y_train[:2000]
    ((images, _),) = draw([(frames, labels, 1.0)], 2000, range(1), 3)
    ((clean, order),) = draw([(frames, labels, 1.0)], 2000, range(1), 3, strength=0)
    change = np.abs(images - clean).mean(axis=(1, 2))
    assert np.quantile(change, 0.02) < 4
    assert np.quantile(change, 0.98) > 15
    answers = recognizer.classify(images.astype(np.uint8)).argmax(axis=1)
    # Harder than MNIST for a network trained on MNIST alone, but mostly readable.
    assert 0.8 < (answers == order).mean() < 0.985


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_batches_accept_the_smallest_and_largest_seed(draw: Any, seed: int) -> None:
    assert len(draw([numbered(5)], 3, range(2), seed)) == 2
