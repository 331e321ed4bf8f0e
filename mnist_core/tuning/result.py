"""The result of a search, also of one that is still going on, for its charts. Imports Optuna."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import TrialState

from mnist_core.errors import TrainingError
from mnist_core.tuning.places import database_url
from mnist_core.tuning.study import exclusive, open_storage, stored_trials

__all__ = ["MIN_TRIALS", "SearchResult", "load_result"]

# With fewer complete trials, the importance of a setting is chance.
MIN_TRIALS = 10


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """The trials of a search.

    Attributes:
        values: the values of each complete trial, by setting.
        accuracies: the validation accuracies of these trials, 0 to 1.
        pruned: number of trials that were pruned or diverged.
        importances: share of each setting in what makes trials good, with sum 1; empty below
            `MIN_TRIALS` complete trials.
    """

    values: Mapping[str, tuple[Any, ...]]
    accuracies: tuple[float, ...]
    pruned: int
    importances: Mapping[str, float]


def load_result(name: str) -> SearchResult:
    """Read the trials of a search from the database.

    The importances are Optuna's: how far the values of the best tenth differ from those of all
    trials (PED-ANOVA, Watanabe et al., IJCAI 2023).

    Raises:
        TrainingError: there is no such search, or the database cannot be used.
    """
    with stored_trials(database_url()):
        try:
            with exclusive(database_url()):
                storage = open_storage(database_url())
            study = optuna.load_study(study_name=name, storage=storage)
        except KeyError as error:
            raise TrainingError(
                "There is no search of that name. Start one with 'python -m mnist_core tune'. "
                f"Received: {name!r}"
            ) from error
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        pruned = study.get_trials(deepcopy=False, states=(TrialState.PRUNED,))
        importances = {}
        if len(trials) >= MIN_TRIALS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that more trials would be better
                importances = optuna.importance.get_param_importances(study)
        return SearchResult(
            values={
                name: tuple(trial.params[name] for trial in trials)
                for name in (trials[0].params if trials else ())
            },
            accuracies=tuple(trial.value or 0.0 for trial in trials),
            pruned=len(pruned),
            importances=importances,
        )
