"""Hyperparameter searches: their trials, their results and the files they leave."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import run_with_tensorflow
from support.searches import search

from mnist_core import list_models, load_recognizer
from mnist_core.runs.store import list_runs

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("algorithm", ["bayesian", pytest.param("random", marks=pytest.mark.slow)])
def test_tune_saves_the_best_trial(runs: Path, own_models: Path, algorithm: str) -> None:
    result = run_with_tensorflow(search, "diverging once", algorithm=algorithm)
    assert result.error == ""
    assert result.printed == ""  # KerasTuner's own messages are hidden
    # A diverged trial does not end the search. The first trial has the default values.
    assert result.trials == [f"best-{number}" for number in range(8)]
    assert result.messages[1] == "Trial 1 of 8: learning rate 0.001, dropout 0.3."
    assert "Training diverged. Received: a large learning rate" in result.messages
    assert result.final
    name, rate, accuracy = result.final
    assert name == "best"
    past = [run for run in list_runs() if run.config.name != "best"]
    scores = {
        run.config.learning_rate: run.outcome.validation_accuracy for run in past if run.outcome
    }
    best = max((score for score in scores.values() if score), default=0)
    assert (scores[rate], accuracy) == (best, pytest.approx(best))
    assert best > 0.7  # the first trial's accuracy
    assert len({(run.config.learning_rate, run.config.dropout) for run in past}) == 8
    # The runs stay, without their checkpoints.
    assert not any(run.epochs_done for run in past)
    assert list((runs / "searches").iterdir()) == []


def test_tune_resumes_a_stopped_search(runs: Path, own_models: Path) -> None:
    first = run_with_tensorflow(search, "interrupted")
    assert first.error.startswith("KeyboardInterrupt")
    assert first.trials == ["best-0", "best-1", "best-2"]
    # Only the best trial so far keeps its checkpoints.
    scores = [run.outcome.validation_accuracy for run in list_runs() if run.outcome]
    (best,) = (
        run.outcome.validation_accuracy for run in list_runs() if run.outcome and run.epochs_done
    )
    assert best == max(score for score in scores if score)

    other = run_with_tensorflow(search, "regular", trials=9)
    assert "started with other settings" in other.error
    again = run_with_tensorflow(search, "regular")
    assert again.error == again.printed == ""
    assert "Resuming after 3 of 8 trials" in again.messages
    assert again.trials == [f"best-{number}" for number in range(3, 8)]


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
    result = run_with_tensorflow(search, behavior, trials=4)
    assert result.error.startswith(error)
    assert result.final is None
    assert len(result.trials) == trials


COMMAND = [sys.executable, "-m", "mnist_core", "tune", "--architecture", "mlp", "--name", "best"]
COMMAND += ["--trials", "3", "--epochs", "1", "--validation-fraction", "0.5"]


@pytest.mark.slow
def test_tune_loses_no_complete_trial_when_killed(runs: Path, own_models: Path) -> None:
    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout
    for line in process.stdout:
        if line.startswith("Trial 2 of 3"):
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (first,) = (run for run in list_runs() if run.outcome)
    assert list_models(own_models) == []

    result = subprocess.run(COMMAND, capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    assert "Resuming after 1 of 3 trials" in result.stdout
    assert "Trial 1 of 3" not in result.stdout
    ended = {run.config.name: run.outcome for run in list_runs() if run.outcome}
    assert sorted(map(str, ended)) == ["best", "best-0", "best-1", "best-2"]
    trials = [outcome for name, outcome in ended.items() if name != "best"]
    assert first.outcome in trials
    # Trials use only the validation images; the model has the validation accuracy of its trial.
    assert all(outcome.card is None for outcome in trials)
    (card,) = list_models(own_models)
    assert card.name == "best"
    best = max(outcome.validation_accuracy or 0 for outcome in trials)
    assert card.validation_accuracy == pytest.approx(best, abs=2e-4)
    assert card.epochs == 1
    assert card.training_seconds > 0.5  # the trial's
    assert load_recognizer("best", own_models).card == card


@pytest.mark.slow
def test_tune_distributes_trials_to_two_workers(runs: Path, own_models: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    address = {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": str(port)}
    processes = {
        name: subprocess.Popen(
            [*COMMAND, "--algorithm", "random"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | address | {"KERASTUNER_TUNER_ID": name, "MNIST_TRAININGS": "2"},
        )
        for name in ("chief", "worker0", "worker1")
    }
    output = {name: process.communicate(timeout=400)[0] for name, process in processes.items()}
    assert [process.returncode for process in processes.values()] == [0, 0, 0], output
    workers = output["worker0"] + output["worker1"]
    for number in range(1, 4):
        assert workers.count(f"Trial {number} of 3") == 1
    assert "Trial" not in output["chief"]
    assert "Best of 3 trials" in output["chief"]
    (card,) = list_models(own_models)
    past = [run.outcome.validation_accuracy for run in list_runs() if run.outcome]
    assert card.validation_accuracy == pytest.approx(
        max(score for score in past if score is not None), abs=2e-4
    )
