"""Run functions in fresh processes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TypeVar

Result = TypeVar("Result")


def run_in_fresh_process(
    function: Callable[..., Result], *args: object, **kwargs: object
) -> Result:
    """Call an importable function in a new Python process, as TensorFlow is large and has state.

    Raises:
        BrokenProcessPool: the process was killed.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


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
    process.start()
    sender.close()
    return Child(process, messages)
