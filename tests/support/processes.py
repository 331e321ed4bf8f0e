"""Run functions in fresh processes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
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
