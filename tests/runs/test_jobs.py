"""Jobs: queued, watched from other processes, stopped, killed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.processes import Child, run_with_tensorflow, start_process
from support.runs import pretend, start_job

from mnist_core import (
    DatasetError,
    TrainingConfig,
    TrainingError,
    TrainingStopped,
    list_models,
    load_mnist,
)
from mnist_core.runs import jobs
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.store import find_run, list_runs, new_run
from mnist_core.runs.train import train_run
from mnist_core.training.events import BatchEnd, Done, EpochEnd

pytestmark = pytest.mark.usefixtures("runs")


def config(name: str = "mine", **settings: object) -> TrainingConfig:
    return TrainingConfig(architecture="mlp", name=name, **settings)  # type: ignore[arg-type]


Execute = Callable[..., Child]


@pytest.fixture
def execute() -> Iterator[Execute]:
    """Starts processes that execute a run with a training that only waits."""
    children: list[Child] = []

    def start(run: Run, seconds: float = 60.0, *, responsive: bool = True) -> Child:
        children.append(start_process(pretend, run.id, seconds, responsive))
        return children[-1]

    yield start
    for child in children:
        child.kill()


def wait_for(state: str, run: Run, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while run.state != state:
        assert time.monotonic() < end, f"{run.state}, not {state}: {run.outcome}\n{run.log_end()}"
        time.sleep(0.05)


def wait_for_log(text: str, run: Run, seconds: float = 60.0) -> None:
    """Wait: a process logs its error a moment after it has recorded the outcome."""
    end = time.monotonic() + seconds
    while text not in run.log_end():
        assert time.monotonic() < end, run.log_end()
        time.sleep(0.05)


@pytest.mark.usefixtures("own_models")
def test_execute_runs_one_at_a_time_first_come_first_served(execute: Execute) -> None:
    runs = [new_run(config(name)) for name in ("first", "second", "third")]
    first = execute(runs[0])
    assert first.message() == "begins"
    # The process of the third run starts before that of the second; its turn comes later.
    third = execute(runs[2])
    wait_for("queued", runs[2])
    second = execute(runs[1], 0.5)
    assert [run.state for run in runs] == ["running", "queued", "queued"]
    # When the first process dies, only one other begins.
    first.kill()
    assert second.message() == "begins"
    assert [run.state for run in runs[::2]] == ["interrupted", "queued"]
    assert third.message() == "begins"
    assert runs[1].state == "done"


@pytest.mark.usefixtures("own_models")
def test_execute_runs_more_at_once_where_configured(
    execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_TRAININGS", "2")
    processes = [execute(new_run(config(name))) for name in ("one", "two")]
    assert [process.message() for process in processes] == ["begins", "begins"]


@pytest.mark.usefixtures("own_models")
@pytest.mark.parametrize("number", ["0", "-1", "many", "2.5", "65"])
def test_execute_explains_an_invalid_number_of_trainings(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_TRAININGS", number)
    run = new_run(config())
    with pytest.raises(TrainingError, match="MNIST_TRAININGS") as error:
        jobs.execute(run, train_run)
    assert str(error.value).endswith(("Received: " + number, f"Received: {number!r}"))
    assert run.outcome == Outcome(state="failed", text=str(error.value))


@pytest.mark.usefixtures("own_models")
@pytest.mark.parametrize("responsive", [True, False])
@pytest.mark.parametrize("keep", [True, False])
def test_cancel_stops_a_run_within_two_seconds(
    execute: Execute, keep: bool, responsive: bool
) -> None:
    run = new_run(config())
    process = execute(run, responsive=responsive)
    assert process.message() == "begins"
    jobs.cancel(run, keep=keep)  # no epoch is complete: there is nothing to save
    start = time.monotonic()
    wait_for("cancelled", run)
    assert process.exit_code() == (0 if responsive else 130)
    # The deadline, plus a margin for a busy machine.
    assert time.monotonic() - start < 2 + 8
    assert run.outcome
    assert run.outcome.card is None


@pytest.mark.usefixtures("own_models")
def test_cancel_saves_the_complete_epochs_on_request(execute: Execute) -> None:
    run = new_run(config())
    run.checkpoints.mkdir()
    (run.checkpoints / "state.json").write_text('{"history": {"loss": [1.0]}}')
    process = execute(run)
    assert process.message() == "begins"
    jobs.cancel(run)
    assert process.exit_code() == 0
    assert run.outcome
    assert (run.outcome.state, run.outcome.text) == ("cancelled", "saved")


@pytest.mark.usefixtures("own_models")
def test_cancel_stops_a_queued_run(execute: Execute) -> None:
    first, second = new_run(config("first")), new_run(config("second"))
    assert execute(first).message() == "begins"
    queued = execute(second)
    wait_for("queued", second)
    jobs.cancel(second)
    assert queued.message() == "TrainingStopped"
    assert (first.state, second.state) == ("running", "cancelled")


@pytest.mark.usefixtures("own_models")
def test_kill_ends_a_process_that_does_not_respond(execute: Execute) -> None:
    run = new_run(config())
    process = execute(run)
    assert process.message() == "begins"
    os.kill(process.pid, signal.SIGSTOP)
    jobs.cancel(run)
    record = run.folder / "process.json"
    own = record.read_text()
    record.write_text(json.dumps(json.loads(own) | {"host": "another"}))
    with pytest.raises(TrainingError, match=r"Another server .* Received: .* on another"):
        jobs.kill(run)
    assert run.has_process
    record.write_text(own)
    jobs.kill(run)
    assert process.exit_code() == -signal.SIGKILL
    assert run.state == "interrupted"
    jobs.kill(run)  # does not kill another process with the number of the dead one


@pytest.mark.usefixtures("own_models")
def test_cancel_right_after_start_leaves_no_model() -> None:
    run = jobs.start(config())
    jobs.cancel(run)
    wait_for("cancelled", run)
    assert run.outcome
    assert run.outcome.card is None
    assert list_models() == []


def test_start_records_why_a_job_failed(own_models: Path) -> None:
    run = jobs.start(config(initial_model="nothing"))
    wait_for("failed", run)
    assert run.outcome
    assert "no model of that name" in run.outcome.text
    wait_for_log("no model of that name", run)
    assert "Traceback" not in run.log_end()


@pytest.mark.usefixtures("own_models")
def test_start_records_that_a_process_could_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    run = jobs.start(config())
    wait_for("failed", run)
    assert run.outcome
    assert "before the training began" in run.outcome.text
    wait_for_log("nowhere", run)


@pytest.mark.usefixtures("own_models")
def test_execute_records_that_the_data_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = tmp_path / "mnist.npz"
    monkeypatch.setattr("mnist_core.runs.train.load_mnist", lambda: load_mnist(missing))
    run = new_run(config())
    with pytest.raises(DatasetError):
        jobs.execute(run, train_run)
    assert run.state == "failed"
    assert run.outcome
    assert "mnist.npz" in run.outcome.text


@pytest.mark.slow
@pytest.mark.usefixtures("own_models")
def test_job_outlives_its_parent_and_saves_a_model() -> None:
    run = find_run(run_with_tensorflow(start_job, config("quick", epochs=1)))
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
def test_job_is_cancelled_saved_and_resumed() -> None:
    run = jobs.start(config("stopped", epochs=30, target_accuracy=1.0))
    while run.epochs_done < 1:
        assert run.is_active
        time.sleep(0.05)
    jobs.cancel(run)
    wait_for("cancelled", run, 120)
    assert run.outcome
    assert run.outcome.card
    saved = run.outcome.card
    assert list_models() == [saved]
    assert 1 <= saved.epochs < 30
    assert saved.test_accuracy > 0.9
    # The run may replace its own model.
    jobs.resume(run)
    with pytest.raises(TrainingError, match="Only a run that has stopped"):
        jobs.resume(run)
    while run.epochs_done <= saved.epochs:
        assert run.is_active
        time.sleep(0.05)
    jobs.cancel(run)
    wait_for("cancelled", run, 120)
    (more,) = list_models()
    assert more.epochs > saved.epochs
    # The time of the epochs before counts, whatever else the machine did meanwhile.
    seconds = [event.seconds for event in run.events() if isinstance(event, EpochEnd)]
    assert more.training_seconds > sum(seconds[: more.epochs]) - 0.1


def test_training_stopped_is_a_training_error() -> None:
    assert issubclass(TrainingStopped, TrainingError)
