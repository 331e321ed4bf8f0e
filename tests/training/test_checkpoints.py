"""Checkpoints: atomic, complete, and of one configuration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mnist_core.training.checkpoints import Checkpoints


class Network:
    """A stand-in for a Keras model, of one text as its weights."""

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


def test_save_keeps_the_last_epoch_only(tmp_path: Path) -> None:
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


def test_restore_ignores_an_interrupted_save(tmp_path: Path) -> None:
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
def test_restore_ignores_an_unusable_state(tmp_path: Path, state: str | None) -> None:
    if state is not None:
        (tmp_path / "state.json").write_text(state)
    assert Checkpoints(tmp_path, {"seed": 1}).restore(Network()) == {}  # type: ignore[arg-type]


def test_restore_ignores_the_weights_of_another_network(tmp_path: Path) -> None:
    # The same settings, but an update has changed the architecture.
    Checkpoints(tmp_path, {"seed": 1}).save(Network("one"), {"loss": [3.0]})  # type: ignore[arg-type]
    network = Network()
    network.trainable_variables = [np.zeros((3, 3))]
    assert Checkpoints(tmp_path, {"seed": 1}).restore(network) == {}  # type: ignore[arg-type]
    assert network.weights == ""


def test_save_keeps_the_best_epoch_too(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, {"seed": 1})
    curves: dict[str, list[float]] = {"loss": []}
    for epoch, best in enumerate((1, 2, 2, 2), start=1):
        curves["loss"].append(1.0)
        checkpoints.save(Network(f"epoch {epoch}"), curves, best=best)  # type: ignore[arg-type]
    assert len(list(tmp_path.glob("*.h5"))) == 2
    network = Network()
    checkpoints.restore(network)  # type: ignore[arg-type]
    assert network.weights == "epoch 4"
    checkpoints.restore_epoch(network, 2)  # type: ignore[arg-type]
    assert network.weights == "epoch 2"


class NetworkOnAFullDisk(Network):
    """Fails in the middle of a file, as HDF5 does."""

    def save_weights(self, path: Path) -> None:
        Path(path).write_text("half")
        raise RuntimeError("Can't decrement id ref count (unable to close file, errno = 28)")


def test_save_on_a_full_disk_leaves_the_epoch_before(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, {"seed": 1})
    checkpoints.save(Network("one"), {"loss": [3.0]})  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No space left on device"):
        checkpoints.save(NetworkOnAFullDisk("two"), {"loss": [3.0, 2.0]})  # type: ignore[arg-type]
    assert len(list(tmp_path.glob("*.h5"))) == 1
    network = Network()
    assert checkpoints.restore(network) == {"loss": [3.0]}  # type: ignore[arg-type]
    assert network.weights == "one"


def test_checkpoints_without_a_folder_do_nothing() -> None:
    checkpoints, network = Checkpoints(None, {}), Network("one")
    checkpoints.save(network, {"loss": [3.0]})  # type: ignore[arg-type]
    assert checkpoints.restore(network) == {}  # type: ignore[arg-type]
    checkpoints.restore_epoch(network, 1)  # type: ignore[arg-type]
    checkpoints.clear()
    assert network.weights == "one"


def test_restore_reads_settings_of_older_versions(tmp_path: Path) -> None:
    Checkpoints(tmp_path, {"optimiser": "sgd"}).save(Network("one"), {"loss": [3.0]})  # type: ignore[arg-type]
    checkpoints = Checkpoints(tmp_path, {"optimizer": "sgd"})
    assert checkpoints.restore(Network()) == {"loss": [3.0]}  # type: ignore[arg-type]
