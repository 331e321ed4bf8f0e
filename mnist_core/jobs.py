"""A training run in a process of its own, so that whoever watches it stays quick.

The process is the command line's `train --json`; its events are collected here as they come.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from mnist_core.events import Done, TrainingEvent, event_from_json
from mnist_core.training import TrainingConfig

__all__ = ["TrainingJob"]

_PACKAGE_PARENT = Path(__file__).resolve().parent.parent
# Of a failed run's output, so much tells what went wrong.
_LOG_LINES = 12


class TrainingJob:
    """A training run that was started; safe to look at from any thread.

    Args:
        config: what to train; the architecture, name, epochs, batch size, learning rate and seed
            are handed to the process.
    """

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config
        self._events: list[TrainingEvent] = []
        # Not a pipe: nobody would empty it, and a full one would stop the run. It lives as long as
        # the job.
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mnist_core", "train", *_arguments(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            cwd=_PACKAGE_PARENT,
        )
        self._reader = threading.Thread(target=self._collect, daemon=True, name="training-events")
        self._reader.start()

    @property
    def events(self) -> tuple[TrainingEvent, ...]:
        """All events so far, oldest first."""
        return tuple(self._events)

    @property
    def running(self) -> bool:
        """False once the process has ended and all of its events are here."""
        return self._reader.is_alive()

    @property
    def error(self) -> str | None:
        """Why the run ended without a model: the end of its output. None if it did not."""
        if self.running or any(isinstance(event, Done) for event in self._events):
            return None
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()[-_LOG_LINES:]
        return "\n".join(lines) or f"The process ended with code {self._process.returncode}."

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of the run, at most so many seconds; True if it has ended."""
        self._reader.join(timeout)
        return not self.running

    def stop(self) -> None:
        """End the run; it leaves no model."""
        self._process.terminate()
        self._reader.join()

    def _collect(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                # Appending is atomic; readers take a copy.
                self._events.append(event_from_json(line))
            except ValueError:
                self._log.write(line)  # a library's message, for the log
        self._process.wait()


def _arguments(config: TrainingConfig) -> list[str]:
    values = {
        "--architecture": config.architecture,
        "--name": config.name,
        "--epochs": config.epochs,
        "--batch-size": config.batch_size,
        "--learning-rate": config.learning_rate,
        "--seed": config.seed,
    }
    if config.initial_model is not None:
        values["--initial-model"] = config.initial_model
    given = [str(part) for pair in values.items() for part in pair]
    if config.include_corrections:
        given.append("--include-corrections")
    return ["--json", *given, *(["--overwrite"] if config.overwrite else [])]
