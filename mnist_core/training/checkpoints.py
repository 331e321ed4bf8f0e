"""A training that can be stopped at any moment, and goes on from its last whole epoch.

The folder has the weights of the last epoch, with the optimizer's state, and a small file that
names them and has the rest. The file is put in place in one step and last, when the weights are on
the disk: whatever happens, it names weights that are whole. The weights of the best epoch are kept
as well where they may be wanted in the end.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

from mnist_core.training.config import with_current_names

__all__ = ["Checkpoints"]

_STATE = "state.json"


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
            fits = with_current_names(state["configuration"]) == self._configuration
            # An architecture of the same name may have been another network before an update.
            fits = fits and state["network"] == _network(model)
            if not fits or not weights.is_file():
                return {}
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return {}
        _load(model, weights)
        for variable, value in zip(_chance(model), chance, strict=True):
            variable.assign(np.array(value, variable.dtype))
        return history

    def restore_best(self, model: keras.Model, epoch: int) -> None:
        """Give a network the weights of an epoch that was kept."""
        _load(model, self._folder / _weights(epoch))

    def save(
        self, model: keras.Model, history: Mapping[str, list[float]], *, best: int | None = None
    ) -> None:
        """Save a network after an epoch, and forget the epochs before.

        Args:
            model: compiled and trained so far.
            history: its curves so far, a value for each epoch.
            best: an epoch before, or this one, that is not to be forgotten; from 1.

        Raises:
            OSError: the disk is full, or the like; the epoch before is still there.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        epoch = len(history["loss"])
        weights = self._folder / _weights(epoch)
        try:
            model.save_weights(weights)
            with weights.open("rb") as file:
                os.fsync(file.fileno())
            state = {
                "configuration": self._configuration,
                "network": _network(model),
                "history": history,
                "weights": weights.name,
                "chance": [np.asarray(variable).tolist() for variable in _chance(model)],
            }
            written = self._folder / f"{_STATE}.new"
            with written.open("w", encoding="utf-8") as file:
                json.dump(state, file)
                file.flush()
                os.fsync(file.fileno())
            written.replace(self._folder / _STATE)
        except (OSError, RuntimeError) as error:
            # HDF5 keeps the file open: only without content does it give its room back.
            with suppress(OSError):
                os.truncate(weights, 0)
            weights.unlink(missing_ok=True)
            raise _system_error(error, weights) from error
        kept = {weights.name, _weights(best or epoch)}
        for old in self._folder.glob("epoch-*.weights.h5"):
            if old.name not in kept:
                old.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget them all."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _network(model: keras.Model) -> list[list[int]]:
    """What has to be the same for weights to fit: their shapes."""
    return [list(weight.shape) for weight in model.trainable_variables]


def _chance(model: keras.Model) -> list[Any]:
    """The states of dropout's generators, which Keras leaves out of a file of weights."""
    return [variable for variable in model.variables if "seed_generator" in variable.path]


def _load(model: keras.Model, weights: Path) -> None:
    # The optimizer's state can be loaded only once it is there.
    model.optimizer.build(model.trainable_variables)
    model.load_weights(weights)


def _system_error(error: Exception, path: Path) -> OSError:
    """What the system said; HDF5 wraps it into long messages, and into errors of either kind."""
    number = re.search(r"errno = (\d+)|\[Errno (\d+)\]", str(error))
    if number:
        code = int(number[1] or number[2])
        return OSError(code, os.strerror(code), str(path))
    return OSError(getattr(error, "errno", None) or errno.EIO, str(error), str(path))


def _weights(epoch: int) -> str:
    return f"epoch-{epoch:04d}.weights.h5"
