"""The commands `export` and `calibrate`, which change a model without training."""

from __future__ import annotations

import argparse

from mnist_core.cli.terminal import Commands, describe_accuracy, native_messages_hidden
from mnist_core.training.export import calibrate, export_again

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the commands."""
    export = commands.add_parser(
        "export", help="make a model's LiteRT file again from its Keras network, without training"
    )
    export.add_argument("name", help="name listed by 'models'")
    export.add_argument(
        "--quantize",
        action=argparse.BooleanOptionalAction,
        help="in 8 bits: smaller and faster; default: the champion only",
    )
    export.set_defaults(run=_export)
    limits = commands.add_parser(
        "calibrate",
        help="choose again from which digit score on a model accepts a digit, and calls it usual",
    )
    limits.add_argument("name", help="name listed by 'models'")
    limits.add_argument(
        "--fit-score",
        action="store_true",
        help="first fit the champion's output 'this is a digit' again; its other answers stay",
    )
    limits.set_defaults(run=_calibrate)


def _export(options: argparse.Namespace) -> int:
    with native_messages_hidden():
        card = export_again(
            options.name,
            quantize=options.quantize,
            on_message=lambda text: print(f"{text} …", flush=True),
        )
    print(f"{describe_accuracy(card)}; saved")
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    with native_messages_hidden():
        card = calibrate(
            options.name,
            fit_score=options.fit_score,
            on_message=lambda text: print(f"{text} …", flush=True),
        )
    print(
        f"{card.name}: a digit from a score of {card.digit_threshold:.4f} on, an ordinary one from "
        f"{card.ordinary_threshold:.4f} on; saved"
    )
    return 0
