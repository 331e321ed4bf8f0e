"""The command `train-strings`."""

from __future__ import annotations

import argparse
from pathlib import Path

from mnist_core.cli.terminal import Commands, native_messages_hidden
from mnist_core.training.strings import train_strings

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command."""
    strings = commands.add_parser(
        "train-strings", help="train the network that reads digits that touch"
    )
    strings.add_argument("--steps", type=int, default=20_000, help="batches of 64 numbers")
    strings.add_argument("--seed", type=int, default=1998, help="seed of all random numbers")
    strings.add_argument(
        "--backup", type=Path, help="folder of checkpoints, from which a training continues"
    )
    strings.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    with native_messages_hidden():
        card = train_strings(
            steps=options.steps,
            seed=options.seed,
            backup=options.backup,
            on_message=lambda text: print(f"{text} …", flush=True),
        )
    print(f"{card.test_accuracy:.2%} of the test numbers are correct; saved")
    return 0
