"""The command `ensemble`."""

from __future__ import annotations

import argparse

from mnist_core.cli.terminal import Commands, describe_accuracy, native_messages_hidden
from mnist_core.training.ensemble import make_ensemble

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command."""
    ensemble = commands.add_parser("ensemble", help="combine several models into one that averages")
    ensemble.add_argument("models", nargs="+", metavar="MODEL", help="name listed by 'models'")
    ensemble.add_argument("--name", required=True, help="name of the new model")
    ensemble.add_argument(
        "--overwrite", action="store_true", help="replace an existing model of that name"
    )
    ensemble.set_defaults(run=_ensemble)


def _ensemble(options: argparse.Namespace) -> int:
    with native_messages_hidden():
        card = make_ensemble(
            options.models,
            options.name,
            overwrite=options.overwrite,
            on_message=lambda text: print(f"{text} …", flush=True),
        )
    print(f"{describe_accuracy(card)}; saved")
    return 0
