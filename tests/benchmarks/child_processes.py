"""Processes of a benchmark that answer commands.

No large package is imported here: a process inherits the peak memory of its parent.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from machine import limit_cores


@contextmanager
def child_process(
    run: Callable[..., None], *values: object, cores: int | None = None
) -> Iterator[Any]:
    """Run a function in a process on the first `cores` cores, or on all; yield the pipe to it."""
    # Spawned, not forked: a fresh process inherits only the cores.
    context = multiprocessing.get_context("spawn")
    pipe, far = context.Pipe()
    process = context.Process(target=run, args=(far, *values), daemon=True)
    with limit_cores(cores):
        process.start()
    far.close()
    try:
        yield pipe
    finally:
        pipe.close()
        process.join(10)
        process.kill()
        process.join()


def request(pipe: Any, *command: object, timeout: float | None = 60) -> Any:
    """Send a command to a process and wait for the answer, at most `timeout` seconds."""
    try:
        pipe.send(command)
        if not pipe.poll(timeout):
            raise RuntimeError(f"No answer to {command[0]!r} within {timeout:g} s")
        return pipe.recv()
    except (EOFError, OSError) as error:
        raise RuntimeError(f"The process ended before it answered {command[0]!r}") from error
