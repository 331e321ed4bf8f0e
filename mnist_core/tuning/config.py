"""The configuration of a hyperparameter search.

The search itself is `mnist_core.tuning.search`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_core.errors import TrainingError, require_choice, require_int
from mnist_core.registry.card import check_name
from mnist_core.training.config import Settings

__all__ = ["ALGORITHMS", "SEARCHABLE", "TuningConfig"]

ALGORITHMS = {
    "bayesian": "Values like those of the better trials (tree-structured Parzen estimator)",
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
        check_name(self.trial(self.trials - 1, {}).name)

    def trial(self, number: int, values: Mapping[str, Any]) -> Settings:
        """Return the settings of a trial, given its number and the searched values."""
        name = f"{self.base.name}-{number}"
        return dataclasses.replace(self.base, **dict(values), name=name, overwrite=False)
