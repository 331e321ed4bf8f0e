"""Hyperparameter searches: their trials, their results, and what survives a killed process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from optuna.trial import TrialState
from support.searches import (
    accuracy_of,
    check_killed_worker_loses_nothing,
    search,
    stored_study,
    trial_runs,
)

from mnist_core import list_models, load_recognizer
from mnist_core.runs.store import list_runs
from mnist_core.storage.paths import PROJECT


def interrupt() -> None:
    raise KeyboardInterrupt


def test_tune_saves_the_best_trial(
    runs: Path, own_models: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    result = search("diverging once")
    assert result.error == ""
    assert capfd.readouterr() == ("", "")  # Optuna's own messages are hidden
    # A diverged trial does not end the search. The first trial has the default values.
    assert result.trials == [f"best-{number}" for number in range(8)]
    assert result.messages[0] == "Trial 1 of 8: learning rate 0.001, dropout 0.3."
    assert "Trial 2 of 8: Training diverged. Received: a large learning rate" in result.messages
    past = trial_runs()
    assert len({(run.config.learning_rate, run.config.dropout) for run in past}) == 8
    best = max((run.config for run in past if run.outcome), key=accuracy_of)
    assert accuracy_of(best) > 0.7  # the first trial's
    assert result.final == (best.learning_rate, pytest.approx(accuracy_of(best)))
    assert [card.name for card in list_models(own_models)] == ["best"]
    # The runs stay, without their checkpoints.
    assert not any(run.epochs_done for run in past)

    # Optuna reads the same from its database.
    study, by_id = stored_study(), {run.id: run for run in past}
    for trial in study.trials:
        run = by_id[trial.user_attrs["run"]]
        assert trial.params["learning_rate"] == run.config.learning_rate
        assert trial.params["dropout"] == run.config.dropout
        if trial.state == TrialState.COMPLETE:
            assert run.outcome
            assert trial.value == run.outcome.validation_accuracy
            assert len(trial.intermediate_values) == 4
    assert study.best_params["learning_rate"] == best.learning_rate
    # A trial that diverged is worse than all others, so that similar ones are avoided.
    assert study.trials[1].state == TrialState.PRUNED
    assert study.trials[1].intermediate_values == {}


def test_hopeless_trials_are_pruned(runs: Path, own_models: Path) -> None:
    result = search(trials=12, algorithm="random")
    outcomes = {run.config.name: run.outcome for run in trial_runs()}
    pruned = [name for name, outcome in outcomes.items() if outcome and outcome.text]
    assert 2 <= len(pruned) <= 6
    for name in pruned:
        outcome = outcomes[name]
        assert outcome
        assert outcome.state == "cancelled"
        assert outcome.text.startswith("Pruned after epoch 1: ")
        assert outcome.text.endswith("below the median of the other trials.")
    assert int(min(pruned).rpartition("-")[2]) >= 5  # the first ones set the median
    best = max(trial_runs(), key=lambda run: accuracy_of(run.config))
    assert best.config.name not in pruned
    assert result.final == (best.config.learning_rate, pytest.approx(accuracy_of(best.config)))


@pytest.mark.parametrize("algorithm", ["bayesian", "random"])
def test_search_is_repeatable(
    runs: Path, own_models: Path, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    search(trials=3, algorithm=algorithm)
    first = [trial.params for trial in stored_study().trials]
    assert first[1] != first[2]
    monkeypatch.setenv("MNIST_RUNS", f"{runs}-again")
    search(trials=3, algorithm=algorithm, overwrite=True)
    assert [trial.params for trial in stored_study().trials] == first


def test_tune_resumes_a_stopped_search(runs: Path, own_models: Path) -> None:
    first = search(trials=5, at_trial=lambda count: interrupt() if count == 3 else None)
    assert first.error.startswith("KeyboardInterrupt")
    assert first.trials == ["best-0", "best-1", "best-2"]
    # Only the best trial so far keeps its checkpoints.
    (kept,) = (run for run in trial_runs() if run.epochs_done)
    assert accuracy_of(kept.config) == max(accuracy_of(run.config) for run in trial_runs()[1:])

    other = search(trials=5, algorithm="random")
    assert "started with other settings" in other.error
    again = search(trials=5)
    assert again.error == ""
    assert "Resuming a search with 3 complete trials" in again.messages
    # The trial that was running is tried again under its number.
    assert sorted(again.trials) == ["best-3", "best-4"]
    assert again.final


def test_finished_search_is_extended_or_replaced(runs: Path, own_models: Path) -> None:
    assert search(trials=2).error == ""
    assert "already exists" in search(trials=2).error
    more = search(trials=3, overwrite=True)
    assert (more.error, more.trials) == ("", ["best-2"])
    assert len(stored_study().trials) == 3
    # The same settings give the same weights: no trial is trained again.
    repeated = search(trials=3, overwrite=True)
    assert (repeated.error, repeated.trials) == ("", [])
    assert len(stored_study().trials) == 3


@pytest.mark.parametrize(
    ("behavior", "error", "trials"),
    [
        ("diverging", "TrainingError: No trial was completed", 4),
        ("broken", "ZeroDivisionError: a bug", 0),
    ],
)
def test_tune_explains_a_search_without_a_result(
    runs: Path, own_models: Path, behavior: str, error: str, trials: int
) -> None:
    result = search(behavior, trials=4)
    assert result.error.startswith(error)
    assert result.final is None
    assert len(result.trials) == trials


def test_killed_worker_loses_nothing(runs: Path, own_models: Path) -> None:
    check_killed_worker_loses_nothing()
    assert [card.name for card in list_models(own_models)] == ["best"]


COMMAND = [sys.executable, "-m", "mnist_core", "tune", "--architecture", "mlp", "--name", "best"]
COMMAND += ["--trials", "3", "--epochs", "1", "--validation-fraction", "0.5"]


@pytest.mark.slow
def test_killed_process_loses_no_complete_training(
    runs: Path, own_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_TRAININGS", "2")
    killed, other = (
        subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True, cwd=PROJECT) for _ in range(2)
    )
    assert killed.stdout
    for line in killed.stdout:
        if line.startswith("Trial ") and "best so far" not in line:
            break
    killed.kill()
    killed.communicate()
    output, _ = other.communicate(timeout=400)
    assert other.returncode == 0, output
    outcomes = {run.config.name: run.outcome for run in list_runs() if run.outcome}
    assert sorted(outcomes) == ["best", "best-0", "best-1", "best-2"]
    # Trials use only the validation images; the model has the validation accuracy of its trial.
    trials = [outcome for name, outcome in outcomes.items() if name != "best"]
    assert all(outcome.card is None for outcome in trials)
    (card,) = list_models(own_models)
    best = max(outcome.validation_accuracy or 0 for outcome in trials)
    assert card.validation_accuracy == pytest.approx(best, abs=2e-4)
    assert card.epochs == 1
    assert card.training_seconds > 0.5  # the trial's
    assert load_recognizer("best", own_models).card == card
    assert stored_study().best_value == best
