"""What the disk can do in one step, and what it has to be told twice."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

__all__ = ["flush", "read_table", "swap", "write_atomically", "write_table"]

# <fcntl.h> and <stdio.h>: "relative to the working directory", and "exchange the two".
_LINUX_HERE, _LINUX_EXCHANGE = -100, 2
_MACOS_SWAP = 2


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk itself."""
    if path.is_dir():
        # Windows opens no folders, and some network drives flush none.
        with suppress(OSError):
            _sync(path)
    else:
        _sync(path)


def _sync(path: Path) -> None:
    # Windows flushes only what is open for writing.
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def swap(one: Path, other: Path) -> bool:
    """Exchange the names of two files or folders in one step, so that neither is ever missing.

    Python has no call for it; Linux has renameat2, macOS renamex_np.

    Returns:
        False where the system or the disk cannot; nothing has happened then.
    """
    names = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            done = library.renameat2(_LINUX_HERE, names[0], _LINUX_HERE, names[1], _LINUX_EXCHANGE)
        elif sys.platform == "darwin":
            done = library.renamex_np(*names, _MACOS_SWAP)
        else:
            return False
    except (OSError, AttributeError, TypeError):
        return False
    return bool(done == 0)


def read_table(path: Path) -> dict[str, Any]:
    """A table from a file; {} where there is none that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def write_table(path: Path, values: dict[str, Any]) -> None:
    """Replace a file by a JSON object, atomically."""
    with write_atomically(path) as file:
        file.write(json.dumps(values).encode())


@contextmanager
def write_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a binary file whose content replaces that of `path` when the block ends.

    Other processes see the old content or the new, never a part of it. The block writes to a
    temporary file in the same folder, which is removed when the block raises.

    Raises:
        OSError: the folder cannot be written, or the disk is full; `path` is unchanged.
    """
    temporary = path.with_name(f"{path.name}.{uuid4().hex}.new")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
