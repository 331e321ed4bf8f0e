"""Command line: `python -m mnist_core COMMAND`, or `digit-lab COMMAND` when installed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mnist_core import __version__
from mnist_core.cli import ensemble, evaluate, export, read, strings, train, tune
from mnist_core.cli.terminal import print_error
from mnist_core.errors import MnistError
from mnist_core.networks.packages import TRAINING_PACKAGES, tensorflow_problem

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code, which is 2 with a one-line message on bad input."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except MnistError as error:
        print_error(error)
        return 2
    except ModuleNotFoundError as error:
        if error.name not in TRAINING_PACKAGES:
            raise
        print_error(MnistError(tensorflow_problem("This command")))
        return 2
    except BrokenPipeError:
        # The output was closed early ('… | head'). Without this, Python would print an error when
        # it flushes the output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("mnist_core: stopped", file=sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    installed = Path(sys.argv[0]).stem == "digit-lab"
    parser = argparse.ArgumentParser(
        prog="digit-lab" if installed else "python -m mnist_core",
        description="Read handwritten digits; train and evaluate models.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (read, train, export, tune, ensemble, strings, evaluate):
        module.add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
