"""Checkpoints of a training, which can be stopped at any moment and resumed.

The folder holds the weights of the last complete epoch, with the optimizer's state, and
`state.json`, which names them and holds the rest. That file is written atomically and last, when
the weights are on the disk, so it always names complete weights. The weights of the best epoch are
kept too where they may be needed in the end.
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

from mnist_core.storage.files import flush, write_json
from mnist_core.training.config import with_current_names

if TYPE_CHECKING:
    import keras

__all__ = ["Checkpoints"]

_STATE = "state.json"


class Checkpoints:
    """The checkpoints of one run.

    Args:
        folder: the run's; made when the first checkpoint is saved. None saves nothing.
        configuration: everything the run depends on, as JSON values. Checkpoints of another
            configuration are ignored, and replaced at the next save.
    """

    def __init__(self, folder: Path | None, configuration: Mapping[str, Any]) -> None:
        self._folder = folder
        self._configuration = json.loads(json.dumps(configuration))

    def restore(self, model: keras.Model) -> dict[str, list[float]]:
        """Restore a compiled network and its optimizer to the last complete epoch.

        Returns:
            The curves so far, with one value for each completed epoch; {} without a checkpoint.
        """
        if self._folder is None:
            return {}
        try:
            state = json.loads((self._folder / _STATE).read_text(encoding="utf-8"))
            weights = self._folder / state["weights"]
            history: dict[str, list[float]] = state["history"]
            random_state: list[list[int]] = state["chance"]
            fits = with_current_names(state["configuration"]) == self._configuration
            # An update may have changed the network behind an architecture's name.
            fits = fits and state["network"] == _weight_shapes(model)
            if not fits or not weights.is_file():
                return {}
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return {}
        _load(model, weights)
        for variable, value in zip(_random_state(model), random_state, strict=True):
            variable.assign(np.array(value, variable.dtype))
        return history

    def restore_epoch(self, model: keras.Model, epoch: int) -> None:
        """Restore the weights of an epoch that was kept as the best one, from 1."""
        if self._folder is not None:
            _load(model, self._folder / _weights(epoch))

    def save(
        self, model: keras.Model, history: Mapping[str, list[float]], *, best: int | None = None
    ) -> None:
        """Save a network after an epoch, and remove the epochs before.

        Args:
            model: compiled and trained so far.
            history: its curves so far, with one value for each epoch.
            best: an epoch to keep besides, from 1.

        Raises:
            OSError: the disk is full, or the like; the epoch before is still there.
        """
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        epoch = len(history["loss"])
        weights = self._folder / _weights(epoch)
        try:
            model.save_weights(weights)
            flush(weights)
            state = {
                "configuration": self._configuration,
                "network": _weight_shapes(model),
                "history": history,
                "weights": weights.name,
                "chance": [np.asarray(variable).tolist() for variable in _random_state(model)],
            }
            write_json(self._folder / _STATE, state)
        except (OSError, RuntimeError) as error:
            # HDF5 keeps the file open: only an empty file gives its space back.
            with suppress(OSError):
                os.truncate(weights, 0)
            weights.unlink(missing_ok=True)
            raise _system_error(error, weights) from error
        needed = {weights.name, _weights(best or epoch)}
        for old in self._folder.glob("epoch-*.weights.h5"):
            if old.name not in needed:
                old.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all of them."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _weight_shapes(model: keras.Model) -> list[list[int]]:
    return [list(weight.shape) for weight in model.trainable_variables]


def _random_state(model: keras.Model) -> list[Any]:
    """The states of dropout's generators, which Keras leaves out of a file of weights."""
    return [variable for variable in model.variables if "seed_generator" in variable.path]


def _load(model: keras.Model, weights: Path) -> None:
    # The optimizer's state can be loaded only into variables that exist.
    model.optimizer.build(model.trainable_variables)
    model.load_weights(weights)


def _system_error(error: Exception, path: Path) -> OSError:
    """The system's error, which HDF5 hides in long messages of either exception type."""
    number = re.search(r"errno = (\d+)|\[Errno (\d+)\]", str(error))
    if number:
        code = int(number[1] or number[2])
        return OSError(code, os.strerror(code), str(path))
    return OSError(getattr(error, "errno", None) or errno.EIO, str(error), str(path))


def _weights(epoch: int) -> str:
    return f"epoch-{epoch:04d}.weights.h5"
