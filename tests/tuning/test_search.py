"""A search for settings: its trials, its end, and what is left of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mnist_core import list_models, load_recognizer
from mnist_core.runs.store import list_runs

ROOT = Path(__file__).resolve().parents[2]

# A search whose trainings take no time: how good a trial is follows from its learning rate.
SEARCH = """
import json, math, sys
from mnist_core import TrainingConfig
from mnist_core.runs import jobs
from mnist_core.tuning import search
from mnist_core.errors import MnistError, TrainingDiverged
from mnist_core.training.events import Message
from mnist_core.runs.run import Outcome
from mnist_core.tuning.config import SEARCHABLE, TuningConfig
how, settings = sys.argv[1], json.loads(sys.argv[2])
tried, told = [], []
def execute_trial(run, on_event):
    config = run.config
    run.set_phase("running")
    if how == "broken":
        raise ZeroDivisionError("a mistake in a program")
    if how == "diverging" or (how == "rising" and len(tried) == 1):
        tried.append(config.name)
        raise TrainingDiverged("The loss is no number any more. Received: much")
    if how == "stopped" and len(tried) == 3:
        raise KeyboardInterrupt
    tried.append(config.name)
    accuracy = 0.5 + math.log10(config.learning_rate) / 10 + 0.5
    run.checkpoints.mkdir()
    (run.checkpoints / "state.json").write_text(json.dumps({"history": {"loss": [accuracy]}}))
    (run.folder / "events.jsonl").write_text("")
    run.finish(Outcome(state="done", validation_accuracy=accuracy))
    return accuracy
def execute(run, on_event):
    at = json.loads((run.checkpoints / "state.json").read_text())["history"]["loss"][0]
    run.finish(Outcome(state="done"))
    return [run.config.name, run.config.learning_rate, at]
jobs.execute_trial, jobs.execute = execute_trial, execute
def on_event(event):
    told.append(event.text)
base = TrainingConfig(architecture="mlp", name="best", seed=settings.pop("seed", 5)).resolved()
card = error = None
try:
    card = search.tune(TuningConfig(base=base, **settings), on_event)
except KeyboardInterrupt:
    error = "stopped"
except Exception as raised:
    error = f"{type(raised).__name__}: {raised}"
print(json.dumps({"tried": tried, "told": told, "card": card, "error": error}))
"""


def search(how: str, **settings: object) -> Any:
    settings = {"trials": 8, "search": ["learning_rate", "dropout"], **settings}
    command = [sys.executable, "-c", SEARCH, how, json.dumps(settings)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    (line,) = result.stdout.splitlines()  # KerasTuner's own sentences are kept off
    return json.loads(line)


@pytest.mark.parametrize("algorithm", ["bayesian", pytest.param("random", marks=pytest.mark.slow)])
def test_the_best_of_its_trials_becomes_the_model(
    runs: Path, own_models: Path, algorithm: str
) -> None:
    result = search("rising", algorithm=algorithm)
    assert result["error"] is None
    # One diverged; the others were made all the same, and the first with what suits the network.
    assert result["tried"] == [f"best-{number}" for number in range(8)]
    assert result["told"][1] == "Trial 1 of 8: learning rate 0.001, dropout 0.3."
    assert "The loss is no number any more. Received: much" in result["told"]
    name, rate, at = result["card"]
    assert name == "best"
    past = [run for run in list_runs() if run.config.name != "best"]
    scores = {
        run.config.learning_rate: run.outcome.validation_accuracy for run in past if run.outcome
    }
    best = max((score for score in scores.values() if score), default=0)
    assert (scores[rate], at) == (best, pytest.approx(best))
    assert best > 0.7  # the first one's
    assert len({(run.config.learning_rate, run.config.dropout) for run in past}) == 8
    # What is left: runs, without checkpoints.
    assert not any(run.epochs_done for run in past)
    assert list((runs / "searches").iterdir()) == []


def test_a_search_that_was_stopped_goes_on(runs: Path, own_models: Path) -> None:
    first = search("stopped")
    assert first["error"] == "stopped"
    assert first["tried"] == ["best-0", "best-1", "best-2"]
    # Only the best so far can be made a model without training it again.
    kept = [run for run in list_runs() if run.epochs_done]
    scores = [r.outcome.validation_accuracy for r in list_runs() if r.outcome]
    (best,) = (run.outcome.validation_accuracy for run in kept if run.outcome)
    assert best == max(score for score in scores if score)

    other = search("rising", trials=9)
    assert "begun with other settings" in other["error"]
    again = search("steady")
    assert again["error"] is None
    assert "Going on after 3 of 8 trials" in again["told"]
    assert again["tried"] == [f"best-{number}" for number in range(3, 8)]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("diverging", "TrainingError: No trial came to its end"),
        ("broken", "ZeroDivisionError: a mistake in a program"),
    ],
)
def test_a_search_without_a_result_says_why(
    runs: Path, own_models: Path, how: str, why: str
) -> None:
    result = search(how, trials=4)
    assert result["error"].startswith(why)
    assert result["card"] is None
    assert len(result["tried"]) == (4 if how == "diverging" else 0)


COMMAND = [sys.executable, "-m", "mnist_core", "tune", "--architecture", "mlp", "--name", "best"]
COMMAND += ["--trials", "3", "--epochs", "1", "--validation-fraction", "0.5"]


@pytest.mark.slow
def test_a_search_that_is_killed_loses_no_trial_and_leaves_one_model(
    runs: Path, own_models: Path
) -> None:
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
    assert "Going on after 1 of 3 trials" in result.stdout
    assert "Trial 1 of 3" not in result.stdout
    ended = {run.config.name: run.outcome for run in list_runs() if run.outcome}
    assert sorted(map(str, ended)) == ["best", "best-0", "best-1", "best-2"]
    trials = [outcome for name, outcome in ended.items() if name != "best"]
    assert first.outcome in trials
    # Of the test images a trial knows nothing; of the held-out ones the model says what it did.
    assert all(outcome.card is None for outcome in trials)
    (card,) = list_models(own_models)
    assert card.name == "best"
    best = max(outcome.validation_accuracy or 0 for outcome in trials)
    assert card.validation_accuracy == pytest.approx(best, abs=2e-4)
    assert card.epochs == 1
    assert card.training_seconds > 0.5  # the trial's
    assert load_recognizer("best", own_models).card == card


@pytest.mark.slow
def test_a_chief_hands_trials_to_two_workers(runs: Path, own_models: Path) -> None:
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
    said = {name: process.communicate(timeout=400)[0] for name, process in processes.items()}
    assert [process.returncode for process in processes.values()] == [0, 0, 0], said
    workers = said["worker0"] + said["worker1"]
    for number in range(1, 4):
        assert workers.count(f"Trial {number} of 3") == 1
    assert "Trial" not in said["chief"]
    assert "The best of 3 trials" in said["chief"]
    (card,) = list_models(own_models)
    past = [run.outcome.validation_accuracy for run in list_runs() if run.outcome]
    assert card.validation_accuracy == pytest.approx(
        max(score for score in past if score is not None), abs=2e-4
    )
