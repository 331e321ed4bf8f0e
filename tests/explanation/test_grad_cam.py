"""Grad-CAM, in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_core import Dataset, InvalidImageError, MnistError, ModelLoadError
from mnist_core.explanation.grad_cam import GradCam
from mnist_core.registry.card import KERAS
from mnist_core.registry.store import load_card
from mnist_core.storage.paths import models_directory


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
    # It is coarse, six by six; but it looks at the ink more than elsewhere.
    assert heat[frame > 128].mean() > heat[frame == 0].mean()
    other = process.map(load_card("champion"), frame, 2)
    assert np.abs(other - heat).max() > 0.2
    again = process.map(load_card("champion"), frame, 7)
    assert (again == heat).all()
    blank = process.map(load_card("cnn"), np.zeros((28, 28), np.uint8), 1)
    assert np.isfinite(blank).all()


# What a pixel of the map sees of the frame, by the gradient, and where its middle is said to be.
SEEN = """
import json
import numpy as np, tensorflow as tf
from mnist_core.networks.architectures import get_architecture
from mnist_core.explanation.grad_cam import _late_convolution, _paths
models = [get_architecture(name).build() for name in ("cnn", "champion")]
for name, path in [(model.name, path) for model in models for path in _paths(model)]:
    after, first, step = _late_convolution(path, name)
    frame = tf.constant(np.random.default_rng(3).uniform(0, 255, (1, 28, 28)).astype(np.float32))
    middles, told = [], []
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(frame)
        maps = frame
        for layer in path[:after - 1]:
            maps = layer(maps)
        parts = [tf.reduce_sum(tf.abs(maps[0, at, at])) for at in range(maps.shape[1])]
    for at, part in enumerate(parts):
        rows = np.flatnonzero(np.abs(tape.gradient(part, frame)[0]).sum(axis=1))
        middles.append((rows[0] + rows[-1]) / 2)
        told.append(first + step * at)
    print(json.dumps([name, maps.shape[1], middles, told]))
"""


def test_the_map_is_laid_over_what_its_pixels_see() -> None:
    run = subprocess.run([sys.executable, "-c", SEEN], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    told = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(name, side) for name, side, *_ in told] == [
        ("cnn", 8),
        ("champion", 6),
        ("champion", 8),
        ("champion", 6),
    ]
    for _, _, middles, places in told:
        # A gradient that is 0 by chance takes a pixel off a border.
        assert places == pytest.approx(middles, abs=1)


# What the paths through the branches add is the logit, but for the last layer's bias.
ADDED = """
import numpy as np
from mnist_core.networks.architectures import get_architecture
from mnist_core.explanation.grad_cam import _paths
model = get_architecture("champion").build()
image = np.random.default_rng(3).uniform(0, 255, (1, 28, 28)).astype(np.float32)
model.layers[-1].bias.assign(np.arange(11))
total = np.asarray(model.layers[-1].bias)[np.newaxis]
for path in _paths(model):
    values = image
    for layer in path:
        values = layer(values)
    total = total + np.asarray(values)
print(np.abs(total - model(image)).max())
"""


def test_branches_add_up_to_the_answer() -> None:
    run = subprocess.run([sys.executable, "-c", ADDED], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert float(run.stdout) < 1e-4


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
