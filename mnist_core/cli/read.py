"""The command `read`."""

from __future__ import annotations

import argparse
import json
import sys

from tqdm import tqdm

from mnist_core.cli.terminal import Commands, native_messages_hidden, print_error
from mnist_core.errors import MnistError
from mnist_core.inference.reading import Reading
from mnist_core.inference.recognizer import load_recognizer
from mnist_core.preprocessing.images import load_image

__all__ = ["add_to"]

# The number of files from which on a progress bar is shown.
_PROGRESS_FROM = 100


def add_to(commands: Commands) -> None:
    """Add the command."""
    read = commands.add_parser("read", help="read the digits in images, one line per file")
    read.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="image: PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF",
    )
    read.add_argument("--model", help="name listed by 'models'; default: the first one")
    read.add_argument(
        "--ink",
        choices=("auto", "light", "dark"),
        default="auto",
        help="brightness of the ink compared to the paper; default: %(default)s",
    )
    read.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object per line, with boxes",
    )
    read.set_defaults(run=_read)


def _read(options: argparse.Namespace) -> int:
    with native_messages_hidden():
        recognizer = load_recognizer(options.model)
    exit_code = 0
    shown = len(options.files) >= _PROGRESS_FROM and sys.stderr.isatty()
    for file in tqdm(options.files, disable=not shown, unit="file"):
        try:
            reading = recognizer.analyze(load_image(file), options.ink)
        except MnistError as error:
            print_error(error)
            exit_code = 2  # the other files are still read
            continue
        if options.json:
            line = json.dumps({"file": file, **reading.as_json()})
        else:
            line = "\t".join([file, *_columns(reading)])
        tqdm.write(line, file=sys.stdout)
    return exit_code


def _columns(reading: Reading) -> list[str]:
    """Return the number, its lowest confidence, and notes on non-digits and on what was left out.

    There are notes only where there is something to say.
    """
    digits = reading.digits
    confidence = min((digit.confidence for digit in digits if digit.is_digit), default=0.0)
    guesses = [
        f"place {place} {digit.guess}" if len(digits) > 1 else digit.guess
        for place, digit in enumerate(digits, start=1)
        if not digit.is_digit
    ]
    notes = [f"not a digit: {'; '.join(guesses)}"] if guesses else []
    notes += [reading.note] if reading.note else []
    return [reading.text or "-", f"{confidence:.1%}", *notes]
