"""The command `read`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from mnist_core.cli.result_file import ResultFile
from mnist_core.cli.terminal import Commands, native_messages_hidden, print_error
from mnist_core.errors import MnistError, require_int
from mnist_core.inference.many import Outcome, find_files, read_files
from mnist_core.inference.reading import Reading

__all__ = ["add_to"]

# The number of files from which on a progress bar is shown.
_PROGRESS_FROM = 100
# ... and from which on all cores read: starting their processes takes as long as reading some
# hundred drawings.
_PARALLEL_FROM = 500


def add_to(commands: Commands) -> None:
    """Add the command."""
    read = commands.add_parser("read", help="read the digits in images, one line per file")
    read.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="image (PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF), or a folder of images",
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
    read.add_argument(
        "--output",
        metavar="FILE.jsonl",
        help='add the JSON lines to this file, with an "error" for each image that cannot be '
        "read; images that are in it are not read again",
    )
    read.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help=f"default: one for each core from {_PARALLEL_FROM} images on, else 1",
    )
    read.add_argument(
        "--ray",
        action="store_true",
        help="read on the machines of a Ray cluster: that of $RAY_ADDRESS, or one of this machine",
    )
    read.set_defaults(run=_read)


def _read(options: argparse.Namespace) -> int:
    files = find_files(options.files)
    if options.processes is not None:
        require_int("--processes", options.processes, 1, 256, error=MnistError)
    if options.output is None:
        return _read_all(files, options, _print_lines(as_json=options.json))
    place = Path(options.output).resolve()
    files = [file for file in files if Path(file).resolve() != place]  # in one of the folders
    with ResultFile(options.output) as output:
        rest = [file for file in files if file not in output.done]
        exit_code = _read_all(rest, options, output.add)
        print(f"{output.added} images read, {output.failed} of them with an error; ", end="")
        print(f"{len(files) - len(rest)} were already in {options.output}.")
    return exit_code


def _read_all(
    files: Sequence[str], options: argparse.Namespace, use: Callable[[str, Outcome], None]
) -> int:
    """Read files, and hand each result to `use`; returns the exit code."""
    many = len(files) >= _PARALLEL_FROM
    processes = options.processes or ((os.cpu_count() or 1) if many else 1)
    shown = len(files) >= _PROGRESS_FROM and sys.stderr.isatty()
    exit_code = 0
    with native_messages_hidden():
        if options.ray:
            results = _read_on_cluster(files, options)
        else:
            results = read_files(files, options.model, options.ink, processes=processes)
        for file, outcome in tqdm(results, total=len(files), disable=not shown, unit="file"):
            if isinstance(outcome, MnistError):
                print_error(outcome)
                exit_code = 2  # the other files are still read
            use(file, outcome)
    return exit_code


def _read_on_cluster(
    files: Sequence[str], options: argparse.Namespace
) -> Iterator[tuple[str, Outcome]]:
    try:
        from mnist_core.inference.cluster import read_files_on_cluster
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "ray":
            raise
        raise MnistError(
            "Ray is not installed. Run on all machines: python -m pip install 'ray[data]'. "
            "Received: --ray"
        ) from error
    # The paths must hold in the folders of other processes and machines.
    paths = {str(Path(file).absolute()): file for file in files}
    results = read_files_on_cluster(
        list(paths), options.model, options.ink, processes=options.processes
    )
    for path, outcome in results:
        yield paths[path], outcome


def _print_lines(*, as_json: bool) -> Callable[[str, Outcome], None]:
    def print_line(file: str, outcome: Outcome) -> None:
        if isinstance(outcome, MnistError):
            return
        if as_json:
            line = json.dumps({"file": file, **outcome.as_json()})
        else:
            line = "\t".join([file, *_columns(outcome)])
        tqdm.write(line, file=sys.stdout)

    return print_line


def _columns(reading: Reading) -> list[str]:
    """Return the number, its lowest confidence, and notes on digits and on what was left out.

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
    notes += [text for text in (reading.remark, reading.note) if text]
    return [reading.text or "-", f"{confidence:.1%}", *notes]
