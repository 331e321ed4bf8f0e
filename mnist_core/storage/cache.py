"""Cached results: arrays on disk that need not be computed again.

A damaged file counts as absent, and a folder that cannot be written only costs time. joblib.Memory
would unpickle whatever it finds in its folder and raise where it cannot write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.storage.archives import ArchiveError, open_archive, read_array
from mnist_core.storage.files import write_atomically
from mnist_core.storage.limits import CACHE_BYTES, remove_oldest
from mnist_core.storage.paths import cache_directory

__all__ = ["cache_path", "load_arrays", "store_arrays"]


def cache_path(kind: str, *key: object) -> Path:
    """The file of one result.

    Args:
        kind: what it is; the file's name begins with it.
        key: everything that the result depends on, compared by `repr`.
    """
    digest = hashlib.sha256(repr(key).encode()).hexdigest()
    return cache_directory() / f"{kind}-{digest[:32]}.npz"


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file; {} if it is missing or damaged."""
    try:
        with open_archive(path.read_bytes()) as archive:
            names = archive.namelist()
            arrays = {name.removesuffix(".npy"): read_array(archive, name) for name in names}
    except (OSError, ArchiveError):
        return {}
    with suppress(OSError):
        path.touch()  # It is used: others are removed first.
    return arrays


def store_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Store arrays in a file, atomically; do nothing where the folder cannot be written.

    What was not used for longest is removed where all together become too large.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as file:
            np.savez(file, allow_pickle=False, **arrays)
        remove_oldest(path.parent.glob("*.npz"), CACHE_BYTES)
