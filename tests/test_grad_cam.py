"""Grad-CAM, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_core import Dataset, InvalidImageError, MnistError, ModelLoadError
from mnist_core.grad_cam import GradCam
from mnist_core.registry import KERAS, load_card, models_directory


@pytest.fixture(scope="module")
def process() -> Iterator[GradCam]:
    """One for all tests here: TensorFlow takes seconds to load."""
    process = GradCam()
    yield process
    process.close()


def test_the_map_lies_where_the_digit_is(process: GradCam, dataset: Dataset) -> None:
    frame = dataset.x_test[0]
    heat = process.map(load_card("champion"), frame, 7)
    assert (heat.shape, heat.dtype) == ((28, 28), np.float32)
    assert heat.min() >= 0
    assert heat.max() == pytest.approx(1)
    # It is coarse, seven by seven; but it looks at the ink more than elsewhere.
    assert heat[frame > 128].mean() > heat[frame == 0].mean()
    other = process.map(load_card("champion"), frame, 2)
    assert np.abs(other - heat).max() > 0.2
    again = process.map(load_card("champion"), frame, 7)
    assert (again == heat).all()
    blank = process.map(load_card("cnn"), np.zeros((28, 28), np.uint8), 1)
    assert np.isfinite(blank).all()


def test_a_network_without_convolutions_says_so_and_the_process_lives_on(
    process: GradCam, dataset: Dataset
) -> None:
    with pytest.raises(MnistError, match="needs a network with convolutions"):
        process.map(load_card("mlp"), dataset.x_test[0], 7)
    assert process.map(load_card("cnn"), dataset.x_test[0], 7).max() == pytest.approx(1)


@pytest.mark.slow
def test_a_process_that_was_ended_is_started_again(process: GradCam, dataset: Dataset) -> None:
    process.map(load_card("cnn"), dataset.x_test[0], 7)
    first = process._process
    assert first is not None
    first.kill()
    first.wait()
    assert process.map(load_card("cnn"), dataset.x_test[0], 7).max() == pytest.approx(1)
    assert process._process is not first


@pytest.mark.parametrize("shape", [(28, 27), (1, 28, 28)])
def test_what_is_no_frame_is_refused_without_a_process(shape: tuple[int, ...]) -> None:
    process = GradCam()
    with pytest.raises(InvalidImageError):
        process.map(load_card("cnn"), np.zeros(shape, np.uint8), 1)
    assert process._process is None


def test_a_missing_or_damaged_keras_model_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(models_directory() / "mlp", tmp_path / "mlp")
    monkeypatch.setenv("MNIST_MODELS", str(tmp_path))
    process, frame = GradCam(), np.zeros((28, 28), np.uint8)
    (tmp_path / "mlp" / KERAS).write_bytes(b"no model")
    with pytest.raises(ModelLoadError, match="altered"):
        process.map(load_card("mlp"), frame, 1)
    (tmp_path / "mlp" / KERAS).unlink()
    with pytest.raises(ModelLoadError, match="cannot be read"):
        process.map(load_card("mlp"), frame, 1)
    assert process._process is None
