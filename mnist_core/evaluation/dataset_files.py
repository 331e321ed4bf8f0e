"""Labeled images from a file that may come from anyone: NumPy's NPZ, or a ZIP of folders 0 to 9."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES, FRAME_SIZE
from mnist_core.errors import DatasetError, InvalidImageError
from mnist_core.evaluation.labelled_images import (
    MAX_PICTURES,
    LabelledImages,
    find_frame,
    in_time,
    label_arrays,
    label_frames,
    light_on_dark,
)
from mnist_core.preprocessing.images import load_image
from mnist_core.storage.archives import ArchiveError, open_archive, read_array

__all__ = ["load_labelled"]

# All pictures of a ZIP together.
_MAX_PIXELS = 500_000_000
# Besides pictures a ZIP has folders, and files that operating systems add.
_MAX_ENTRIES = 3 * MAX_PICTURES
# Names of the images and labels in an NPZ, in order of preference.
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


def load_labelled(source: Path | str | bytes, name: str | None = None) -> LabelledImages:
    """Read labeled images from an NPZ, or from a ZIP with a folder of pictures for each digit.

    Args:
        source: a path, or the content of a file.
        name: the set's name; default: the file's.

    Returns:
        The images as frames, in the order of the file; those of a ZIP by digit, then by name.

    Raises:
        DatasetError: the file is missing, damaged, too large, or neither an NPZ nor a ZIP; or its
            images or labels are missing or invalid.
    """
    if isinstance(source, bytes):
        content, name = source, name or "labeled images"
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
    try:
        with open_archive(content, max_entries=_MAX_ENTRIES) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
            if any(entry.endswith(".npy") for entry in names):
                return label_arrays(name, *_read_arrays(archive, received))
            return _read_pictures(archive, names, name, received)
    except ArchiveError as error:
        raise DatasetError(f"The file cannot be used: {error}. {_REMEDY} {received}") from error


def _read_arrays(archive: zipfile.ZipFile, received: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """The images and labels of an NPZ."""
    found = {
        PurePosixPath(entry.filename).stem.lower(): entry
        for entry in archive.infolist()
        if entry.filename.endswith(".npy")
    }
    names = next((pair for pair in _NAMES if set(pair) <= set(found)), None)
    if names is None:
        if len(found) != 2:
            raise DatasetError(
                f"It is not clear which arrays are the images and which the labels. {_REMEDY} "
                f"{received}, arrays {sorted(found)}"
            )
        # The smaller one is the labels, whatever its name.
        larger, smaller = sorted(found, key=lambda name: -found[name].file_size)
        names = (larger, smaller)
    images, labels = (read_array(archive, found[name].filename) for name in names)
    return images, labels


def _read_pictures(
    archive: zipfile.ZipFile, entries: list[str], name: str, received: str
) -> LabelledImages:
    """The pictures of a ZIP, labeled by their folders."""
    pictures = sorted(
        (entry for entry in entries if not _is_system_file(entry)),
        key=lambda entry: (PurePosixPath(entry).parent.name, entry),
    )
    if not pictures:
        raise DatasetError(f"There are no pictures in the archive. {_REMEDY} {received}")
    if len(pictures) > MAX_PICTURES:
        raise DatasetError(
            f"A ZIP can have at most {MAX_PICTURES:,} pictures. Send a part of it. {received}, "
            f"{len(pictures):,} files"
        )
    labels = [_label(entry, received) for entry in pictures]
    frames = in_time(_frames(archive, pictures, received), len(pictures))
    return label_frames(name, frames, np.array(labels))


def _frames(
    archive: zipfile.ZipFile, pictures: list[str], received: str
) -> Iterator[NDArray[np.uint8] | None]:
    pixels = 0
    for entry in pictures:
        try:
            picture = load_image(archive.read(entry))
            pixels += picture.shape[0] * picture.shape[1]
            if pixels > _MAX_PIXELS:
                raise DatasetError(
                    f"The pictures have more than {_MAX_PIXELS // 10**6} megapixels together. Make "
                    f"them smaller, or send a part of them. {received}"
                )
            yield _frame(picture)
        except InvalidImageError as error:
            raise DatasetError(f"{entry}: {error} {received}") from error


def _frame(picture: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The frame of a picture's digit; an opaque picture of 28x28 is a frame, or an inverted one."""
    if picture.shape != (FRAME_SIZE, FRAME_SIZE, 3):
        return find_frame(picture)
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    return light_on_dark(grey[np.newaxis])[0]


def _label(entry: str, received: str) -> int:
    folder = PurePosixPath(entry).parent.name
    if folder not in map(str, range(CLASSES)):
        raise DatasetError(
            "Each picture must be in a folder named for its digit, 0 to 9. Move or remove it. "
            f"{received}, {entry!r}"
        )
    return int(folder)


def _is_system_file(entry: str) -> bool:
    path = PurePosixPath(entry)
    hidden = path.name.startswith(".") or path.name.lower() == "thumbs.db"
    return hidden or "__MACOSX" in path.parts
