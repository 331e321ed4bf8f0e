"""`python -m mnist_core train` and `runs`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
from typing import TYPE_CHECKING, Any

from mnist_core.architectures import ARCHITECTURES, OPTIMISERS, SCHEDULES
from mnist_core.commands.terminal import ProgressBar, native_messages_hidden
from mnist_core.configuration import TrainingConfig
from mnist_core.errors import TrainingError
from mnist_core.events import TrainingEvent, event_to_json
from mnist_core.registry import load_card
from mnist_core.runs import Run, begin_run, find_run, list_runs, reopen_run, runs_directory

if TYPE_CHECKING:
    from mnist_core.commands.terminal import Commands

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the commands."""
    _add_train(commands)
    runs = commands.add_parser("runs", help="list the trainings, the newest first")
    runs.add_argument("--json", action="store_true")
    runs.set_defaults(run=_runs)


def _add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    train = commands.add_parser(
        "train", help="train a model and save it", argument_default=argparse.SUPPRESS
    )
    settings = train.add_argument_group("settings", "left out: what suits the architecture")
    settings.add_argument("--architecture", choices=tuple(ARCHITECTURES))
    settings.add_argument("--name", help="the model's name; default: the architecture's")
    settings.add_argument("--epochs", type=int, help="at most so many")
    settings.add_argument("--batch-size", type=int, help="images per step")
    settings.add_argument("--learning-rate", type=float)
    settings.add_argument("--schedule", choices=tuple(SCHEDULES), help="of the learning rate")
    settings.add_argument("--optimiser", choices=tuple(OPTIMISERS))
    settings.add_argument("--dropout", type=float, help="share of units left out, 0 to 0.9")
    settings.add_argument("--augmentation", type=float, help="how much images are altered, 0 to 1")
    settings.add_argument("--target-accuracy", type=float, help="stop when training reaches it")
    settings.add_argument("--patience", type=int, help="stop after so many epochs without gain")
    settings.add_argument("--validation-fraction", type=float, help="held out, 0.01 to 0.5")
    settings.add_argument("--seed", type=int)
    settings.add_argument("--mixed-precision", action="store_true", help="16 bits, for GPUs")
    settings.add_argument("--initial-model", help="begin with the weights of this model")
    settings.add_argument("--include-corrections", action="store_true")
    settings.add_argument("--overwrite", action="store_true", help="replace a model of that name")
    train.add_argument("--resume", metavar="ID", help="go on with a run from 'runs'; no settings")
    train.add_argument("--json", action="store_true", help="one JSON object an event")
    train.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    train.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    from mnist_core import jobs

    given = vars(options)
    background, as_json = given.get("background", False), given.get("json", False)
    run = _run_to_train(given, background)
    # Whoever started the run may end it; it leaves nothing half done, as on Ctrl-C. A shell that
    # starts it in the background would have it ignore both.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    if background:
        # Who watches reads the run's folder; what is said here is its log.
        jobs.work(run, background=True)
    elif as_json:
        jobs.work(run, _print_as_json)
    else:
        with native_messages_hidden():
            jobs.work(run, ProgressBar())
    return 0


def _run_to_train(given: dict[str, Any], background: bool) -> Run:
    settings = {
        f.name: given[f.name] for f in dataclasses.fields(TrainingConfig) if f.name in given
    }
    if "resume" not in given:
        if "initial_model" in settings and "architecture" not in settings:
            settings["architecture"] = load_card(settings["initial_model"]).architecture
        return begin_run(TrainingConfig(**settings))
    if settings:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in settings)
        raise TrainingError(
            f"A run goes on with the settings that it began with. Leave out: {names}. Received: "
            f"--resume {given['resume']}"
        )
    run = find_run(given["resume"])
    if not background:  # whoever started the process has reopened it
        reopen_run(run)
    return run


def _print_as_json(event: TrainingEvent) -> None:
    print(event_to_json(event), flush=True)


def _runs(options: argparse.Namespace) -> int:
    runs = list_runs()
    if options.json:
        print(json.dumps([_run_as_json(run) for run in runs]))
        return 0
    if not runs:
        print(f"No runs in {runs_directory()}", file=sys.stderr)
    for run in runs:
        told = _run_as_json(run)
        accuracy = told["test_accuracy"]
        end = f"{accuracy:.2%} of the MNIST test images" if accuracy else told["why"]
        print(f"{run.id}\t{told['state']}\t{told['architecture']}\t{end}".rstrip())
    return 0


def _run_as_json(run: Run) -> dict[str, Any]:
    outcome = run.outcome
    try:
        settings = dataclasses.asdict(run.config)
    except TrainingError:
        settings = {}  # damaged; the others are listed all the same
    return {
        "id": run.id,
        "state": run.state,
        "architecture": settings.get("architecture", "?"),
        "configuration": settings,
        "epochs_done": outcome.card.epochs if outcome and outcome.card else run.epochs_done,
        "test_accuracy": outcome.card.test_accuracy if outcome and outcome.card else None,
        "why": " ".join(outcome.text.split()) if outcome else "",
    }
