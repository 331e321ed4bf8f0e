"""The result of a search, as the page shows it."""

from __future__ import annotations

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
