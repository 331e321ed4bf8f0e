"""Trainings in processes of their own: queued, watched from elsewhere, stopped, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mnist_core import (
    DatasetError,
    TrainingConfig,
    TrainingError,
    TrainingStopped,
    list_models,
    load_mnist,
)
from mnist_core.runs import jobs
from mnist_core.runs.store import Outcome, Run, find_run, list_runs, new_run
from mnist_core.training.events import BatchEnd, Done, EpochEnd

pytestmark = pytest.mark.usefixtures("runs")

# A job as it is, but for what it trains: nothing, for so many seconds. It says when it begins.
PRETEND = """
import sys, time
from mnist_core import TrainingError
from mnist_core.runs import jobs
from mnist_core.runs.store import Outcome, find_run
from support.cards import make_card

def train_run(run, on_event, stopping):
    run.set_phase("running")
    print("begins", flush=True)
    end = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < end:
        if stopping():
            run.finish(Outcome(state="cancelled", text="kept", card=make_card("mine")))
            return make_card("mine")
        if sys.argv[3] == "deaf":
            hold()
        time.sleep(0.01)
    run.finish(Outcome(state="done", card=make_card("mine")))
    return make_card("mine")

def hold():  # as a library written in C does: an interrupt is not heard
    import ctypes
    ctypes.CDLL(None).sleep(60)

jobs.train_run = train_run
if sys.argv[3] == "hearing":
    jobs._GRACE = 30.0  # a busy machine hears late, and is not deaf for that
try:
    jobs.execute(find_run(sys.argv[1]))
except TrainingError as error:
    print(type(error).__name__, flush=True)
