"""What the commands say on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_core.errors import MnistError
from mnist_core.training.events import BatchEnd, Done, EpochEnd, Message, TrainingEvent

if TYPE_CHECKING:
    import argparse

    from tqdm import tqdm

    # What a command adds itself to.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

__all__ = ["ProgressBar", "native_messages_hidden", "print_error", "write"]


def print_error(error: MnistError) -> None:
    """Say what was wrong."""
    # One line, whatever a file's name or a library's message brings along.
    print("mnist_core:", " ".join(str(error).split()), file=sys.stderr)


@contextmanager
def native_messages_hidden() -> Iterator[None]:
    """Keep what LiteRT and TensorFlow tell of the processor off the terminal.

    They write to file descriptor 2, past Python; Python's own messages go on to be shown. The
    descriptor belongs to the whole process, so this is for the command line alone.
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


def write(path: str, text: str) -> None:
    """Write a file that was asked for.

    Raises:
        MnistError: it cannot be written.
    """
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise MnistError(
            f"The file cannot be written ({error.strerror}). Choose another place. Received: {path}"
        ) from error


class ProgressBar:
    """Shows a training on the terminal: a bar for the running epoch, a line for each past one."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._new_bar = tqdm
        self._bar: tqdm[None] | None = None

    def __call__(self, event: TrainingEvent) -> None:
        match event:
            case Message(text=text):
                # A sentence tells a result; anything else, what is going on.
                print(text if text.endswith(".") else f"{text} …", flush=True)
            case BatchEnd():
                if self._bar is None:
                    title = f"epoch {event.epoch}/{event.epochs}"
                    self._bar = self._new_bar(
                        total=event.batches, desc=title, leave=False, disable=None
                    )
                self._bar.update(event.batch - self._bar.n)
                self._bar.set_postfix_str(f"loss {event.loss:.4f}, accuracy {event.accuracy:.2%}")
            case EpochEnd():
                if self._bar is not None:
                    self._bar.close()
                    self._bar = None
                print(
                    f"epoch {event.epoch}/{event.epochs}: loss {event.loss:.4f}, "
                    f"accuracy {event.accuracy:.2%}; held out: loss {event.val_loss:.4f}, "
                    f"accuracy {event.val_accuracy:.2%}; {event.seconds:.1f} s",
                    flush=True,
                )
            case Done(card=card):
                low, high = card.test_interval
                print(
                    f"{card.name}: {card.test_accuracy:.2%} of the MNIST test images "
                    f"({low:.2%} to {high:.2%}), {card.training_seconds:.0f} s; saved"
                )
