"""The process that trains a run: what it records of itself, and the lock that proves it alive.

The operating system releases the lock however the process ends. The process number alone would not
do, because numbers are reused.
"""

from __future__ import annotations

import dataclasses
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from mnist_core.errors import TrainingError
from mnist_core.storage.files import read_json, write_json

__all__ = ["ProcessRecord", "is_locked", "locked"]

# Seconds that a process has from its start until it holds the lock.
_STARTUP = 60.0
# Seconds for which `is_locked` may hold the lock itself.
_PROBE = 0.03


@dataclass(frozen=True, kw_only=True)
class ProcessRecord:
    """The content of a run's process.json.

    Attributes:
        phase: "starting", "queued", "running", "saving", or "" if unknown.
        pid: the process number; it may be another process's unless the run is locked.
        host: the machine or container that has the process.
        ticket: the place in the queue; lower is earlier.
        since: start of the phase, in seconds since 1970.
    """

    phase: str = ""
    pid: int | None = None
    host: str = ""
    ticket: int = 0
    since: float = 0.0

    @classmethod
    def read(cls, folder: Path) -> ProcessRecord:
        """Read the record in a run's folder; missing or damaged values get their defaults."""
        kinds = {"phase": str, "pid": int, "host": str, "ticket": int, "since": int | float}
        values = read_json(folder / "process.json")
        return cls(**{key: values[key] for key in kinds if isinstance(values.get(key), kinds[key])})

    @classmethod
    def write(cls, folder: Path, phase: str) -> None:
        """Record that this process begins a phase. "starting" moves to the end of the queue."""
        ticket = 0 if phase == "starting" else cls.read(folder).ticket
        record = cls(
            phase=phase,
            pid=None if phase == "starting" else os.getpid(),
            host=socket.gethostname(),
            ticket=ticket or time.time_ns(),
            since=time.time(),
        )
        write_json(folder / "process.json", dataclasses.asdict(record))

    @property
    def is_here(self) -> bool:
        """True if the process number is one of this machine or container."""
        return self.host in ("", socket.gethostname())

    @property
    def is_starting(self) -> bool:
        """True if the process may still be on its way to the lock."""
        return self.phase == "starting" and 0 <= time.time() - self.since < _STARTUP


@contextmanager
def locked(folder: Path, kind: str = "run") -> Iterator[None]:
    """Lock the folder of a run, or of another kind of work, for this process.

    Raises:
        TrainingError: another process has locked it.
    """
    # `is_locked` in another process may hold the lock for a moment.
    lock = FileLock(folder / "lock", timeout=2, poll_interval=0.01, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise TrainingError(
            f"This {kind} is already active in another process. Wait, or stop it first. "
            f"Received: {folder.name}"
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_locked(folder: Path) -> bool:
    """Return whether a live process has locked a run's folder."""
    if not folder.is_dir():
        return False
    try:
        with FileLock(folder / "lock", timeout=_PROBE, poll_interval=_PROBE / 3):
            return False
    except Timeout:
        return True
    except OSError:
        return False
