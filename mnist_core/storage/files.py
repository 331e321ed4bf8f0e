"""Write files so that neither other processes nor a power cut ever see half of one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

__all__ = ["flush", "read_json", "write_atomically", "write_json"]


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    if path.is_dir():
        # Windows cannot open folders, and some network drives cannot flush them.
        with suppress(OSError):
            _sync(path)
    else:
        _sync(path)


def _sync(path: Path) -> None:
    # Windows flushes only files that are open for writing.
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def write_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a binary file whose content replaces that of `path` when the block ends.

    Other processes see the old content or the new, never a part of it. The block writes to a
    temporary file in the same folder, which is removed if the block raises.

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


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; {} if the file is missing or damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except Exception:  # deep nesting is a RecursionError
        return {}
    return values if isinstance(values, dict) else {}


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Replace a file by a JSON object, atomically."""
    with write_atomically(path) as file:
        file.write(json.dumps(values).encode())
