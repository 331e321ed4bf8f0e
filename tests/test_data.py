"""The embedded MNIST."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_core import Dataset, DatasetError, load_mnist
from mnist_core.data import MNIST_PATH


def test_the_arrays_are_mnist(dataset: Dataset) -> None:
    assert dataset.x_train.shape == (60_000, 28, 28)
    assert dataset.x_test.shape == (10_000, 28, 28)
    for array in (dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test):
        assert array.dtype == np.uint8
    # The published counts of each digit in the test half.
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(dataset.y_test).tolist() == counts
    assert np.bincount(dataset.y_train).tolist()[0] == 5923


def test_everyone_gets_the_same_arrays_and_nobody_can_change_them(dataset: Dataset) -> None:
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
def test_a_damaged_archive_is_explained(tmp_path: Path, change, what: str) -> None:
    path = tmp_path / "mnist.npz"
    if change:
        path.write_bytes(change(MNIST_PATH.read_bytes()))
    with pytest.raises(DatasetError, match=what) as error:
        load_mnist(path)
    assert "git checkout" in str(error.value)
    assert str(path) in str(error.value)
