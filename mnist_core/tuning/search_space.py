"""The search space: which values of a setting are tried, and who chooses them. Imports Optuna."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna import Study, Trial
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from mnist_core.training.config import OPTIMIZERS, SCHEDULES
from mnist_core.tuning.config import TuningConfig

__all__ = ["SeededSampler", "default_values", "describe_values", "suggest_values"]

_BATCH_SIZES = (32, 64, 128, 256, 512)
# The first trial's dropout rate, where the architecture has several.
_DROPOUT = 0.3


def default_values(config: TuningConfig) -> dict[str, Any]:
    """The values of the first trial: the settings that the search starts from."""
    values = {name: getattr(config.base, name) for name in config.search}
    if values.get("dropout", 0) is None:
        values["dropout"] = _DROPOUT
    return values


def suggest_values(trial: Trial, config: TuningConfig) -> dict[str, Any]:
    """Let Optuna choose the values of a trial, in the order of `config.search`."""
    values: dict[str, Any] = {}
    for name, default in default_values(config).items():
        if name == "learning_rate":
            low, high = max(1e-9, default / 10), min(1.0, default * 10)
            values[name] = trial.suggest_float(name, low, high, log=True)
        elif name == "batch_size":
            sizes = sorted({*_BATCH_SIZES, default})
            values[name] = trial.suggest_categorical(name, sizes)
        elif name == "dropout":
            values[name] = trial.suggest_float(name, 0.0, max(0.7, default), step=0.05)
        elif name == "augmentation":
            values[name] = trial.suggest_float(name, 0.0, 1.0, step=0.1)
        else:
            choices = OPTIMIZERS if name == "optimizer" else SCHEDULES
            values[name] = trial.suggest_categorical(name, list(choices))
    return values


def describe_values(values: Mapping[str, Any]) -> str:
    """Format the values of a trial for the user: "learning rate 0.001, dropout 0.3"."""
    return ", ".join(
        f"{name.replace('_', ' ')} " + (f"{value:.4g}" if isinstance(value, float) else str(value))
        for name, value in values.items()
    )


class SeededSampler(BaseSampler):
    """Chooses values with a random state that depends on the seed and the trial's number only.

    So a search by one process can be repeated, and several processes never draw the same values.
    """

    def __init__(self, config: TuningConfig) -> None:
        self._kind = {"bayesian": TPESampler, "random": RandomSampler}[config.algorithm]
        self._seed = config.base.seed

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._sampler = self._kind(seed=(self._seed + trial.number) % 2**32)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)
