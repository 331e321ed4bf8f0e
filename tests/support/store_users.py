"""Users of a store of corrections, for processes of their own."""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

from support.frames import make_correction

from mnist_core.corrections.store import CorrectionStore
from mnist_core.errors import CorrectionsError


def add_corrections(path: Path, first: int, count: int) -> None:
    """Add corrections one by one."""
    store = CorrectionStore(path)
    for number in range(first, first + count):
        store.add(make_correction(number, number % 10))


def fill_disk(path: Path) -> tuple[str, dict[int, int]]:
    """Add many corrections to a file that may not grow; the error, and the counts after it."""
    import resource

    store = CorrectionStore(path)
    store.add(make_correction(1))
    # As on a full disk, a write fails midway.
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        store.add(*(make_correction(number) for number in range(1000)))
    except CorrectionsError as error:
        return str(error), store.counts()
    return "", store.counts()


def die_in_a_transaction(path: Path) -> None:
    """Delete all corrections, and be killed before the deletion is committed."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    database.execute("DELETE FROM corrections")
    os.kill(os.getpid(), signal.SIGKILL)
