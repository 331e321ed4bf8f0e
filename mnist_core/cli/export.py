"""The commands `export` and `calibrate`, which change a model without training."""

from __future__ import annotations

import argparse

from mnist_core.cli.terminal import Commands, describe_accuracy, native_messages_hidden, write
from mnist_core.errors import MnistError
from mnist_core.registry.store import load_card
from mnist_core.training.export import calibrate, export_again
from mnist_core.training.formats import FORMATS, export_as

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the commands."""
    export = commands.add_parser(
        "export",
        help="convert a model to another format, or make its LiteRT file again from its Keras "
        "network, without training",
    )
    export.add_argument("name", help="name listed by 'models'")
    export.add_argument(
        "--quantize",
        action=argparse.BooleanOptionalAction,
        help="in 8 bits: smaller and faster; default: the champion only",
    )
    export.add_argument(
        "--format",
        choices=tuple(FORMATS),
        help="write a file of its own instead: "
        + "; ".join(f"{kind}: {form.title}" for kind, form in FORMATS.items()),
    )
    export.add_argument(
        "--output", metavar="FILE", help="default: the model's name, in this folder"
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
    if options.format is not None:
        return _write_format(options)
    if options.output is not None:
        raise MnistError(
            "Only a file in another format has a place of its own. Choose one with --format. "
            f"Received: --output {options.output}"
        )
    with native_messages_hidden():
        card = export_again(
            options.name,
            quantize=options.quantize,
            on_message=lambda text: print(f"{text} …", flush=True),
        )
    print(f"{describe_accuracy(card)}; saved")
    return 0


def _write_format(options: argparse.Namespace) -> int:
    if options.quantize is not None:
        raise MnistError(
            "A format has its own number of bits. Leave out --quantize and --no-quantize. "
            f"Received: --format {options.format}"
        )
    card = load_card(options.name)
    print(f"Converting {card.name} and testing the file …", flush=True)
    with native_messages_hidden():
        made = export_as(card, options.format)
    path = options.output or made.file_name
    write(path, made.content)
    print(
        f"{path}: {len(made.content):,} bytes, {made.accuracy:.2%} test accuracy "
        f"({made.accuracy - card.test_accuracy:+.2%} to {card.name})"
    )
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