"""


def config(name: str = "mine", **settings: object) -> TrainingConfig:
    return TrainingConfig(architecture="mlp", name=name, **settings)  # type: ignore[arg-type]


Pretend = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def pretend() -> Iterator[Pretend]:
    """Starts processes that pretend to train a run."""
    processes: list[subprocess.Popen[str]] = []

    def start(
        run: Run, seconds: float = 60.0, how: str = "hearing", **environment: str
    ) -> subprocess.Popen[str]:
        path = os.pathsep.join(map(str, Path(__file__).parents[1:3]))
        process = subprocess.Popen(
            [sys.executable, "-c", PRETEND, run.id, str(seconds), how],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": path} | environment,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def wait_for(state: str, run: Run, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while run.state != state:
        assert time.monotonic() < end, f"{run.state}, not {state}: {run.outcome}\n{run.log_end()}"
        time.sleep(0.05)


def wait_for_log(text: str, run: Run, seconds: float = 60.0) -> None:
    """A process says why it failed a moment after its outcome is on disk."""
    end = time.monotonic() + seconds
    while text not in run.log_end():
        assert time.monotonic() < end, run.log_end()
        time.sleep(0.05)


@pytest.mark.usefixtures("own_models")
def test_one_at_a_time_and_first_come_first_served(pretend: Pretend) -> None:
    runs = [new_run(config(name)) for name in ("first", "second", "third")]
    first = pretend(runs[0])
    assert said(first) == "begins"
    # The last one's process is there before the second one's; its turn comes after it.
    third = pretend(runs[2])
    wait_for("queued", runs[2])
    second = pretend(runs[1], 0.5)
    assert [run.state for run in runs] == ["running", "queued", "queued"]
    # Not even the death of the first lets two begin.
    first.kill()
    assert said(second) == "begins"
    assert [run.state for run in runs[::2]] == ["interrupted", "queued"]
    assert said(third) == "begins"
    assert runs[1].state == "done"


@pytest.mark.usefixtures("own_models")
def test_more_may_run_at_once_if_that_is_wanted(pretend: Pretend) -> None:
    processes = [pretend(new_run(config(name)), MNIST_TRAININGS="2") for name in ("one", "two")]
    assert [said(process) for process in processes] == ["begins", "begins"]


@pytest.mark.usefixtures("own_models")
@pytest.mark.parametrize("number", ["0", "-1", "many", "2.5", "65"])
def test_an_impossible_number_of_trainings_is_explained(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_TRAININGS", number)
    run = new_run(config())
    with pytest.raises(TrainingError, match="MNIST_TRAININGS") as error:
        jobs.execute(run)
    assert repr(number) in str(error.value)
    assert run.outcome == Outcome(state="failed", text=str(error.value))


@pytest.mark.usefixtures("own_models")
@pytest.mark.parametrize("how", ["hearing", "deaf"])
@pytest.mark.parametrize("keep", [True, False])
def test_a_cancelled_run_stops_within_two_seconds(pretend: Pretend, keep: bool, how: str) -> None:
    run = new_run(config())
    process = pretend(run, 60, how)
    assert said(process) == "begins"
    jobs.cancel(run, keep=keep)  # no epoch is done: there is nothing to keep
    start = time.monotonic()
    wait_for("cancelled", run)
    assert process.wait(20) in ((0,) if how == "hearing" else (130, -2))
    # The deadline, and a machine that is busy.
    assert time.monotonic() - start < 2 + 8
    assert run.outcome
    assert run.outcome.card is None


@pytest.mark.usefixtures("own_models")
def test_what_was_learnt_is_kept_on_request(pretend: Pretend) -> None:
    run = new_run(config())
    run.checkpoints.mkdir()
    (run.checkpoints / "state.json").write_text('{"history": {"loss": [1.0]}}')
    process = pretend(run)
    assert said(process) == "begins"
    jobs.cancel(run)
    assert process.wait(20) == 0
    assert run.outcome
    assert (run.outcome.state, run.outcome.text) == ("cancelled", "kept")


@pytest.mark.usefixtures("own_models")
def test_a_run_that_waits_can_be_cancelled_too(pretend: Pretend) -> None:
    first, second = new_run(config("first")), new_run(config("second"))
    assert said(pretend(first)) == "begins"
    waiting = pretend(second)
    wait_for("queued", second)
    jobs.cancel(second)
    assert said(waiting) == "TrainingStopped"
    assert (first.state, second.state) == ("running", "cancelled")


@pytest.mark.usefixtures("own_models")
def test_a_process_that_answers_no_more_is_ended(pretend: Pretend) -> None:
    run = new_run(config())
    process = pretend(run)
    assert said(process) == "begins"
    process.send_signal(signal.SIGSTOP)
    jobs.cancel(run)
    jobs.kill(run)
    assert process.wait(20) == -signal.SIGKILL
    assert run.state == "interrupted"
    jobs.kill(run)  # nobody is killed for a number that a dead process had


@pytest.mark.usefixtures("own_models")
def test_a_run_cancelled_at_once_after_its_start_leaves_nothing() -> None:
    run = jobs.start(config())
    jobs.cancel(run)
    wait_for("cancelled", run)
    assert run.outcome
    assert run.outcome.card is None
    assert list_models() == []


def test_a_failed_job_says_why(own_models: Path) -> None:
    run = jobs.start(config(initial_model="nothing"))
    wait_for("failed", run)
    assert run.outcome
    assert "no model of that name" in run.outcome.text
    wait_for_log("no model of that name", run)
    assert "Traceback" not in run.log_end()


@pytest.mark.usefixtures("own_models")
def test_a_process_that_cannot_begin_is_told_with_the_end_of_its_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    run = jobs.start(config())
    wait_for("failed", run)
    assert run.outcome
    assert "before the training began" in run.outcome.text
    wait_for_log("nowhere", run)


@pytest.mark.usefixtures("own_models")
def test_without_the_data_the_run_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing = tmp_path / "mnist.npz"
    monkeypatch.setattr("mnist_core.runs.train.load_mnist", lambda: load_mnist(missing))
    run = new_run(config())
    with pytest.raises(DatasetError):
        jobs.execute(run)
    assert run.state == "failed"
    assert run.outcome
    assert "mnist.npz" in run.outcome.text


@pytest.mark.slow
@pytest.mark.usefixtures("own_models")
def test_a_job_outlives_who_started_it_and_leaves_a_model() -> None:
    program = (
        "from mnist_core import TrainingConfig, jobs\n"
        'config = TrainingConfig(architecture="mlp", name="quick", epochs=1)\n'
        "print(jobs.start(config).id)"
    )
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root
    )
    run = find_run(result.stdout.strip())
    assert run.is_active
    wait_for("done", run, 240)
    kinds = [type(event) for event in run.events()]
    assert kinds.index(BatchEnd) < kinds.index(EpochEnd) < kinds.index(Done)
    assert [card.name for card in list_models()] == ["quick"]
    assert run.outcome
    assert run.outcome.card == list_models()[0]
    assert not run.checkpoints.exists()
    assert [other.id for other in list_runs()] == [run.id]


@pytest.mark.slow
@pytest.mark.usefixtures("own_models")
def test_a_run_is_stopped_kept_and_resumed() -> None:
    run = jobs.start(config("stopped", epochs=30, target_accuracy=1.0))
    while run.epochs_done < 1:
        assert run.is_active
        time.sleep(0.05)
    jobs.cancel(run)
    wait_for("cancelled", run, 120)
    assert run.outcome
    assert run.outcome.card
    kept = run.outcome.card
    assert list_models() == [kept]
    assert 1 <= kept.epochs < 30
    assert kept.test_accuracy > 0.9
    # Its own model is in nobody's way.
    jobs.resume(run)
    with pytest.raises(TrainingError, match="Only a run that has stopped"):
        jobs.resume(run)
    while run.epochs_done <= kept.epochs:
        assert run.is_active
        time.sleep(0.05)
    jobs.cancel(run)
    wait_for("cancelled", run, 120)
    (more,) = list_models()
    assert more.epochs > kept.epochs
    assert more.training_seconds > kept.training_seconds


def test_stopped_is_a_training_error() -> None:
    assert issubclass(TrainingStopped, TrainingError)
