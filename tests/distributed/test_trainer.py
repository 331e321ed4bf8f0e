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
from support.processes import run_with_tensorflow
from support.trainings import Fit, fit_few

from mnist_core import list_models
from mnist_core.registry.card import HISTORY
from mnist_core.runs.store import list_runs

ROOT = Path(__file__).resolve().parents[2]


def fit(folder: Path, replicas: int, stop_after: int | None = None, **settings: object) -> Fit:
    """Train on 1001 images: the last batch may have fewer than there are replicas."""
    return run_with_tensorflow(
        fit_few, folder, settings, images=1001, replicas=replicas, stop_after=stop_after
    )


@pytest.mark.slow
def test_fit_on_two_devices_learns_the_same_as_on_one(tmp_path: Path) -> None:
    settings = {"architecture": "mlp", "epochs": 2, "batch_size": 100}
    one = fit(tmp_path / "one", 0, **settings)
    two = fit(tmp_path / "two", 2, **settings)
    assert two.log == ["Training on 2 devices.", *one.log]
    assert two.curves.keys() == one.curves.keys()
    for name, values in two.curves.items():
        assert values == pytest.approx(one.curves[name], abs=2e-3), name
    assert np.abs(two.weights - one.weights).max() < 1e-3
    assert np.abs(one.weights).max() > 0.1


@pytest.mark.slow
def test_fit_on_two_devices_is_stopped_and_resumed(tmp_path: Path) -> None:
    settings = {"architecture": "mlp", "epochs": 3, "batch_size": 100}
    whole = fit(tmp_path / "whole", 2, **settings)
    stopped = fit(tmp_path / "parts", 2, stop_after=1, **settings)
    done = len(stopped.curves["loss"])
    assert stopped.log[-1] == f"epoch {done}"
    assert 1 <= done < 3
    resumed = fit(tmp_path / "parts", 2, **settings)
    assert resumed.log[1] == f"Resuming after epoch {done}"
    assert resumed.curves["loss"] == pytest.approx(whole.curves["loss"], abs=1e-4)
    assert np.abs(resumed.weights - whole.weights).max() < 1e-4


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
def test_fit_on_two_devices_learns_with_all_settings(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    # Slices of 16 and 17 images.
    two = fit(tmp_path, 2, epochs=3, batch_size=33, **settings)
    assert two.log[0] == "Training on 2 devices."
    assert np.isfinite(two.weights).all()
    assert two.curves["loss"][-1] < 0.8 * two.curves["loss"][0]
    assert two.curves["accuracy"][-1] > 1.2 * two.curves["accuracy"][0]


@pytest.mark.slow
def test_fit_averages_the_statistics_of_normalizations_over_devices(tmp_path: Path) -> None:
    settings = {"architecture": "cnn", "epochs": 14, "batch_size": 33}
    # The statistics change slowly, so that the validation accuracy is low at first.
    for replicas in (0, 2):
        accuracy = fit(tmp_path / str(replicas), replicas, **settings).curves["val_accuracy"]
        assert accuracy[0] < 0.3
        assert accuracy[-1] > 0.5


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[Any]:
    """A function that starts both workers of a training, each with its own folders."""
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
def test_two_workers_reach_the_accuracy_of_one(
    two_workers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ("--architecture", "mlp", "--epochs", "2", "--name", "both")
    chief, other = two_workers(*settings)
    output = chief.communicate(timeout=500)
    other_output = other.communicate(timeout=60)
    assert chief.returncode == 0, output
    assert other.returncode == 0, other_output
    assert "Training on 2 devices." in output[0]
    assert "Waiting for the first worker to save the model" in other_output[0]

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
    # The same batches in the same order: only rounding differs.
    assert curves["loss"] == pytest.approx(curves_alone["loss"], abs=0.003)
    assert curves["val_accuracy"] == pytest.approx(curves_alone["val_accuracy"], abs=0.003)
    # Only the chief writes files.
    monkeypatch.setenv("MNIST_RUNS", str(tmp_path / "worker-0" / "runs"))
    assert [run.state for run in list_runs()] == ["done"]
    assert not (tmp_path / "worker-1").exists()


@pytest.mark.slow
def test_lost_worker_is_reported_and_the_same_command_resumes(
    two_workers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ("--architecture", "mlp", "--epochs", "4", "--name", "both", "--target-accuracy=1")
    chief, other = two_workers(*settings)
    for line in chief.stdout:
        if line.startswith("epoch 1/4"):
            break
    other.send_signal(signal.SIGKILL)
    _, errors = chief.communicate(timeout=200)
    assert chief.returncode == 2
    assert "Another worker was lost" in errors
    monkeypatch.setenv("MNIST_RUNS", str(tmp_path / "worker-0" / "runs"))
    (run,) = list_runs()
    assert run.state == "failed"
    done = run.epochs_done
    assert 1 <= done < 4

    chief, other = two_workers(*settings)
    output, errors = chief.communicate(timeout=500)
    assert chief.returncode == 0, errors
    assert f"Resuming after epoch {done}" in output
    (run,) = list_runs()
    assert run.state == "done"
    assert f"Resuming after epoch {done}" in other.communicate(timeout=60)[0]


@pytest.mark.slow
def test_workers_with_different_settings_are_rejected(two_workers: Any) -> None:
    pair = two_workers(
        "--architecture", "mlp", "--name", "x", others=("--architecture", "mlp", "--seed", "3")
    )
    for process in pair:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 2
        assert "different settings" in errors
