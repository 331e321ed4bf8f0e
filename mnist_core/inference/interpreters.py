"""LiteRT interpreters, shared by threads."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING

from mnist_core.errors import ModelLoadError, foreign_bytes
from mnist_core.preprocessing.budget import uncounted

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

__all__ = ["CORES", "InterpreterPool", "require_litert"]

# Asked once: the call takes a noticeable part of the time of a reading.
CORES = os.cpu_count() or 1


def require_litert() -> None:
    """Check that LiteRT is installed.

    Raises:
        ModelLoadError: it is not. Its authors make no package for Intel Macs.
    """
    if find_spec("ai_edge_litert") is None:
        raise ModelLoadError(
            "Reading needs LiteRT, which is not installed. Install it with: python -m pip install "
            "-r requirements.txt. For Intel Macs there is no such package: use a Mac with Apple "
            f"silicon, Linux or Windows. Received: {platform.system()}, {platform.machine()}"
        )


class InterpreterPool:
    """Interpreters of one model. One serves one thread at a time, so each call borrows one.

    An interpreter releases Python's global lock while it computes.

    Args:
        content: a LiteRT model.
        name: the model's name, for errors.

    Raises:
        ModelLoadError: the content is not a model.
    """

    def __init__(self, content: bytes, name: str) -> None:
        self._content, self._name = content, name
        self._idle: LifoQueue[Interpreter] = LifoQueue()
        self._idle.put(self._new())

    @contextmanager
    def borrow(self) -> Iterator[Interpreter]:
        """An interpreter for one thread, which nobody else uses meanwhile."""
        try:
            interpreter = self._idle.get_nowait()
        except Empty:
            interpreter = self._new()
        try:
            yield interpreter
        finally:
            # Keep as many as can work at the same time; a burst may have created more.
            if self._idle.qsize() < CORES:
                self._idle.put(interpreter)

    def _new(self) -> Interpreter:
        require_litert()
        from ai_edge_litert.interpreter import Interpreter

        with uncounted(), foreign_bytes(self._refused):
            interpreter = Interpreter(model_content=self._content, num_threads=1)
            interpreter.allocate_tensors()
            # A damaged name of a tensor is found here.
            interpreter.get_input_details(), interpreter.get_output_details()
            return interpreter

    def _refused(self, error: Exception) -> ModelLoadError:
        return ModelLoadError(
            f"LiteRT cannot load model {self._name!r} ({error}). Restore its folder, or train it "
            f"again. Received: {len(self._content):,} bytes"
        )
