"""Hyperparameter searches without training, for fresh processes (see `processes`)."""

from __future__ import annotations

import contextlib
import io
import json
import math
from dataclasses import dataclass
from typing import Any
from unittest import mock

from mnist_core import TrainingConfig
from mnist_core.errors import TrainingDiverged
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.train import try_run
from mnist_core.training.events import Message, OnEvent, TrainingEvent
from mnist_core.tuning.config import TuningConfig
from mnist_core.tuning.search import tune


@dataclass(frozen=True)
class Search:
    """The result of `search`.

    Attributes:
        trials: the names of the trials that were trained.
        messages: of the events.
        final: name, learning rate and checkpoint's accuracy of the final model's run; or None.
        error: the class and text of the error; "" without one.
        printed: the output.
    """

    trials: list[str]
    messages: list[str]
    final: tuple[str, float, float] | None
    error: str
    printed: str


def search(behavior: str, **settings: Any) -> Search:
    """Search with trials that take no time; their accuracy follows from the learning rate.

    Args:
        behavior: "regular", "diverging" (each trial), "diverging once", "broken" (by a bug) or
            "interrupted" (after three trials).
        settings: of the `TuningConfig`.
    """
    trials: list[str] = []
    messages: list[str] = []
    final: list[tuple[str, float, float]] = []

    def execute(run: Run, train: Any, on_event: OnEvent) -> float | None:
        if train is try_run:
            return execute_trial(run)
        state = json.loads((run.checkpoints / "state.json").read_text())
        final.append((run.config.name, run.config.learning_rate, state["history"]["loss"][0]))
        run.finish(Outcome(state="done"))
        return None

    def execute_trial(run: Run) -> float:
        run.set_phase("running")
        if behavior == "broken":
            raise ZeroDivisionError("a bug")
        if behavior == "interrupted" and len(trials) == 3:
            raise KeyboardInterrupt
        trials.append(run.config.name)
        if behavior == "diverging" or (behavior == "diverging once" and len(trials) == 2):
            raise TrainingDiverged("Training diverged. Received: a large learning rate")
        accuracy = 1 + math.log10(run.config.learning_rate) / 10
        run.checkpoints.mkdir()
        (run.checkpoints / "state.json").write_text(json.dumps({"history": {"loss": [accuracy]}}))
        (run.folder / "events.jsonl").write_text("")
        run.finish(Outcome(state="done", validation_accuracy=accuracy))
        return accuracy

    def on_event(event: TrainingEvent) -> None:
        assert isinstance(event, Message)
        messages.append(event.text)

    base = TrainingConfig(architecture="mlp", name="best", seed=5).resolved()
    config = TuningConfig(
        base=base, **{"trials": 8, "search": ("learning_rate", "dropout")} | settings
    )
    error = ""
    with (
        mock.patch("mnist_core.runs.jobs.execute", execute),
        contextlib.redirect_stdout(io.StringIO()) as printed,
    ):
        try:
            tune(config, on_event)
        except (Exception, KeyboardInterrupt) as raised:
            error = f"{type(raised).__name__}: {raised}"
    return Search(
        trials=trials,
        messages=messages,
        final=final[0] if final else None,
        error=error,
        printed=printed.getvalue(),
    )
