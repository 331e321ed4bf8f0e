"""`python -m mnist_core ensemble`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mnist_core.cli.terminal import native_messages_hidden
from mnist_core.training.ensemble import make_ensemble

if TYPE_CHECKING:
    from mnist_core.cli.terminal import Commands

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command."""
    ensemble = commands.add_parser("ensemble", help="make one model that averages several")
    ensemble.add_argument("models", nargs="+", metavar="MODEL", help="names from 'models'")
    ensemble.add_argument("--name", required=True, help="the new model's")
    ensemble.add_argument("--overwrite", action="store_true", help="replace a model of that name")
    ensemble.set_defaults(run=_ensemble)


def _ensemble(options: argparse.Namespace) -> int:
    with native_messages_hidden():
        card = make_ensemble(
            options.models,
            options.name,
            overwrite=options.overwrite,
            on_message=lambda text: print(f"{text} …", flush=True),
        )
    low, high = card.test_interval
    print(
        f"{card.name}: {card.test_accuracy:.2%} of the MNIST test images "
        f"({low:.2%} to {high:.2%}); saved"
    )
    return 0
