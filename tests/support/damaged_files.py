"""What happens to SQLite files: another file takes their place, they are cut off, overwritten."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cut_off", "not_sqlite", "overwritten_in_the_middle"]


def not_sqlite(path: Path) -> None:
    """Put something else in its place."""
    path.write_bytes(b"Seven. " * 400)


def cut_off(path: Path) -> None:
    """Keep the first half of the file."""
    os.truncate(path, path.stat().st_size // 2)


def overwritten_in_the_middle(path: Path) -> None:
    """Keep the first page, which has the schema."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa7" * (path.stat().st_size - 4096))
