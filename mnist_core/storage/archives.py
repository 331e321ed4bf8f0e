"""Read ZIP and NPZ files that may come from anyone.

A small file can claim to unpack to terabytes, and a pickled object can run code. So sizes and
dtypes are taken from the archive's directory and the arrays' headers, and checked, before anything
is unpacked; nothing is ever unpickled.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

from numpy.lib import format as npy
from numpy.typing import NDArray

from mnist_core.errors import MnistError, foreign_bytes

__all__ = ["ArchiveError", "open_archive", "read_array"]

# Begins each entry of a ZIP's directory.
_ENTRY_SIGNATURE = b"PK\x01\x02"
_HEADER_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class ArchiveError(MnistError):
    """An archive is damaged, too large, or not one; callers raise their own error instead."""


@contextmanager
def open_archive(
    content: bytes, *, max_entries: int = 100_000, max_unpacked: int = 512_000_000
) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP or NPZ file for the block.

    Args:
        content: the file.
        max_entries: largest number of files in it, folders included.
        max_unpacked: largest total of their unpacked sizes, bytes (70,000 frames of float64 have
            440 million).

    Raises:
        ArchiveError: it is not a ZIP or NPZ file or is too large, or the block finds damage.
    """
    if not content:
        raise ArchiveError("it is empty")
    # Counted before the directory is parsed: a million entries take long and much memory.
    if content.count(_ENTRY_SIGNATURE) > max_entries:
        raise ArchiveError(f"it has more than {max_entries:,} entries")
    with foreign_bytes(_damaged), zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > max_unpacked:
            raise ArchiveError(f"it unpacks to more than {max_unpacked // 10**6} MB")
        # Newer versions of Python only warn of it. One content could be read thousands of times.
        if len({entry.header_offset for entry in entries}) < len(entries):
            raise ArchiveError("several of its entries share one content")
        yield archive


def _damaged(error: Exception) -> ArchiveError:
    return ArchiveError(f"it is damaged, or not a ZIP or NPZ file: {error}")


def read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """Read one array of an open NPZ file; never takes more memory than the array has bytes.

    Args:
        archive: from `open_archive`, whose block reports the errors.
        name: the entry's, such as "images.npy".

    Raises:
        ValueError: the array holds Python objects, is truncated, or in an unknown format.
        KeyError: there is no such entry.
    """
    with archive.open(name) as file:
        version = npy.read_magic(file)
        if version not in _HEADER_READERS:
            raise ValueError(f"{name} has an unknown format version")
        shape, _, dtype = _HEADER_READERS[version](file)
        if dtype.hasobject:
            raise ValueError(f"{name} holds Python objects instead of numbers")
        if prod(shape) * dtype.itemsize > archive.getinfo(name).file_size:
            raise ValueError(f"{name} is truncated")
    with archive.open(name) as file:
        array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return array
