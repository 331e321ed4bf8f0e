"""Where searches are stored. Imports nothing that is slow."""

from __future__ import annotations

import os
from pathlib import Path

from mnist_core.storage.paths import runs_directory

__all__ = ["database_url", "search_lock"]


def database_url() -> str:
    """The database of searches: `$MNIST_SEARCHES`, or an SQLite file beside the runs."""
    default = f"sqlite:///{(runs_directory() / 'searches.sqlite3').absolute()}"
    return os.environ.get("MNIST_SEARCHES") or default


def search_lock(name: str = "") -> Path:
    """The lock file of all searches, or of a search, for the processes of this machine."""
    runs_directory().mkdir(parents=True, exist_ok=True)
    return runs_directory() / (f".search-{name}.lock" if name else ".searches.lock")
