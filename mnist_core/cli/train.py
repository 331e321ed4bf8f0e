"""`python -m mnist_core train` and `runs`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mnist_core.cli.terminal import ProgressBar, native_messages_hidden
from mnist_core.distributed.cluster import Cluster
from mnist_core.errors import TrainingError
from mnist_core.networks.architectures import ARCHITECTURES
from mnist_core.registry.store import load_card
from mnist_core.runs.store import Outcome, Run, begin_run, find_run, list_runs, reopen_run
from mnist_core.storage.paths import runs_directory
from mnist_core.training.config import OPTIMIZERS, SCHEDULES, STRATEGIES, TrainingConfig
from mnist_core.training.events import TrainingEvent, event_to_json

if TYPE_CHECKING:
    from mnist_core.cli.terminal import Commands

__all__ = ["add_settings", "add_to", "config_from", "install_signal_handlers", "print_as_json"]


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
    add_settings(train, "settings", "left out: what suits the architecture")
    train.add_argument("--resume", metavar="ID", help="go on with a run from 'runs'; no settings")
    train.add_argument("--json", action="store_true", help="one JSON object an event")
    train.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    train.set_defaults(run=_train)


def add_settings(parser: argparse.ArgumentParser, title: str, description: str) -> None:
    """Add an option for each setting of a training."""
    settings = parser.add_argument_group(title, description)
    settings.add_argument("--architecture", choices=tuple(ARCHITECTURES))
    settings.add_argument("--name", help="the model's name; default: the architecture's")
    settings.add_argument("--epochs", type=int, help="at most so many")
    settings.add_argument("--batch-size", type=int, help="images per step")
    settings.add_argument("--learning-rate", type=float)
    settings.add_argument("--schedule", choices=tuple(SCHEDULES), help="of the learning rate")
    settings.add_argument("--optimizer", "--optimiser", choices=tuple(OPTIMIZERS))
    settings.add_argument("--dropout", type=float, help="share of units left out, 0 to 0.9")
    settings.add_argument("--augmentation", type=float, help="how much images are altered, 0 to 1")
    settings.add_argument("--target-accuracy", type=float, help="stop when training reaches it")
    settings.add_argument("--patience", type=int, help="stop after so many epochs without gain")
    settings.add_argument("--validation-fraction", type=float, help="held out, 0.01 to 0.5")
    settings.add_argument("--seed", type=int)
    settings.add_argument(
        "--mixed-precision",
        action=argparse.BooleanOptionalAction,
        help="16 bits; default: where the processor is quicker so; say it for a GPU",
    )
    settings.add_argument("--initial-model", help="begin with the weights of this model")
    settings.add_argument("--include-corrections", action="store_true")
    settings.add_argument("--strategy", choices=tuple(STRATEGIES), help="devices or machines")
    settings.add_argument("--overwrite", action="store_true", help="replace a model of that name")


def _train(options: argparse.Namespace) -> int:
    from mnist_core.runs import jobs

    given = vars(options)
    background, as_json = given.get("background", False), given.get("json", False)
    if "resume" in given:
        run = _run_to_resume(given, background)
    else:
        config = config_from(given)
        if config.strategy == "multiworker" and not Cluster.from_environment().is_chief:
            return _assist(config, as_json)
        run = begin_run(config)
    install_signal_handlers()
    if background:
        # Who watches reads the run's folder; what is said here is its log.
        jobs.execute(run, background=True)
    elif as_json:
        jobs.execute(run, print_as_json)
    else:
        with native_messages_hidden():
            jobs.execute(run, ProgressBar())
    return 0


def install_signal_handlers() -> None:
    """End on either signal as on Ctrl-C, which leaves nothing half done."""
    # A shell that starts this in the background would have it ignore both.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)


def config_from(given: Mapping[str, Any]) -> TrainingConfig:
    """The settings among the options that were given.

    Raises:
        TrainingError: they cannot be.
        ModelNotFoundError, ModelLoadError: the initial model is not there, or damaged.
    """
    settings = _settings(given)
    if "initial_model" in settings and "architecture" not in settings:
        card = load_card(settings["initial_model"])
        if card.members:
            raise TrainingError(
                "An ensemble is not trained. Fine-tune its members, and make it again. Received: "
                f"--initial-model {card.name}, made of {', '.join(card.members)}"
            )
        settings["architecture"] = card.architecture
    return TrainingConfig(**settings)


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    return {f.name: given[f.name] for f in dataclasses.fields(TrainingConfig) if f.name in given}


def _assist(config: TrainingConfig, as_json: bool) -> int:
    from mnist_core.distributed.worker import run_worker

    if as_json:
        run_worker(config, print_as_json)
    else:
        with native_messages_hidden():
            run_worker(config, ProgressBar())
    return 0


def _run_to_resume(given: Mapping[str, Any], background: bool) -> Run:
    if settings := _settings(given):
        names = ", ".join(f"--{name.replace('_', '-')}" for name in settings)
        raise TrainingError(
            f"A run goes on with the settings that it began with. Leave out: {names}. Received: "
            f"--resume {given['resume']}"
        )
    run = find_run(given["resume"])
    if not background:  # whoever started the process has reopened it
        reopen_run(run)
    return run


def print_as_json(event: TrainingEvent) -> None:
    """Print an event as a line of JSON."""
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


def _held_out(outcome: Outcome | None) -> float | None:
    if outcome is None or outcome.card is None:
        return outcome.validation_accuracy if outcome else None
    return outcome.card.validation_accuracy


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
        "validation_accuracy": _held_out(outcome),
        "why": " ".join(outcome.text.split()) if outcome else "",
    }
