"""Run functions in fresh processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import TypeVar

Result = TypeVar("Result")


def run_in_fresh_process(
    function: Callable[..., Result], *args: object, **kwargs: object
) -> Result:
    """Call an importable function in a new Python process, as TensorFlow is large and has state.

    Raises:
        BrokenProcessPool: the process was killed.
    """
    with _without_main(), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


@contextmanager
def _without_main() -> Iterator[None]:
    """Keep new processes from importing `__main__`: AppTest leaves the last page there."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@dataclass(frozen=True)
class Child:
    """A process that may be killed, and its messages."""

    process: BaseProcess
    messages: Connection

    @property
    def pid(self) -> int:
        assert self.process.pid
        return self.process.pid

    def message(self) -> str:
        """Wait for the next message."""
        assert self.messages.poll(60), "no message within a minute"
        return str(self.messages.recv())

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def exit_code(self, seconds: float = 20) -> int | None:
        """Wait for the end of the process; None if it does not end in time."""
        self.process.join(seconds)
        return self.process.exitcode


def start_process(function: Callable[..., None], *args: object) -> Child:
    """Call an importable function in a new Python process, without waiting for it.

    Args:
        function: its first argument is called with each message.
        args: the other arguments.
    """
    context = get_context("spawn")
    messages, sender = context.Pipe(duplex=False)
    process = context.Process(target=function, args=(sender.send, *args), daemon=True)
    with _without_main():
        process.start()
    sender.close()
    return Child(process, messages)
