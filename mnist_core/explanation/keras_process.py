"""A process that holds Keras, for what needs a network's gradients or weights.

Keras takes seconds to load and half a gigabyte. It is loaded in one process of its own, started by
the first call, so that the server and the command line never import it.
"""

from __future__ import annotations

import atexit
import functools
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from mnist_core.errors import MnistError
from mnist_core.networks.packages import require_tensorflow
from mnist_core.registry.card import KERAS, ModelCard
from mnist_core.registry.store import read_verified
from mnist_core.storage.paths import PROJECT, models_directory

if TYPE_CHECKING:
    import keras

__all__ = ["KerasProcess", "keras_process"]

# The process exits after this time without requests, to free its memory.
_IDLE_SECONDS = 600.0
# A process that has not answered in this time hangs, even if TensorFlow takes a minute to load.
_ANSWER_SECONDS = 300.0
# Networks that stay loaded: several models are compared, one after the other.
_NETWORKS = 3

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class KerasProcess:
    """A process that calls functions with a Keras model, started by the first call.

    Thread-safe: calls are served one after another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def call(
        self,
        purpose: str,
        card: ModelCard,
        function: Callable[Concatenate[keras.Model, Arguments], Result],
        /,
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Result:
        """Call `function(model, *arguments, **options)` in the process.

        The first call takes seconds, and so does the first one with another model.

        Args:
            purpose: what it is for, the beginning of messages, such as "Grad-CAM".
            card: of a model in `models_directory()`.
            function: of a module's top level; its arguments and its result are pickled.
            *arguments: of the function, after the model.
            **options: of the function, too.

        Raises:
            ModelLoadError: the Keras model is missing or damaged.
            MnistError: TensorFlow is not installed, the function failed, or the process ended.
        """
        require_tensorflow(purpose)
        read_verified(card, KERAS)
        path = str((models_directory() / card.name / KERAS).resolve())
        request = pickle.dumps((purpose, path, card.sha256[KERAS], function, arguments, options))
        with self._lock:
            result = self._send(purpose, request)
        if isinstance(result, MnistError):
            raise result
        return result

    def close(self) -> None:
        """Terminate the process if it runs."""
        process, self._process = self._process, None
        if process is not None:
            # Closes the pipes and waits. A request may still be in the pipe of a dead process.
            with suppress(OSError), process:
                process.terminate()

    def _send(self, purpose: str, request: bytes) -> Any:
        # A process that was idle may have ended at this moment: try again once.
        for _ in range(2):
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._process = _start()
            requests, responses = self._process.stdin, self._process.stdout
            assert requests is not None
            assert responses is not None
            timeout = threading.Timer(_ANSWER_SECONDS, self._process.kill)
            timeout.start()
            try:
                requests.write(request)
                requests.flush()
                return pickle.load(responses)
            except (OSError, EOFError, pickle.UnpicklingError):
                pass
            finally:
                timeout.cancel()
            self.close()
        raise MnistError(
            f"{purpose}: the process that holds Keras did not respond; the machine may be out of "
            "memory. Try again. Received: nothing"
        )


@functools.cache
def keras_process() -> KerasProcess:
    """The process that all share: each holds half a gigabyte."""
    return KerasProcess()


def _start() -> subprocess.Popen[bytes]:
    # Not multiprocessing: it would import the page that Streamlit runs as `__main__`.
    return subprocess.Popen(
        [sys.executable, "-m", "mnist_core.explanation.keras_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
    )


def _serve(requests: IO[bytes], responses: IO[bytes]) -> None:
    """Respond to requests until the input ends."""
    while True:
        idle = threading.Timer(_IDLE_SECONDS, os._exit, [0])
        idle.daemon = True
        idle.start()
        try:
            # Only the parent process writes to this pipe.
            request = pickle.load(requests)
        except EOFError:
            return
        finally:
            idle.cancel()
        pickle.dump(_respond(*request), responses)
        responses.flush()


def _respond(
    purpose: str,
    path: str,
    version: str,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    """The function's result, or the error to raise."""
    try:
        return function(_load(path, version), *arguments, **options)
    except MnistError as error:
        return error
    except Exception as error:  # keeps the process alive for other models
        return MnistError(f"{purpose} failed ({error}). Choose another model. Received: {path}")


@functools.lru_cache(maxsize=_NETWORKS)
def _load(path: str, version: str) -> keras.Model:
    """Load a model, again if its file has another version (SHA-256)."""
    from mnist_core.networks.keras_files import load_network

    return load_network(path)


if __name__ == "__main__":
    # Output of libraries must not mix with the responses.
    with os.fdopen(os.dup(1), "wb") as responses:
        os.dup2(2, 1)
        _serve(sys.stdin.buffer, responses)
