"""The result of a search, as the page shows it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from optuna.importance import get_param_importances
from support.searches import search, stored_study

from mnist_core import TrainingError
from mnist_core.tuning.result import load_result


def test_result_holds_complete_trials_and_importances_of_optuna(
    runs: Path, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search("diverging once", trials=8)
    assert load_result("best").importances == {}
    monkeypatch.setattr("mnist_core.tuning.result.MIN_TRIALS", 5)
    study, result = stored_study(), load_result("best")
    complete = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    assert result.accuracies == tuple(trial.value for trial in complete)
    assert result.values == {
        name: tuple(trial.params[name] for trial in complete)
        for name in ("learning_rate", "dropout")
    }
    assert result.pruned == 8 - len(complete)
    assert result.importances == get_param_importances(study)
    assert sum(result.importances.values()) == pytest.approx(1)


def test_result_of_an_unknown_search(runs: Path) -> None:
    with pytest.raises(TrainingError, match=r"no search of that name.*'other'"):
        load_result("other")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE trial_params SET distribution_json = '{\"name\" 3'",
        "UPDATE trials SET datetime_start = '2026f11-27 15:51:37.794401'",
        "DELETE FROM trial_params WHERE trial_id = 3 AND param_name = 'dropout'",
        "UPDATE studies SET study_name = CAST(x'62657374BE' AS TEXT)",
    ],
    ids=["distribution", "time", "value", "name"],
)
def test_damaged_trials_are_one_error(runs: Path, own_models: Path, damage: str) -> None:
    search("diverging once", trials=3)
    file = runs / "searches.sqlite3"
    with closing(sqlite3.connect(file)) as database, database:
        assert database.execute(damage).rowcount
    with pytest.raises(TrainingError, match=r"database cannot be used|no search of that name"):
        load_result("best")
    # The command that would continue the search says the same.
    error = search("diverging once", trials=3).error
    assert not error or error.startswith("TrainingError: ")
