"""One training on several devices, and on several machines."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_core import list_models
from mnist_core.registry.card import HISTORY
from mnist_core.runs.store import list_runs

ROOT = Path(__file__).resolve().parents[2]

# The same settings and images on one device and on so many parts of the processor.
MIRRORED = """
import dataclasses, json, sys
from pathlib import Path
import numpy as np, tensorflow as tf
replicas, folder, settings = int(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
(processor,) = tf.config.list_physical_devices("CPU")
part = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(processor, [part] * max(1, replicas))
import keras
from mnist_core import TrainingConfig, load_mnist
from mnist_core.training import fitting
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.distributed.trainer import DistributedTrainer
from mnist_core.training.events import EpochEnd, Message
fitting._REDRAWN, fitting._DRAWN, fitting._OUTLIERS = (50, 0.125), (50, 0.1875), (50, 0.125)
config = TrainingConfig(**settings, strategy="mirrored" if replicas else "default")
told = []
def on_event(event):
    if isinstance(event, Message):
        told.append(event.text)
    if isinstance(event, EpochEnd):
        told.append(f"epoch {event.epoch}")
trainer = DistributedTrainer(config, on_event) if replicas else None
keras.utils.set_random_seed(config.seed)
d = load_mnist()
training, validation = (d.x_train[:1001], d.y_train[:1001]), (d.x_train[-50:], d.y_train[-50:])
def stopping():
    return "epoch 1" in told
checkpoints = Checkpoints(folder, {})
fit = trainer.fit if trainer else fitting.fit
model, curves = fit(
    config, training, validation, on_event, checkpoints,
    stopping=stopping if "stop" in sys.argv else lambda: False,
)
weights = np.concatenate([np.ravel(w) for w in model.get_weights()])
np.save(folder / "weights.npy", weights)
print(json.dumps({"curves": curves, "told": told}))
"""


def mirrored(replicas: int, folder: Path, *arguments: str, **settings: object) -> Any:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", MIRRORED, str(replicas), str(folder), json.dumps(settings)]
    result = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    answer = json.loads(result.stdout.splitlines()[-1])
    return answer["curves"], answer["told"], np.load(folder / "weights.npy")


def test_two_devices_learn_what_one_learns(tmp_path: Path) -> None:
    # The last batch has one image: a replica gets none.
    settings = {"architecture": "mlp", "epochs": 2, "batch_size": 100}
    alone, told_alone, weights_alone = mirrored(0, tmp_path / "alone", **settings)
    curves, told, weights = mirrored(2, tmp_path / "two", **settings)
    assert told == ["Training on 2 devices.", *told_alone]
    assert curves.keys() == alone.keys()
    for name, values in curves.items():
        assert values == pytest.approx(alone[name], abs=2e-3), name
    assert np.abs(weights - weights_alone).max() < 1e-3
    assert np.abs(weights_alone).max() > 0.1


@pytest.mark.slow
def test_a_training_on_devices_is_stopped_and_resumed(tmp_path: Path) -> None:
    settings = {"architecture": "mlp", "epochs": 3, "batch_size": 100}
    whole, _, weights_whole = mirrored(2, tmp_path / "whole", **settings)
    stopped, told, _ = mirrored(2, tmp_path / "parts", "stop", **settings)
    assert told[-1] == f"epoch {len(stopped['loss'])}"
    assert 1 <= len(stopped["loss"]) < 3
    resumed, told, weights = mirrored(2, tmp_path / "parts", **settings)
    assert told[1] == f"Going on after epoch {len(stopped['loss'])}"
    assert resumed["loss"] == pytest.approx(whole["loss"], abs=1e-4)
    assert np.abs(weights - weights_whole).max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"architecture": "cnn", "augmentation": 0.3},
        {"architecture": "cnn", "mixed_precision": True, "optimizer": "sgd"},
        {"architecture": "champion", "patience": 1},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
def test_two_devices_learn_whatever_is_trained(tmp_path: Path, settings: dict[str, object]) -> None:
    # Slices of 16 and 17 images.
    curves, told, weights = mirrored(2, tmp_path / "two", epochs=3, batch_size=33, **settings)
    assert told[0] == "Training on 2 devices."
    assert np.isfinite(weights).all()
    assert curves["loss"][-1] < 0.8 * curves["loss"][0]
    assert curves["accuracy"][-1] > 1.2 * curves["accuracy"][0]


@pytest.mark.slow
def test_the_statistics_of_normalizations_are_those_of_all_devices(tmp_path: Path) -> None:
    settings = {"architecture": "cnn", "epochs": 14, "batch_size": 33}
    alone, _, _ = mirrored(0, tmp_path / "alone", **settings)
    curves, _, _ = mirrored(2, tmp_path / "two", **settings)
    # Of no use at first, for they move slowly; and they are what the held-out images go through.
    assert alone["val_accuracy"][0] < 0.3
    assert curves["val_accuracy"][0] < 0.3
    assert alone["val_accuracy"][-1] > 0.5
    assert curves["val_accuracy"][-1] > 0.5


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[Any]:
    """Starts both workers of a training, each with folders of its own: its processes."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, others: tuple[str, ...] | None = None) -> Any:
        addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        pair = []
        for index in (0, 1):
            task = {"type": "worker", "index": index}
            own = tmp_path / f"worker-{index}"
            environment = {
                "TF_CONFIG": json.dumps({"cluster": {"worker": addresses}, "task": task}),
                "MNIST_RUNS": str(own / "runs"),
                "MNIST_MODELS": str(own / "models"),
            }
            given = arguments if index == 0 or others is None else others
            command = [sys.executable, "-m", "mnist_core", "train", "--strategy", "multiworker"]
            pair.append(
                subprocess.Popen(
                    [*command, *given],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                    env=os.environ | environment,
                )
            )
        processes.extend(pair)
        return pair

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.mark.slow
def test_two_workers_train_to_the_accuracy_of_one(
    two_workers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ("--architecture", "mlp", "--epochs", "2", "--name", "both")
    chief, other = two_workers(*settings)
    said = chief.communicate(timeout=500)
    helped = other.communicate(timeout=60)
    assert chief.returncode == 0, said
    assert other.returncode == 0, helped
    assert "Training on 2 devices." in said[0]
    assert "Waiting for the first worker to save the model" in helped[0]

    alone = tmp_path / "alone"
    result = subprocess.run(
        [sys.executable, "-m", "mnist_core", "train", *settings],
        cwd=ROOT,
        check=False,
        env=os.environ | {"MNIST_RUNS": str(alone), "MNIST_MODELS": str(alone / "models")},
    )
    assert result.returncode == 0
    (one,) = list_models(alone / "models")
    folder = tmp_path / "worker-0" / "models"
    (two,) = list_models(folder)
    assert two.configuration["strategy"] == "multiworker"
    assert one.test_accuracy > 0.96
    assert two.test_accuracy == pytest.approx(one.test_accuracy, abs=0.003)
    curves, curves_alone = (
        json.loads((path / "both" / HISTORY).read_text()) for path in (folder, alone / "models")
    )
    # The same batches in the same order: all that differs is rounding.
    assert curves["loss"] == pytest.approx(curves_alone["loss"], abs=0.003)
    assert curves["val_accuracy"] == pytest.approx(curves_alone["val_accuracy"], abs=0.003)
    # One of them writes, and the other nothing.
    monkeypatch.setenv("MNIST_RUNS", str(tmp_path / "worker-0" / "runs"))
    assert [run.state for run in list_runs()] == ["done"]
    assert not (tmp_path / "worker-1").exists()


@pytest.mark.slow
def test_who_loses_a_worker_says_so_and_goes_on_with_the_same_command(
    two_workers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (
        "--architecture",
        "mlp",
        "--epochs",
        "4",
        "--name",
        "both",
        "--target-accuracy",
        "1",
    )
    chief, other = two_workers(*settings)
    for line in chief.stdout:
        if line.startswith("epoch 1/4"):
            break
    other.send_signal(signal.SIGKILL)
    _, errors = chief.communicate(timeout=200)
    assert chief.returncode == 2
    assert "Another worker is gone" in errors
    monkeypatch.setenv("MNIST_RUNS", str(tmp_path / "worker-0" / "runs"))
    (run,) = list_runs()
    assert run.state == "failed"
    done = run.epochs_done
    assert 1 <= done < 4

    chief, other = two_workers(*settings)
    said, errors = chief.communicate(timeout=500)
    assert chief.returncode == 0, errors
    assert f"Going on after epoch {done}" in said
    (run,) = list_runs()
    assert run.state == "done"
    assert f"Going on after epoch {done}" in other.communicate(timeout=60)[0]


@pytest.mark.slow
def test_workers_of_different_settings_are_told_so(two_workers: Any) -> None:
    pair = two_workers(
        "--architecture", "mlp", "--name", "x", others=("--architecture", "mlp", "--seed", "3")
    )
    for process in pair:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 2
        assert "different settings" in errors
