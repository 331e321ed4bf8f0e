"""Run functions in fresh processes."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import TypeVar

from mnist_core.training.cpu import prepare_tensorflow

Result = TypeVar("Result")


def run_with_tensorflow(function: Callable[..., Result], *args: object, **kwargs: object) -> Result:
    """Call an importable function in a process of its own, as TensorFlow is large and has state.

    The process is a fork of one that has imported TensorFlow, but not used it: the import takes
    five seconds of a core, and the tests need some sixty such processes.

    Raises:
        BrokenProcessPool: the process was killed.
    """
    return _run(_fork_server(), _call, dict(os.environ), function, *args, **kwargs)


def run_in_fresh_process(
    function: Callable[..., Result], *args: object, **kwargs: object
) -> Result:
    """Call an importable function in a new Python process.

    Raises:
        BrokenProcessPool: the process was killed.
    """
    return _run(get_context("spawn"), function, *args, **kwargs)


def _run(
    context: BaseContext, function: Callable[..., Result], *args: object, **kwargs: object
) -> Result:
    with _without_main(), ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *args, **kwargs).result()


@functools.cache
def _fork_server() -> BaseContext:
    prepare_tensorflow()
    context = get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras", "scipy.optimize"])
    return context


def _call(
    variables: Mapping[str, str], function: Callable[..., Result], *args: object, **kwargs: object
) -> Result:
    # A fork has the variables and the folder that the server was started with.
    os.environ.clear()
    os.environ.update(variables)
    return function(*args, **kwargs)


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
