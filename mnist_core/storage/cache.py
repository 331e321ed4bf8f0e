"""Results that took long, kept on disk: what is there and whole need not be computed again.

A file that is damaged counts as absent, and a folder that cannot be written only costs time.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.storage.files import write_atomically
from mnist_core.storage.paths import cache_directory

__all__ = ["cache_path", "load_arrays", "store_arrays"]


def cache_path(kind: str, *key: object) -> Path:
    """The file of one result.

    Args:
        kind: what it is; the file's name begins with it.
        key: everything that the result depends on; each part's `repr` counts.
    """
    digest = hashlib.sha256(repr(key).encode()).hexdigest()
    return cache_directory() / f"{kind}-{digest[:32]}.npz"


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file; empty where there is none, or a damaged one."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error):
        # Text, an empty file, a lone array, a truncated archive: NumPy has an error for each.
        return {}


def store_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a file of arrays, whole or not at all; who reads meanwhile sees the old one."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as file:
            np.savez(file, allow_pickle=False, **arrays)
