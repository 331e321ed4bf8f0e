"""A search for settings that train better: what is searched, and the search's own settings.

The search itself is in `mnist_core.tuning.search`, which imports TensorFlow.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_core.errors import TrainingError
from mnist_core.registry.card import check_name
from mnist_core.training.config import Settings

__all__ = ["ALGORITHMS", "SEARCHABLE", "Role", "TuningConfig"]

ALGORITHMS = {
    "bayesian": "A Gaussian process says where the next trial is worth most",
    "random": "Each trial anywhere",
}
# What can be searched, and where.
SEARCHABLE = {
    "learning_rate": "from a tenth of the given one to ten times it, by its logarithm",
    "batch_size": "32, 64, 128, 256 or 512",
    "dropout": "0 to 0.7, in steps of 0.05",
    "optimizer": "all of them",
    "schedule": "all of them",
    "augmentation": "0 to 1, in steps of 0.1",
}
_USUAL = ("learning_rate", "batch_size", "dropout")
_ROLE_VARIABLES = ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")


@dataclass(frozen=True, kw_only=True)
class TuningConfig:
    """What to search for, and how long.

    Attributes:
        base: the settings that all trials share, where they are not searched; its name is that of
            the model in the end. The same seed holds the same images out from all trials.
        search: which settings to search, keys of `SEARCHABLE`.
        trials: at most so many trainings, 1 to 1000.
        algorithm: how the next trial is chosen, a key of `ALGORITHMS`.

    Raises:
        TrainingError: a value is out of its range.
    """

    base: Settings
    search: tuple[str, ...] = _USUAL
    trials: int = 20
    algorithm: str = "bayesian"

    def __post_init__(self) -> None:
        wrong = [name for name in self.search if name not in SEARCHABLE]
        if wrong or not self.search or len(set(self.search)) < len(self.search):
            raise TrainingError(
                "A search is for one or more of these settings, each once: "
                f"{', '.join(SEARCHABLE)}. Received: {', '.join(map(str, self.search)) or 'none'}"
            )
        whole = isinstance(self.trials, int) and not isinstance(self.trials, bool)
        if not whole or not 1 <= self.trials <= 1000:
            raise TrainingError(
                f"The setting 'trials' is a whole number from 1 to 1000. Received: {self.trials!r}"
            )
        if self.algorithm not in ALGORITHMS:
            raise TrainingError(
                f"The setting 'algorithm' is one of: {', '.join(ALGORITHMS)}. Received: "
                f"{self.algorithm!r}"
            )
        if self.base.strategy != "default":
            raise TrainingError(
                "Each trial of a search runs on one device; several machines share the trials "
                "instead. Leave out the strategy. Received: "
                f"strategy={self.base.strategy!r}"
            )
        check_name(self.trial(str(self.trials - 1), {}).name)

    def trial(self, number: str, values: Mapping[str, Any]) -> Settings:
        """The settings of a trial: its number, and what is searched."""
        name = f"{self.base.name}-{number}"
        return dataclasses.replace(self.base, **dict(values), name=name, overwrite=False)


@dataclass(frozen=True, kw_only=True)
class Role:
    """What this process is in a search.

    Attributes:
        kind: "alone", "chief" (hands the trials out) or "worker" (trains).
        address: the chief's, "host:port"; "" where it is alone.
    """

    kind: str
    address: str = ""

    @classmethod
    def from_environment(cls) -> Role:
        """What KerasTuner's environment variables say; without them, it is alone.

        Raises:
            TrainingError: some are missing, or wrong.
        """
        given = {name: os.environ.get(name, "").strip() for name in _ROLE_VARIABLES}
        if not any(given.values()):
            return cls(kind="alone")
        identity, host, port = given.values()
        if not all(given.values()) or not (port.isdecimal() and 0 < int(port) < 2**16):
            raise TrainingError(
                "Of a search on several machines each is told what it is by three environment "
                f"variables: {_ROLE_VARIABLES[0]}=chief on one and worker0, worker1 … on the "
                f"others, and the chief's address everywhere, {_ROLE_VARIABLES[1]}=192.168.0.1 and "
                f"{_ROLE_VARIABLES[2]}=8000. Set all of them, or none. Received: "
                + ", ".join(f"{name}={value!r}" for name, value in given.items())
            )
        kind = "chief" if "chief" in identity else "worker"  # as KerasTuner reads it
        return cls(kind=kind, address=f"{host}:{port}")
