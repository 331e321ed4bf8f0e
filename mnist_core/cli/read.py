"""`python -m mnist_core read`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mnist_core.cli.terminal import native_messages_hidden, print_error
from mnist_core.errors import MnistError
from mnist_core.inference.recognizer import Digit, load_recognizer
from mnist_core.preprocessing.images import load_image

if TYPE_CHECKING:
    from mnist_core.cli.terminal import Commands

__all__ = ["add_to"]

# From so many files on, reading shows its progress.
_PROGRESS_FROM = 100


def add_to(commands: Commands) -> None:
    """Add the command."""
    read = commands.add_parser("read", help="read the digits of pictures, one line a file")
    read.add_argument("files", nargs="+", metavar="FILE", help="PNG, JPEG or WebP")
    read.add_argument("--model", help="a name from 'models'; default: the first of them")
    read.add_argument("--ink", choices=("auto", "light", "dark"), default="auto")
    read.add_argument("--json", action="store_true", help="one JSON object a line, with boxes")
    read.set_defaults(run=_read)


def _read(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    with native_messages_hidden():
        recognizer = load_recognizer(options.model)
    failed = False
    shown = len(options.files) >= _PROGRESS_FROM and sys.stderr.isatty()
    for file in tqdm(options.files, disable=not shown, unit="file"):
        try:
            digits = recognizer.read(load_image(file), options.ink)
        except MnistError as error:
            # The others are read all the same.
            print_error(error)
            failed = True
            continue
        if options.json:
            line = json.dumps({"file": file, "digits": [_as_json(digit) for digit in digits]})
        else:
            line = "\t".join([file, *_columns(digits)])
        tqdm.write(line, file=sys.stdout)
    return 2 if failed else 0


def _columns(digits: Sequence[Digit]) -> list[str]:
    """The number, how sure the least sure of its digits is and, if need be, what is no digit."""
    number = "".join(digit.text for digit in digits) or "-"
    sure = min((digit.confidence for digit in digits if digit.is_digit), default=0.0)
    guesses = [
        f"place {place} {digit.guess}" if len(digits) > 1 else digit.guess
        for place, digit in enumerate(digits, start=1)
        if not digit.is_digit
    ]
    note = [f"not a digit: {'; '.join(guesses)}"] if guesses else []
    return [number, f"{sure:.1%}", *note]


def _as_json(digit: Digit) -> dict[str, object]:
    return {
        "label": digit.label,
        "confidence": round(digit.confidence, 4),
        "probabilities": [round(float(p), 4) for p in digit.probabilities],
        "box": digit.box,
        "digit_score": round(digit.digit_score, 4),
        "is_digit": digit.is_digit,
    }
