"""A measurement in the background, which can be stopped and resumed."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf

__all__ = ["Job"]

_POLL_SECONDS = 0.2
# One measurement at a time: two at once would both take twice as long.
_lock = threading.Lock()


class Job(ABC):
    """A measurement in its own thread; all members can be used from any thread.

    Attributes:
        waiting: True while it waits for another job.
        error: why it failed, or None.
    """

    def __init__(self) -> None:
        self.waiting = False
        self.error: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread()

    @property
    @abstractmethod
    def complete(self) -> bool:
        """True when everything is measured."""

    @property
    @abstractmethod
    def progress(self) -> float:
        """The measured share, 0 to 1."""

    @abstractmethod
    def _measure(self) -> None:
        """Measure what is missing; return early if `_stop` is set."""

    @property
    def running(self) -> bool:
        """True while it measures or waits for another job."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start or resume; does nothing while it runs or when it is complete."""
        if self.running or self.complete:
            return
        self._stop.clear()
        self.error = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="measurement")
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current step; what is measured is kept."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds; True if it has ended."""
        if self.running:
            self._thread.join(timeout)
        return not self.running

    def run(self, on_progress: Callable[[float], None], time_limit: float = inf) -> None:
        """Start or resume, and wait for the end.

        Args:
            on_progress: receives the measured share, 0 to 1, several times a second.
            time_limit: s, after which the job is stopped.
        """
        deadline = time.monotonic() + time_limit
        self.start()
        try:
            while not self.wait(_POLL_SECONDS) and time.monotonic() < deadline:
                on_progress(self.progress)
        finally:
            self.stop()  # on Ctrl-C, too
        on_progress(self.progress)

    def _run(self) -> None:
        self.waiting = True
        while not (acquired := _lock.acquire(timeout=0.1)) and not self._stop.is_set():
            pass
        self.waiting = False
        if not acquired:
            return
        try:
            self._measure()
        except Exception as error:  # shown to the user, whatever it is
            self.error = f"The measurement failed: {error}"
        finally:
            _lock.release()
