"""A training that can be stopped at any moment, and goes on from its last whole epoch.

A run's folder has the weights of its last epoch, with the optimiser's state, and a small file that
names them and has the rest. The file is put in place in one step and last: whatever happens,
it names weights that are whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

__all__ = ["Checkpoints", "runs_directory"]

_STATE = "state.json"
_PROJECT = Path(__file__).resolve().parent.parent


def runs_directory() -> Path:
    """Where unfinished trainings are: `$MNIST_RUNS`, or `runs` beside the package."""
    return Path(os.environ.get("MNIST_RUNS") or _PROJECT / "runs")


class Checkpoints:
    """The checkpoints of one run.

    Args:
        folder: the run's; made when the first checkpoint is saved.
        configuration: all that the run depends on, as JSON has it. Checkpoints of another
            configuration are of no use: they are passed over, and replaced at the next save.
    """

    def __init__(self, folder: Path, configuration: Mapping[str, Any]) -> None:
        self._folder = folder
        self._configuration = json.loads(json.dumps(configuration))

    def restore(self, model: keras.Model) -> dict[str, list[float]]:
        """Bring a compiled network to where its run was stopped.

        Returns:
            The curves so far, a value for each epoch that is done; {} where there is nothing to
            go on from.
        """
        try:
            state = json.loads((self._folder / _STATE).read_text(encoding="utf-8"))
            weights = self._folder / state["weights"]
            history: dict[str, list[float]] = state["history"]
            chance: list[list[int]] = state["chance"]
            if state["configuration"] != self._configuration or not weights.is_file():
                return {}
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return {}
        # The optimiser's state can be loaded only once it is there.
        model.optimizer.build(model.trainable_variables)
        model.load_weights(weights)
        for variable, value in zip(_chance(model), chance, strict=True):
            variable.assign(np.array(value, variable.dtype))
        return history

    def save(self, model: keras.Model, history: Mapping[str, list[float]]) -> None:
        """Save a network after an epoch, and forget the epoch before.

        Args:
            model: compiled and trained so far.
            history: its curves so far, a value for each epoch.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        weights = f"epoch-{len(history['loss']):04d}.weights.h5"
        model.save_weights(self._folder / weights)
        state = {
            "configuration": self._configuration,
            "history": history,
            "weights": weights,
            "chance": [np.asarray(variable).tolist() for variable in _chance(model)],
        }
        written = self._folder / f"{_STATE}.new"
        written.write_text(json.dumps(state), encoding="utf-8")
        written.replace(self._folder / _STATE)
        for old in self._folder.glob("epoch-*.weights.h5"):
            if old.name != weights:
                old.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget the run."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _chance(model: keras.Model) -> list[Any]:
    """The states of dropout's generators, which Keras leaves out of a file of weights."""
    return [variable for variable in model.variables if "seed_generator" in variable.path]
