"""What training does to the images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_core import Dataset, Recognizer

pytestmark = pytest.mark.slow  # TensorFlow


@pytest.fixture(scope="module")
def draw() -> Callable[..., list[tuple[np.ndarray, np.ndarray]]]:
    """Batches as arrays: of (frames, labels, share) each, a size, steps and a seed."""
    from mnist_core.augmentation.transforms import Source, batches

    def drawn(sources: Any, *arguments: Any, **settings: Any) -> list[Any]:
        held = [Source(*source) for source in sources]
        return [(x.numpy(), y.numpy()) for x, y in batches(held, *arguments, **settings)]

    return drawn


def numbered(count: int, share: float = 1.0, first: int = 0) -> tuple[Any, ...]:
    """Frames that are told apart by their labels."""
    labels = np.arange(first, first + count, dtype=np.uint8)
    return np.full((count, 28, 28), 200, np.uint8), labels, share


def test_a_batch_is_images_and_labels(dataset: Dataset, draw: Any) -> None:
    ((images, labels),) = draw([(dataset.x_train, dataset.y_train, 1.0)], 64, range(1), 7)
    assert (images.shape, images.dtype) == ((64, 28, 28), np.float32)
    assert (labels.shape, labels.dtype) == ((64,), np.int32)
    assert images.min() >= 0
    assert images.max() <= 255
    assert np.isfinite(images).all()


def test_every_image_comes_once_before_any_comes_again(draw: Any) -> None:
    labels = np.concatenate([y for _, y in draw([numbered(50)], 20, range(10), 7, strength=0)])
    for turn in labels.reshape(4, 50):
        assert sorted(turn) == list(range(50))
    assert len({tuple(turn) for turn in labels.reshape(4, 50)}) == 4


def test_without_strength_images_stay_as_they_are(dataset: Dataset, draw: Any) -> None:
    frames = dataset.x_train[:100]
    source = (frames, np.arange(100, dtype=np.uint8), 1.0)
    for images, labels in draw([source], 30, range(4), 1, strength=0):
        assert (images == frames[labels]).all()


def test_each_source_has_its_share_of_every_batch(draw: Any) -> None:
    sources = [numbered(30, 0.6), numbered(30, 0.3, 100), numbered(5, 0.1, 200)]
    for _, labels in draw(sources, 40, range(5), 7):
        kinds = labels // 100
        assert [(kinds == k).sum() for k in range(3)] == [24, 12, 4]


def test_a_step_has_the_same_batch_wherever_one_begins(dataset: Dataset, draw: Any) -> None:
    source = (dataset.x_train[:500], dataset.y_train[:500], 1.0)
    whole, later = draw([source], 32, range(8), 9), draw([source], 32, range(5, 8), 9)
    for (images, labels), (same, answers) in zip(whole[5:], later, strict=True):
        assert (images == same).all()
        assert (labels == answers).all()
    other = draw([source], 32, range(1), 10)
    assert (other[0][0] != whole[0][0]).any()


def test_images_change_by_strengths_of_their_own_and_can_still_be_read(
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
    # Harder than MNIST for a network that knows only MNIST, and not hopeless.
    assert 0.8 < (answers == order).mean() < 0.985


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_seeds_reach_to_the_ends_of_their_range(draw: Any, seed: int) -> None:
    assert len(draw([numbered(5)], 3, range(2), seed)) == 2
