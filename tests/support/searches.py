"""Hyperparameter searches without training: their trials take no time, or as long as is said."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import optuna
from optuna.trial import TrialState
from support.cards import make_card
from support.processes import Child, start_process

from mnist_core import ModelCard, TrainingConfig
from mnist_core.errors import TrainingDiverged, TrainingStopped
from mnist_core.registry.card import TFLITE, write_card
from mnist_core.registry.staging import staged_model
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.store import list_runs
from mnist_core.runs.train import try_run
from mnist_core.training.config import Settings
from mnist_core.training.events import EpochEnd, Message, OnEvent, TrainingEvent
from mnist_core.tuning.config import TuningConfig
from mnist_core.tuning.places import database_url
from mnist_core.tuning.search import tune

EPOCHS = 4


@dataclass
class Search:
    """What a search did.

    Attributes:
        trials: the names of the trials that were trained.
        messages: of the events.
        final: of the final model's run, the learning rate, and the accuracy of the checkpoint that
            it began with, if any.
        error: the class and text of the error; "" without one.
    """

    trials: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    final: tuple[float, float | None] | None = None
    error: str = ""


def accuracy_of(settings: Settings) -> float:
    """The validation accuracy of a trial; it follows from the learning rate."""
    return 1 + math.log10(settings.learning_rate) / 10


def make_config(*, overwrite: bool = False, **changes: Any) -> TuningConfig:
    """A search of eight trials; `changes` are of the `TuningConfig`."""
    base = TrainingConfig(
        architecture="mlp", name="best", seed=5, epochs=EPOCHS, overwrite=overwrite
    )
    values = {"trials": 8, "search": ("learning_rate", "dropout")} | changes
    return TuningConfig(base=base.resolved(), **values)


def search(
    behavior: str = "regular",
    *,
    seconds: float = 0.0,
    grace: int = 1,
    tell: Callable[[str], None] = lambda text: None,
    at_trial: Callable[[int], None] = lambda count: None,
    **changes: Any,
) -> Search:
    """Search in this process; everything but the trainings is real.

    Args:
        behavior: "regular", "diverging" (each trial), "diverging once" or "broken" (by a bug).
        seconds: of an epoch.
        grace: seconds after which a trial without a heartbeat is tried again.
        tell: called with each message.
        at_trial: called at the start of each trial with the number of those before.
        changes: for `make_config`.
    """
    result = Search()

    def execute(run: Run, train: Any, on_event: OnEvent) -> float | ModelCard:
        with run.lock():
            run.set_phase("running")
            return execute_trial(run, on_event) if train is try_run else save(run)

    def save(run: Run) -> ModelCard:
        result.final = (run.config.learning_rate, None)
        if run.epochs_done:
            state = json.loads((run.checkpoints / "state.json").read_text())
            result.final = (run.config.learning_rate, state["history"]["val_accuracy"][-1])
        with staged_model(run.config.name, run.models, overwrite=run.config.overwrite) as stage:
            (stage / TFLITE).write_bytes(b"no network")
            card = write_card(make_card(run.config.name, created=str(time.time_ns())), stage)
        run.finish(Outcome(state="done", card=card))
        return card

    def execute_trial(run: Run, on_event: OnEvent) -> float:
        count, accuracy = len(result.trials), accuracy_of(run.config)
        at_trial(count)
        if behavior == "broken":
            raise ZeroDivisionError("a bug")
        result.trials.append(run.config.name)
        if behavior == "diverging" or (behavior == "diverging once" and count == 1):
            raise TrainingDiverged("Training diverged. Received: a large learning rate")
        for epoch in range(run.epochs_done + 1, EPOCHS + 1):
            time.sleep(seconds)
            history = [accuracy * done / EPOCHS for done in range(1, epoch + 1)]
            run.checkpoints.mkdir(exist_ok=True)
            state = {"history": {"loss": history, "val_accuracy": history}}
            (run.checkpoints / "state.json").write_text(json.dumps(state))
            try:
                report(run, on_event, epoch, history[-1])
            except TrainingStopped as error:
                run.finish(Outcome(state="cancelled", text=str(error)))
                raise
        run.finish(Outcome(state="done", validation_accuracy=accuracy))
        return accuracy

    def report(run: Run, on_event: OnEvent, epoch: int, accuracy: float) -> None:
        values = {"accuracy": accuracy, "loss": 1.0, "val_accuracy": accuracy, "val_loss": 1.0}
        event = EpochEnd(epoch=epoch, epochs=EPOCHS, seconds=1.0, **values)
        run.report(event)
        on_event(event)

    def on_event(event: TrainingEvent) -> None:
        if isinstance(event, Message):
            result.messages.append(event.text)
            tell(event.text)

    with (
        mock.patch("mnist_core.runs.jobs.execute", execute),
        mock.patch.multiple("mnist_core.tuning.study", _INTERVAL=1, _GRACE=grace),
        mock.patch("mnist_core.tuning.search._INTERVAL", 0.05),
    ):
        try:
            tune(make_config(**changes), on_event)
        except (Exception, KeyboardInterrupt) as raised:
            result.error = f"{type(raised).__name__}: {raised}"
    return result


def search_in_child(tell: Callable[[str], None], seconds: float, changes: dict[str, Any]) -> None:
    """Search in a process of its own, which may be killed; for `start_process`."""
    result = search(seconds=seconds, tell=tell, **changes)
    tell(f"End. {result.error}")


def trial_runs() -> list[Run]:
    """The runs of trials, newest first, without that of the final model."""
    return [run for run in list_runs() if run.config.name != "best"]


def stored_study() -> optuna.Study:
    """The study as Optuna itself reads it."""
    return optuna.load_study(study_name="best", storage=database_url())


def messages_until(child: Child, beginning: str) -> list[str]:
    """The messages of a child up to the first one that begins so."""
    messages = [child.message()]
    while not messages[-1].startswith(beginning):
        messages.append(child.message())
    return messages


def check_killed_worker_loses_nothing(**changes: object) -> None:
    """Two workers share a search; one is killed in the middle of its second trial."""
    killed, other = (start_process(search_in_child, 0.1, changes) for _ in range(2))
    began = messages_until(killed, "Trial ")[-1]
    title = began.partition(":")[0]
    assert "best so far" in messages_until(killed, title)[-1]
    lost = messages_until(killed, "Trial ")[-1]
    killed.kill()
    messages = messages_until(other, "End. ")
    assert messages[-1] == "End. "
    assert other.exit_code() == 0
    # The trial is tried again, with the same values.
    assert lost in messages
    assert began not in messages
    past = trial_runs()
    assert sorted(run.config.name for run in past) == [f"best-{number}" for number in range(8)]
    ended = [trial for trial in stored_study().trials if trial.state != TrialState.FAIL]
    assert {trial.user_attrs["run"] for trial in ended} == {run.id for run in past}
    for trial in ended:
        assert trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        run = Run(past[0].folder.parent / trial.user_attrs["run"])
        assert run.outcome
        assert run.outcome.validation_accuracy in (None, trial.value)
