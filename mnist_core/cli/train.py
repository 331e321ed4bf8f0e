"""The commands `train` and `runs`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnist_core.cli.terminal import Commands, install_signal_handlers, printed_events
from mnist_core.distributed.cluster import Cluster
from mnist_core.distributed.worker import run_worker
from mnist_core.errors import TrainingError
from mnist_core.networks.architectures import ARCHITECTURES
from mnist_core.networks.blocks.block import BLOCKS
from mnist_core.networks.blocks.file import read_blocks_file
from mnist_core.networks.blocks.network import name_network
from mnist_core.registry.store import load_card
from mnist_core.runs import jobs
from mnist_core.runs.run import Run
from mnist_core.runs.store import begin_run, find_run, list_runs, reopen_run
from mnist_core.runs.train import train_run
from mnist_core.storage.paths import runs_directory
from mnist_core.training.config import (
    OPTIMIZERS,
    SCHEDULES,
    STRATEGIES,
    TrainingConfig,
    network_of,
)

__all__ = ["add_settings", "add_to", "config_from"]


def add_to(commands: Commands) -> None:
    """Add the commands."""
    train = commands.add_parser(
        "train", help="train a model and save it", argument_default=argparse.SUPPRESS
    )
    add_settings(train, "settings", "the defaults depend on the architecture")
    train.add_argument(
        "--resume", metavar="ID", help="resume a run listed by 'runs', with its own settings"
    )
    train.add_argument(
        "--quick",
        action="store_true",
        help="a short training; the other options still apply",
    )
    train.add_argument("--json", action="store_true", help="print one JSON object per event")
    train.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    train.set_defaults(run=_train)

    runs = commands.add_parser("runs", help="list the training runs, newest first")
    runs.add_argument("--json", action="store_true", help="print a JSON list")
    runs.set_defaults(run=_runs)


def add_settings(parser: argparse.ArgumentParser, title: str, description: str) -> None:
    """Add an option for each setting of a training."""
    add = parser.add_argument_group(title, description).add_argument
    add(
        "--architecture",
        choices=tuple(ARCHITECTURES),
        help="network; default: cnn, or the initial model's",
    )
    add(
        "--network",
        type=Path,
        metavar="FILE.json",
        help="a network of blocks, as the Train page saves it, instead of --architecture",
    )
    add("--name", help="name of the model; default: the architecture's")
    add("--epochs", type=int, help="maximum number of epochs")
    add("--batch-size", type=int, help="images per step")
    add("--learning-rate", type=float, help="highest learning rate")
    add("--schedule", choices=tuple(SCHEDULES), help="learning rate schedule")
    add("--optimizer", "--optimiser", choices=tuple(OPTIMIZERS), help="optimization algorithm")
    add("--dropout", type=float, help="fraction of units dropped, 0 to 0.9")
    add("--augmentation", type=float, help="strength of augmentation, 0 to 1")
    add("--target-accuracy", type=float, help="training accuracy at which to stop, 0 to 1")
    add("--patience", type=int, help="epochs without improvement before stopping")
    add("--training-images", type=int, help="learn from this number of images; default: all")
    add("--validation-fraction", type=float, help="fraction of validation images, 0.01 to 0.5")
    add("--seed", type=int, help="seed of all random numbers")
    add(
        "--mixed-precision",
        action=argparse.BooleanOptionalAction,
        help="compute in 16 bits; default: where the CPU is faster that way. Set it for a GPU",
    )
    add(
        "--quantize",
        action=argparse.BooleanOptionalAction,
        help="save the network in 8 bits: smaller and faster; default: the champion only",
    )
    add("--initial-model", help="model whose weights the training starts from")
    add(
        "--initial-share",
        type=float,
        help="share of the initial model's weights in the final ones, 0 to 1",
    )
    add("--include-corrections", action="store_true", help="train on the stored corrections too")
    add("--strategy", choices=tuple(STRATEGIES), help="devices or machines to train on")
    add("--overwrite", action="store_true", help="replace an existing model of that name")


def config_from(given: Mapping[str, Any]) -> TrainingConfig:
    """Make a configuration of the options that were given.

    Raises:
        TrainingError: a setting is out of its range.
        ModelNotFoundError, ModelLoadError: the initial model is missing or damaged.
    """
    settings = _settings(given)
    if "network" in given:
        if "architecture" in settings:
            raise TrainingError(
                "A file is a network of its own. Leave out --architecture or --network. Received: "
                f"--architecture {settings['architecture']} --network {given['network']}"
            )
        settings |= {"architecture": BLOCKS, "blocks": read_blocks_file(given["network"])}
    if "initial_model" in settings and "architecture" not in settings:
        card = load_card(settings["initial_model"])
        if card.members:
            raise TrainingError(
                "An ensemble cannot be trained. Fine-tune its members and combine them again. "
                f"Received: --initial-model {card.name}, made of {', '.join(card.members)}"
            )
        settings |= network_of(card)
    config = TrainingConfig(**settings)
    return TrainingConfig(**{**config.network.quick, **settings}) if given.get("quick") else config


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    return {f.name: given[f.name] for f in dataclasses.fields(TrainingConfig) if f.name in given}


def _train(options: argparse.Namespace) -> int:
    given = vars(options)
    background, as_json = given.get("background", False), given.get("json", False)
    if "resume" in given:
        run = _run_to_resume(given, background)
    else:
        config = config_from(given)
        if config.strategy == "multiworker" and not Cluster.from_environment().is_chief:
            with printed_events(as_json=as_json) as on_event:
                run_worker(config.resolved(), on_event)
            return 0
        run = begin_run(config)
    install_signal_handlers()
    if background:
        # The events are in the run's folder, and the output goes to its log.
        jobs.execute(run, train_run, background=True)
    else:
        with printed_events(as_json=as_json) as on_event:
            jobs.execute(run, train_run, on_event)
    return 0


def _run_to_resume(given: Mapping[str, Any], background: bool) -> Run:
    settings = [*_settings(given), *(["quick"] if given.get("quick") else [])]
    if settings:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in settings)
        raise TrainingError(
            f"A run resumes with its original settings. Leave out: {names}. Received: "
            f"--resume {given['resume']}"
        )
    run = find_run(given["resume"])
    if not background:  # otherwise the process that started this one has reopened it
        reopen_run(run)
    return run


def _runs(options: argparse.Namespace) -> int:
    runs = list_runs()
    if options.json:
        print(json.dumps([_run_as_json(run) for run in runs]))
        return 0
    if not runs:
        print(f"No runs in {runs_directory()}", file=sys.stderr)
    for run in runs:
        values = _run_as_json(run)
        accuracy = values["test_accuracy"]
        end = f"{accuracy:.2%} test accuracy" if accuracy else values["why"]
        network = name_network(values["architecture"], values["configuration"].get("blocks"))
        print(f"{run.id}\t{values['state']}\t{network}\t{end}".rstrip())
    return 0


def _run_as_json(run: Run) -> dict[str, Any]:
    outcome = run.outcome
    card = outcome.card if outcome else None
    try:
        settings = dataclasses.asdict(run.config)
    except TrainingError:
        settings = {}  # a damaged run is listed too
    trial_accuracy = outcome.validation_accuracy if outcome else None
    return {
        "id": run.id,
        "state": run.state,
        "architecture": settings.get("architecture", "?"),
        "configuration": settings,
        "epochs_done": card.epochs if card else run.epochs_done,
        "test_accuracy": card.test_accuracy if card else None,
        "validation_accuracy": card.validation_accuracy if card else trial_accuracy,
        "why": " ".join(outcome.text.split()) if outcome else "",
    }
