"""How much of the disk the project fills, and what goes first. Everything about that is here.

    cached results   500 MB    those that were not used for longest: they can be computed again
    training runs    2 GB      the oldest that are done; their models stay. If that is not enough,
                               a new training is refused
    corrections      100,000   none: a new one is refused
    models           no limit  none
    a full disk      1 GB      below it, no training starts; a twentieth of it, no correction is
                               saved. Below twice as much, the Train tab says so

Runs may take another number of GB, `$MNIST_RUNS_GB`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mnist_core.errors import MnistError, require_number

__all__ = [
    "CACHE_BYTES",
    "CORRECTIONS",
    "FREE_BYTES",
    "FREE_BYTES_FOR_CORRECTIONS",
    "free_bytes",
    "remove_oldest",
    "runs_limit",
    "size_of",
]

# A result has up to 72 kB; a correction takes 1.2 kB.
CACHE_BYTES, CORRECTIONS = 500_000_000, 100_000
# Room for 30 runs, each with a model (5.3 MB for the largest), checkpoints and logs, and some more.
FREE_BYTES = 1_000_000_000
FREE_BYTES_FOR_CORRECTIONS = FREE_BYTES // 20
_RUNS_GB = 2.0


def runs_limit() -> int:
    """The number of bytes that all training runs may take: `$MNIST_RUNS_GB`, or 2 GB.

    Raises:
        MnistError: the variable is not a number from 0.01 to 100,000.
    """
    text = os.environ.get("MNIST_RUNS_GB") or str(_RUNS_GB)
    number: float | str = text
    with suppress(ValueError):
        number = float(text)
    require_number("The environment's $MNIST_RUNS_GB", number, 0.01, 100_000, error=MnistError)
    return int(float(number) * 1e9)


def free_bytes(folder: Path) -> int:
    """The free space of the disk on which a folder is, or will be."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def size_of(folder: Path) -> int:
    """The size of all files in a folder, in bytes; files that vanish meanwhile count as 0."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(path, name).stat().st_size
    return total


def remove_oldest(files: Iterable[Path], limit: int) -> None:
    """Remove the files that were not changed for longest, until the rest has `limit` bytes."""
    found: list[tuple[int, int, Path]] = []
    for file in files:
        with suppress(OSError):
            status = file.stat()
            found.append((status.st_mtime_ns, status.st_size, file))
    total = sum(size for _, size, _ in found)
    for _, size, file in sorted(found):
        if total <= limit:
            return
        with suppress(OSError):
            file.unlink()
        total -= size
