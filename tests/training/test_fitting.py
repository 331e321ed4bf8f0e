"""Fitting the network that learns from the world: killed, and resumed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_core.training.checkpoints import Checkpoints

# Eight batches an epoch, of a few pictures; everything else as in a real training.
FIT = """
import dataclasses, hashlib, os, signal, sys
from pathlib import Path
import keras, numpy as np, tensorflow as tf
from mnist_core import TrainingConfig, load_mnist
from mnist_core.training import fitting
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.events import EpochEnd, Message
fitting._REDRAWN, fitting._DRAWN, fitting._OUTLIERS = (50, 0.125), (50, 0.1875), (50, 0.125)
runs, kill_after, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
keras.utils.set_random_seed(seed)
tf.config.experimental.enable_op_determinism()
d = load_mnist()
def on_event(event):
    if isinstance(event, Message):
        print("message", event.text, flush=True)
    if isinstance(event, EpochEnd):
        print("epoch", event.epoch, flush=True)
        if event.epoch == kill_after:
            os.kill(os.getpid(), signal.SIGKILL)
config = TrainingConfig(architecture="champion", epochs=3, batch_size=32, seed=seed)
parts = (d.x_train[:256], d.y_train[:256]), (d.x_train[-50:], d.y_train[-50:])
checkpoints = Checkpoints(runs, dataclasses.asdict(config))
model, curves = fitting.fit(config, *parts, on_event, checkpoints)
weights = hashlib.sha256(b"".join(np.asarray(w).tobytes() for w in model.weights)).hexdigest()
print("weights", weights)
print("curves", {key: len(values) for key, values in sorted(curves.items())})
"""


def fit(runs: Path, kill_after: int = 0, seed: int = 5) -> dict[str, list[str]]:
    """What a run printed, by first word."""
    result = subprocess.run(
        [sys.executable, "-c", FIT, str(runs), str(kill_after), str(seed)],
        capture_output=True,
        text=True,
        check=False,
    )
    said: dict[str, list[str]] = {}
    for line in result.stdout.splitlines():
        said.setdefault(line.partition(" ")[0], []).append(line.partition(" ")[2])
    assert kill_after or "weights" in said, result.stderr[-2000:]
    return said


@pytest.mark.slow
def test_a_run_that_was_killed_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = fit(tmp_path / "whole")
    assert whole["epoch"] == ["1", "2", "3"]
    assert whole["curves"] == ["{'accuracy': 3, 'loss': 3, 'val_accuracy': 3, 'val_loss': 3}"]

    killed = fit(tmp_path / "killed", kill_after=2)
    assert "weights" not in killed
    resumed = fit(tmp_path / "killed")
    assert resumed["message"][0] == "Going on after epoch 2"
    assert resumed["epoch"] == ["3"]
    assert (resumed["weights"], resumed["curves"]) == (whole["weights"], whole["curves"])

    # A run that has only to be saved again computes nothing; one of other settings begins anew.
    assert "epoch" not in fit(tmp_path / "killed")
    assert fit(tmp_path / "killed", seed=6)["epoch"] == ["1", "2", "3"]


class Network:
    """Saves and loads as Keras does."""

    def __init__(self, weights: str = "") -> None:
        self.weights, self.optimizer = weights, self
        self.trainable_variables: list[object] = []
        self.variables: list[object] = []
        self.built = False

    def build(self, variables: list[object]) -> None:
        self.built = True

    def save_weights(self, path: Path) -> None:
        Path(path).write_text(self.weights)

    def load_weights(self, path: Path) -> None:
        assert self.built
        self.weights = Path(path).read_text()


def test_the_last_epoch_is_kept_and_no_other(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "run", {"seed": 1})
    checkpoints.save(Network("one"), {"loss": [3.0]})  # type: ignore[arg-type]
    checkpoints.save(Network("two"), {"loss": [3.0, 2.0]})  # type: ignore[arg-type]
    network = Network()
    curves = Checkpoints(tmp_path / "run", {"seed": 1}).restore(network)  # type: ignore[arg-type]
    assert curves == {"loss": [3.0, 2.0]}
    assert network.weights == "two"
    assert len(list((tmp_path / "run").iterdir())) == 2
    checkpoints.clear()
    assert not (tmp_path / "run").exists()
    checkpoints.clear()


def test_a_save_that_was_cut_short_leaves_the_epoch_before(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, {"seed": 1})
    checkpoints.save(Network("one"), {"loss": [3.0]})  # type: ignore[arg-type]
    (tmp_path / "epoch-0002.weights.h5").write_text("ha")
    (tmp_path / "state.json.new").write_text('{"weig')
    network = Network()
    assert checkpoints.restore(network) == {"loss": [3.0]}  # type: ignore[arg-type]
    assert network.weights == "one"


@pytest.mark.parametrize(
    "state",
    [
        None,
        "",
        "{",
        "[]",
        "3",
        json.dumps({"configuration": {"seed": 1}}),
        json.dumps({"configuration": {"seed": 1}, "weights": "gone", "history": {}, "chance": []}),
        json.dumps(
            {"configuration": {"seed": 2}, "weights": "w", "history": {"loss": [1]}, "chance": []}
        ),
    ],
)
def test_what_cannot_be_gone_on_from_is_passed_over(tmp_path: Path, state: str | None) -> None:
    if state is not None:
        (tmp_path / "state.json").write_text(state)
    assert Checkpoints(tmp_path, {"seed": 1}).restore(Network()) == {}  # type: ignore[arg-type]


def test_the_weights_of_another_network_are_passed_over(tmp_path: Path) -> None:
    # The same settings, but an update has made another network of the architecture.
    Checkpoints(tmp_path, {"seed": 1}).save(Network("one"), {"loss": [3.0]})  # type: ignore[arg-type]
    network = Network()
    network.trainable_variables = [np.zeros((3, 3))]
    assert Checkpoints(tmp_path, {"seed": 1}).restore(network) == {}  # type: ignore[arg-type]
    assert network.weights == ""


def test_the_best_epoch_is_kept_beside_the_last(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, {"seed": 1})
    curves: dict[str, list[float]] = {"loss": []}
    for epoch, best in enumerate((1, 2, 2, 2), start=1):
        curves["loss"].append(1.0)
        checkpoints.save(Network(f"epoch {epoch}"), curves, best=best)  # type: ignore[arg-type]
    assert len(list(tmp_path.glob("*.h5"))) == 2
    network = Network()
    checkpoints.restore(network)  # type: ignore[arg-type]
    assert network.weights == "epoch 4"
    checkpoints.restore_best(network, 2)  # type: ignore[arg-type]
    assert network.weights == "epoch 2"


class OnAFullDisk(Network):
    """Writes half of it, as HDF5 does."""

    def save_weights(self, path: Path) -> None:
        Path(path).write_text("half")
        raise RuntimeError("Can't decrement id ref count (unable to close file, errno = 28)")


def test_an_epoch_that_cannot_be_saved_leaves_the_one_before(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, {"seed": 1})
    checkpoints.save(Network("one"), {"loss": [3.0]})  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No space left on device"):
        checkpoints.save(OnAFullDisk("two"), {"loss": [3.0, 2.0]})  # type: ignore[arg-type]
    assert len(list(tmp_path.glob("*.h5"))) == 1
    network = Network()
    assert checkpoints.restore(network) == {"loss": [3.0]}  # type: ignore[arg-type]
    assert network.weights == "one"
