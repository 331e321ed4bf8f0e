"""A preview of a training's images."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core import Dataset, TrainingConfig, TrainingError
from mnist_core.training.preview import draw_samples


@pytest.mark.parametrize("count", [1, 40])
def test_draw_samples_without_augmentation_are_mnist_images(count: int, dataset: Dataset) -> None:
    frames = draw_samples(TrainingConfig(architecture="mlp"), count)
    assert (frames.shape, frames.dtype) == ((count, 28, 28), np.uint8)
    known = {image.tobytes() for image in dataset.x_train}
    assert all(frame.tobytes() in known for frame in frames)


@pytest.mark.slow
def test_draw_samples_with_augmentation_are_new_and_reproducible(dataset: Dataset) -> None:
    config = TrainingConfig(architecture="cnn", augmentation=1.0)
    frames = draw_samples(config, 20)
    assert (frames.shape, frames.dtype) == ((20, 28, 28), np.uint8)
    known = {image.tobytes() for image in dataset.x_train}
    assert not all(frame.tobytes() in known for frame in frames)
    assert np.array_equal(frames, draw_samples(config, 20))


def test_draw_samples_explains_a_failed_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(TrainingError, match="could not be made"):
        draw_samples(TrainingConfig(architecture="cnn", augmentation=1.0))
