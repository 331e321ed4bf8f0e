"""The embedded MNIST."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_core import Dataset, DatasetError, InvalidImageError, load_mnist
from mnist_core.data import MNIST_PATH, check_frames, split_training


def test_load_mnist_returns_mnist(dataset: Dataset) -> None:
    assert dataset.x_train.shape == (60_000, 28, 28)
    assert dataset.x_test.shape == (10_000, 28, 28)
    for array in (dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test):
        assert array.dtype == np.uint8
    # The published number of each digit's test images.
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(dataset.y_test).tolist() == counts
    assert np.bincount(dataset.y_train).tolist()[0] == 5923


def test_load_mnist_returns_the_same_read_only_arrays(dataset: Dataset) -> None:
    assert load_mnist().x_test is dataset.x_test
    with pytest.raises(ValueError, match="read-only"):
        dataset.x_test[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (None, "cannot be read"),
        (lambda content: b"", "truncated or was altered"),
        (lambda content: content[: len(content) // 2], "truncated or was altered"),
        (lambda content: content[:5000] + b"\x00" + content[5001:], "truncated or was altered"),
        (lambda content: b"not an archive", "truncated or was altered"),
    ],
    ids=["missing", "empty", "truncated", "one byte altered", "something else"],
)
def test_load_mnist_explains_a_damaged_archive(tmp_path: Path, change, what: str) -> None:
    path = tmp_path / "mnist.npz"
    if change:
        path.write_bytes(change(MNIST_PATH.read_bytes()))
    with pytest.raises(DatasetError, match=what) as error:
        load_mnist(path)
    assert "git checkout" in str(error.value)
    assert str(path) in str(error.value)


def test_split_training_is_a_partition_that_depends_on_the_seed() -> None:
    validation, training = split_training(1, 0.1, 1000)
    assert (len(validation), len(training)) == (100, 900)
    assert sorted([*validation, *training]) == list(range(1000))
    assert (split_training(1, 0.1, 1000)[0] == validation).all()
    assert (split_training(2, 0.1, 1000)[0] != validation).any()


def test_check_frames_accepts_any_number_of_frames() -> None:
    for count in (0, 1, 3):
        check_frames(np.zeros((count, 28, 28), np.uint8))


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros((1, 28, 27), np.uint8),
        np.zeros((1, 28, 28)),
        np.array(3),
    ],
)
def test_check_frames_refuses_other_arrays(images: np.ndarray) -> None:
    with pytest.raises(InvalidImageError, match="Received"):
        check_frames(images)
    with pytest.raises(DatasetError, match="Received"):
        check_frames(images, error=DatasetError)
