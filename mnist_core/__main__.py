"""Command line: `python -m mnist_core read | train | tune | runs | evaluate | …`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from mnist_core.cli import ensemble, evaluate, read, train, tune
from mnist_core.cli.terminal import print_error
from mnist_core.errors import MnistError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0, or 2 with one line on bad input."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except MnistError as error:
        print_error(error)
        return 2
    except BrokenPipeError:
        # Whoever read the output has seen enough ('… | head'); Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("mnist_core: stopped", file=sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mnist_core", description="Read handwritten digits; train and judge models."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (read, train, tune, ensemble, evaluate):
        module.add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
