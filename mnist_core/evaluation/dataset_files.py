"""Labelled images from a file: NumPy's NPZ, or a ZIP of folders 0 to 9. Both may come from anyone.

A small file can claim to unpack to terabytes. So sizes are read from the archive's directory and
the arrays' headers, and checked, before anything is unpacked.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mnist_core.data import CLASSES, FRAME_SIZE
from mnist_core.errors import DatasetError, InvalidImageError
from mnist_core.evaluation.datasets import (
    MAX_PICTURES,
    LabelledImages,
    blank_if_none,
    frame_of,
    label_arrays,
    not_found,
)
from mnist_core.preprocessing.images import load_image

__all__ = ["MAX_UNPACKED", "load_labelled"]

# Bytes: 70,000 frames of float64 are 440 MB.
MAX_UNPACKED = 512_000_000
# All pictures of a ZIP together.
_MAX_PIXELS = 500_000_000
# Besides pictures a ZIP has folders and what systems leave in them.
_MAX_ENTRIES = 3 * MAX_PICTURES
_ENTRY = b"PK\x01\x02"
_ARRAY = ".npy"
# What images and their labels are called in an NPZ, the best first.
_NAMES = (
    ("images", "labels"),
    ("x_test", "y_test"),
    ("test_images", "test_labels"),
    ("x", "y"),
    ("data", "target"),
    ("data", "labels"),
    ("images", "target"),
    ("x_train", "y_train"),
    ("train_images", "train_labels"),
)
_REMEDY = (
    "Send an NPZ with 'images' and 'labels' (numpy.savez), or a ZIP of folders 0 to 9 with "
    "pictures in them."
)
# What Python raises over a damaged archive, depending on where the damage is.
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # encrypted
    NotImplementedError,
    ValueError,
    SyntaxError,
    OverflowError,
)


def load_labelled(source: Path | str | bytes, name: str | None = None) -> LabelledImages:
    """Read labelled images from an NPZ or a ZIP of folders.

    Args:
        source: a path, or the content of a file.
        name: what it is called; None takes the path's.

    Returns:
        The images as frames, in the order of the file; a ZIP's by digit, then by name.

    Raises:
        DatasetError: no such file, neither an NPZ nor a ZIP, damaged, empty, too large, or its
            images or labels are none.
    """
    if isinstance(source, bytes):
        content, name = source, name or "labelled images"
    else:
        name = name or Path(source).name
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            raise DatasetError(
                f"The file cannot be read ({error.strerror}). Check its name and your rights. "
                f"Received: {source}"
            ) from error
    received = f"Received: {name}, {len(content):,} bytes"
    if not content:
        raise DatasetError(f"The file is empty. {_REMEDY} {received}")
    if content.count(_ENTRY) > _MAX_ENTRIES:
        raise DatasetError(
            f"The archive has more than {_MAX_ENTRIES:,} entries. Send a part of it. {received}"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > MAX_UNPACKED:
                raise DatasetError(
                    f"The archive unpacks to more than {MAX_UNPACKED // 10**6} MB. Send a part of "
                    f"it. {received}, {unpacked:,} unpacked"
                )
            if any(entry.filename.endswith(_ARRAY) for entry in entries):
                images, labels = _arrays(archive, entries, received)
                return label_arrays(name, images, labels)
            return _pictures(archive, entries, name, received)
    except _DAMAGE as error:
        raise DatasetError(
            f"This is no NPZ and no ZIP, or it is damaged ({error}). {_REMEDY} {received}"
        ) from error


def _arrays(
    archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], received: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Images and labels of an NPZ."""
    found = {
        PurePosixPath(entry.filename).name.removesuffix(_ARRAY).lower(): entry
        for entry in entries
        if entry.filename.endswith(_ARRAY)
    }
    names = next((pair for pair in _NAMES if set(pair) <= set(found)), None)
    if names is None:
        if len(found) != 2:
            raise DatasetError(
                f"It is not clear which arrays are the images and which the labels. {_REMEDY} "
                f"{received}, arrays {sorted(found)}"
            )
        # Labels are the smaller one, whatever they are called.
        larger, smaller = sorted(found, key=lambda name: -found[name].file_size)
        names = (larger, smaller)
    images, labels = (_array(archive, found[name]) for name in names)
    return images, labels


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """One array; no more memory is taken than the entry has bytes."""
    headers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    with archive.open(entry) as file:
        version = npy.read_magic(file)
        if version not in headers:
            raise ValueError(f"{entry.filename} is of an unusual version")
        shape, _, dtype = headers[version](file)
        if dtype.hasobject:
            raise ValueError(f"{entry.filename} has Python objects in it instead of numbers")
        if prod(shape) * dtype.itemsize > entry.file_size:
            raise ValueError(f"{entry.filename} is cut off")
    with archive.open(entry) as file:
        array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return array


def _pictures(
    archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], name: str, received: str
) -> LabelledImages:
    """The pictures of a ZIP, each labelled by the folder that it is in."""
    files = sorted(
        (entry for entry in entries if not _left_by_a_system(entry.filename)),
        key=lambda entry: (PurePosixPath(entry.filename).parent.name, entry.filename),
    )
    if not files:
        raise DatasetError(f"There are no pictures in the archive. {_REMEDY} {received}")
    if len(files) > MAX_PICTURES:
        raise DatasetError(
            f"A ZIP has at most {MAX_PICTURES:,} pictures. Send a part of it. {received}, "
            f"{len(files):,} files"
        )
    labels = [_label(entry.filename, received) for entry in files]
    frames, pixels = [], 0
    for entry in files:
        try:
            picture = load_image(archive.read(entry))
            pixels += picture.shape[0] * picture.shape[1]
            if pixels > _MAX_PIXELS:
                raise DatasetError(
                    f"The pictures have more than {_MAX_PIXELS // 10**6} megapixels together. Make "
                    f"them smaller, or send a part of them. {received}"
                )
            frames.append(_frame(picture))
        except InvalidImageError as error:
            raise DatasetError(f"{entry.filename}: {error} {received}") from error
    return LabelledImages(
        name=name,
        images=np.stack([blank_if_none(frame) for frame in frames]),
        labels=np.array(labels),
        notes=not_found(sum(frame is None for frame in frames)),
    )


def _frame(picture: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """A picture of 28x28 is a frame already, if it is not transparent; its ink may be dark."""
    if picture.shape != (FRAME_SIZE, FRAME_SIZE, 3):
        return frame_of(picture)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return np.asarray(255 - grey if edge.mean() > 127 else grey, np.uint8)


def _label(path: str, received: str) -> int:
    folder = PurePosixPath(path).parent.name
    if folder not in map(str, range(CLASSES)):
        raise DatasetError(
            "Each picture is in a folder named for its digit, 0 to 9. Move it there, or leave it "
            f"out. {received}, {path!r}"
        )
    return int(folder)


def _left_by_a_system(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return "__MACOSX" in parts or parts[-1].startswith(".") or parts[-1].lower() == "thumbs.db"
