"""The configuration of a hyperparameter search.

The search itself is `mnist_core.tuning.search`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_core.errors import TrainingError, require_choice, require_int
from mnist_core.registry.card import check_name
from mnist_core.training.config import Settings

__all__ = ["ALGORITHMS", "SEARCHABLE", "Role", "TuningConfig"]

ALGORITHMS = {
    "bayesian": "A Gaussian process predicts which values are most promising",
    "random": "Random values",
}
# The settings that can be searched, and their ranges.
SEARCHABLE = {
    "learning_rate": "a tenth of the given value to ten times it, on a logarithmic scale",
    "batch_size": "32, 64, 128, 256 or 512",
    "dropout": "0 to 0.7, in steps of 0.05",
    "optimizer": "all",
    "schedule": "all",
    "augmentation": "0 to 1, in steps of 0.1",
}
_ROLE_VARIABLES = ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")


@dataclass(frozen=True, kw_only=True)
class TuningConfig:
    """What to search, and for how long.

    Attributes:
        base: the settings of all trials, except for those that are searched, and the name of the
            final model. The seed is the same too, so all trials have the same validation images.
        search: the settings to search, keys of `SEARCHABLE`.
        trials: maximum number of trials, 1 to 1000.
        algorithm: how the values of a trial are chosen, a key of `ALGORITHMS`.

    Raises:
        TrainingError: a value is out of its range.
    """

    base: Settings
    search: tuple[str, ...] = ("learning_rate", "batch_size", "dropout")
    trials: int = 20
    algorithm: str = "bayesian"

    def __post_init__(self) -> None:
        unknown = set(self.search) - set(SEARCHABLE)
        if unknown or not self.search or len(set(self.search)) < len(self.search):
            raise TrainingError(
                "A search needs one or more of these settings, each once: "
                f"{', '.join(SEARCHABLE)}. Received: {', '.join(map(str, self.search)) or 'none'}"
            )
        require_int("The setting 'trials'", self.trials, 1, 1000, error=TrainingError)
        require_choice("The setting 'algorithm'", self.algorithm, ALGORITHMS, error=TrainingError)
        if self.base.strategy != "default":
            raise TrainingError(
                "Each trial of a search runs on one device; several machines share the trials "
                f"instead. Leave out the strategy. Received: strategy={self.base.strategy!r}"
            )
        check_name(self.trial(str(self.trials - 1), {}).name)

    def trial(self, number: str, values: Mapping[str, Any]) -> Settings:
        """Return the settings of a trial, given its number and the searched values."""
        name = f"{self.base.name}-{number}"
        return dataclasses.replace(self.base, **dict(values), name=name, overwrite=False)


@dataclass(frozen=True, kw_only=True)
class Role:
    """The part of this process in a search.

    Attributes:
        kind: "alone", "chief" (distributes the trials) or "worker" (trains).
        address: the chief's, "host:port"; "" for "alone".
    """

    kind: str
    address: str = ""

    @classmethod
    def from_environment(cls) -> Role:
        """Read KerasTuner's environment variables; without them, the process is alone.

        Raises:
            TrainingError: a variable is missing or wrong.
        """
        values = {name: os.environ.get(name, "").strip() for name in _ROLE_VARIABLES}
        if not any(values.values()):
            return cls(kind="alone")
        tuner_id, host, port = values.values()
        if not all(values.values()) or not (port.isdecimal() and 0 < int(port) < 2**16):
            raise TrainingError(
                "A search on several machines needs three environment variables on each of them: "
                f"{_ROLE_VARIABLES[0]}=chief on one and worker0, worker1 … on the others, and the "
                f"chief's address everywhere, {_ROLE_VARIABLES[1]}=192.168.0.1 and "
                f"{_ROLE_VARIABLES[2]}=8000. Set all of them, or none. Received: "
                + ", ".join(f"{name}={value!r}" for name, value in values.items())
            )
        kind = "chief" if "chief" in tuner_id else "worker"  # KerasTuner's rule
        return cls(kind=kind, address=f"{host}:{port}")
