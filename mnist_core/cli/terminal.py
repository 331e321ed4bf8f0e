"""Output on the terminal, shared by the commands."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from tqdm import tqdm

from mnist_core.errors import MnistError
from mnist_core.registry.card import ModelCard
from mnist_core.training.events import (
    BatchEnd,
    Done,
    EpochEnd,
    Message,
    OnEvent,
    TrainingEvent,
    event_to_json,
)

__all__ = [
    "Commands",
    "describe_accuracy",
    "install_signal_handlers",
    "native_messages_hidden",
    "print_error",
    "printed_events",
    "progress_bar",
    "write",
]

# The parsers of the commands, to which each command adds its own.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def print_error(error: MnistError) -> None:
    """Print an error on one line, even if a file name or a library's message has several."""
    print("mnist_core:", " ".join(str(error).split()), file=sys.stderr)


def install_signal_handlers() -> None:
    """Raise KeyboardInterrupt on SIGTERM and SIGINT, so that a training ends cleanly."""
    # A shell makes its background processes ignore SIGINT.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)


@contextmanager
def native_messages_hidden() -> Iterator[None]:
    """Hide the messages that LiteRT and TensorFlow write to file descriptor 2, bypassing Python.

    Python's own messages are still shown. The descriptor belongs to the whole process, so only the
    command line may use this.
    """
    sys.stderr.flush()
    shown = os.dup(2)
    python_stderr = sys.stderr
    with Path(os.devnull).open("w") as nowhere, os.fdopen(os.dup(shown), "w") as terminal:
        os.dup2(nowhere.fileno(), 2)
        sys.stderr = terminal
        try:
            yield
        finally:
            sys.stderr = python_stderr
            os.dup2(shown, 2)
            os.close(shown)


def write(path: str, content: str | bytes) -> None:
    """Write a file: text in UTF-8, or bytes.

    Raises:
        MnistError: the file cannot be written.
    """
    try:
        Path(path).write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise MnistError(
            f"The file cannot be written ({error.strerror}). Choose another place. Received: {path}"
        ) from error


def describe_accuracy(card: ModelCard) -> str:
    """Format a model's name and test accuracy, with the 95% interval."""
    low, high = card.test_interval
    return f"{card.name}: {card.test_accuracy:.2%} test accuracy ({low:.2%} to {high:.2%})"


@contextmanager
def progress_bar() -> Iterator[Callable[[float], None]]:
    """Show a progress bar, and yield a function that sets it to a fraction from 0 to 1."""
    with tqdm(total=1, disable=None, leave=False, bar_format="{l_bar}{bar}| {elapsed}") as bar:

        def show(share: float) -> None:
            bar.update(share - bar.n)

        yield show


@contextmanager
def printed_events(*, as_json: bool) -> Iterator[OnEvent]:
    """Yield a function that prints the events of a training, as JSON lines or for people."""
    if as_json:
        yield lambda event: print(event_to_json(event), flush=True)
    else:
        with native_messages_hidden():
            yield _EventPrinter()


class _EventPrinter:
    """Shows a training: a progress bar for the current epoch, a line for each past one."""

    def __init__(self) -> None:
        self._bar: tqdm[None] | None = None

    def __call__(self, event: TrainingEvent) -> None:
        match event:
            case Message(text=text):
                # A full sentence is a result; anything else describes what happens now.
                print(text if text.endswith(".") else f"{text} …", flush=True)
            case BatchEnd():
                if self._bar is None:
                    title = f"epoch {event.epoch}/{event.epochs}"
                    self._bar = tqdm(total=event.batches, desc=title, leave=False, disable=None)
                self._bar.update(event.batch - self._bar.n)
                self._bar.set_postfix_str(f"loss {event.loss:.4f}, accuracy {event.accuracy:.2%}")
            case EpochEnd():
                if self._bar is not None:
                    self._bar.close()
                    self._bar = None
                print(
                    f"epoch {event.epoch}/{event.epochs}: loss {event.loss:.4f}, "
                    f"accuracy {event.accuracy:.2%}; validation loss {event.val_loss:.4f}, "
                    f"accuracy {event.val_accuracy:.2%}; {event.seconds:.1f} s",
                    flush=True,
                )
            case Done(card=card):
                print(f"{describe_accuracy(card)}, {card.training_seconds:.0f} s; saved")
