"""Corrections as files, to be taken along and brought in: NPZ with everything, or a ZIP of PNGs.

The ZIP has a folder for each label, "0" to "9" and "not-a-digit", as every tool for images knows
it; what was guessed is in the NPZ alone. What is brought in may come from anywhere, so nothing in
it is trusted: no pickles, no paths, and sizes are checked before anything is unpacked.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.corrections.correction import SOURCES, Correction
from mnist_core.data import FRAME_SIZE, NOT_A_DIGIT
from mnist_core.errors import CorrectionsError, MnistError

__all__ = ["read_corrections", "to_npz", "to_zip"]

_FOLDERS = {str(digit): digit for digit in range(10)} | {"not-a-digit": NOT_A_DIGIT}
_NAMES = {label: name for name, label in _FOLDERS.items()}
# What is brought in at most: files or frames, and bytes when unpacked.
_MOST, _LARGEST = 100_000, 256 * 2**20
# A PNG's beginning: its signature, the length and name of its first chunk, its width and height.
_PNG = struct.Struct(">8s4x4sII")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The NPZ's arrays besides the frames and labels: what stands there for "not known".
_UNKNOWN: dict[str, Any] = {
    "guess": -1,
    "confidence": np.nan,
    "model": "",
    "model_sha256": "",
    "source": "import",
    "created": "",
}


def to_npz(corrections: Sequence[Correction]) -> bytes:
    """An NPZ file: `frames` (n, 28, 28) and `labels` (n,), uint8, and an array for each of
    `guess` (-1: unknown), `confidence` (NaN: unknown), `model`, `model_sha256`, `source` and
    `created`; n may be 0.
    """
    frames = np.array([correction.frame for correction in corrections], np.uint8)
    arrays: dict[str, Any] = {
        "frames": frames.reshape(-1, FRAME_SIZE, FRAME_SIZE),
        "labels": np.array([correction.label for correction in corrections], np.uint8),
    }
    for name, unknown in _UNKNOWN.items():
        values = [getattr(correction, name) for correction in corrections]
        known = [unknown if value is None else value for value in values]
        arrays[name] = np.array(known, np.asarray(unknown).dtype if not known else None)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def to_zip(corrections: Sequence[Correction]) -> bytes:
    """A ZIP file of 28×28 grey PNGs in a folder for each label; a frame's number is its name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, correction in enumerate(corrections, 1):
            png = cv2.imencode(".png", correction.frame)[1].tobytes()
            entry = zipfile.ZipInfo(f"{_NAMES[correction.label]}/{number:05d}.png")
            archive.writestr(entry, png)
    return content.getvalue()


def read_corrections(content: bytes) -> list[Correction]:
    """The corrections in an NPZ or ZIP file, of this program or anyone's; all or none.

    Args:
        content: the file. An NPZ needs `frames` and `labels` only. In a ZIP the folder that a PNG
            lies in is its label, however deep; other files are passed over.

    Raises:
        CorrectionsError: it is neither, too large, or something in it is no frame or no label.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            if len(entries) > _MOST or size > _LARGEST:
                raise _refused(
                    f"it is too large: at most {_MOST:,} files and {_LARGEST >> 20} MiB unpacked",
                    f"{len(entries):,} files, {size >> 20:,} MiB",
                )
            if any(entry.filename == "frames.npy" for entry in entries):
                return _from_npz(content)
            return _from_folders(archive)
    # Whatever a damaged or hostile archive makes the libraries say.
    except (
        zipfile.BadZipFile, EOFError, KeyError, MemoryError, NotImplementedError, OSError,
        OverflowError, RuntimeError, SyntaxError, TypeError, UnicodeError, ValueError,
        struct.error, zlib.error,
    ) as error:  # fmt: skip
        raise _refused(
            f"it is damaged, or no NPZ or ZIP: {error}", f"{len(content):,} bytes"
        ) from (error)


def _from_npz(content: bytes) -> list[Correction]:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        frames, labels = archive["frames"], archive["labels"]
        extras = {name: archive[name] for name in _UNKNOWN if name in archive}
    count = len(frames) if frames.ndim else 0
    if frames.dtype != np.uint8 or frames.shape[1:] != (FRAME_SIZE, FRAME_SIZE):
        raise _refused(
            "'frames' are (n, 28, 28) uint8", f"shape {frames.shape}, dtype {frames.dtype}"
        )
    for name, array in {"labels": labels, **extras}.items():
        if array.shape != (count,):
            raise _refused(f"'{name}' has one value a frame", f"{count} frames, {array.shape}")
    if not np.issubdtype(labels.dtype, np.integer):
        raise _refused("'labels' are whole numbers", f"dtype {labels.dtype}")
    rows = []
    for place in range(count):
        known = {name: values[place].item() for name, values in extras.items()}
        rows.append(_checked(place + 1, frames[place], int(labels[place]), known))
    return rows


def _from_folders(archive: zipfile.ZipFile) -> list[Correction]:
    found = []
    for entry in archive.infolist():
        *folders, name = re.split(r"[/\\]", entry.filename)
        # Macs add shadows of files, named alike, to what they pack.
        if entry.is_dir() or not name.lower().endswith(".png") or name.startswith("."):
            continue
        label = _FOLDERS.get(folders[-1].lower()) if folders else None
        if label is None:
            raise _refused(
                f"a PNG's folder is its label: one of {', '.join(_FOLDERS)}", repr(entry.filename)
            )
        found.append(_checked(entry.filename, _frame(archive.read(entry), entry), label, {}))
    if not found:
        raise _refused("there is no PNG in it, and no 'frames'", f"{len(archive.namelist())} files")
    return found


def _frame(png: bytes, entry: zipfile.ZipInfo) -> NDArray[np.uint8]:
    """A PNG's pixels; its size is looked at before they are unpacked."""
    signature, kind, *size = _PNG.unpack(png[: _PNG.size]) if len(png) >= _PNG.size else (b"", b"")
    if signature != _SIGNATURE or kind != b"IHDR":
        raise _refused("one of its PNGs is none", repr(entry.filename))
    if size != [FRAME_SIZE, FRAME_SIZE]:
        raise _refused(
            "its PNGs are 28x28 pixels, white ink on black",
            f"{entry.filename!r} of {size[0]}x{size[1]}",
        )
    frame = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if frame is None:
        raise _refused("one of its PNGs is damaged", repr(entry.filename))
    return frame.astype(np.uint8)


def _checked(
    place: int | str, frame: NDArray[np.uint8], label: int, known: dict[str, Any]
) -> Correction:
    """A correction, of which only frame and label have to be right."""
    guess, confidence = known.get("guess", -1), known.get("confidence", np.nan)
    told = isinstance(guess, int) and 0 <= guess <= NOT_A_DIGIT
    sure = isinstance(confidence, float) and 0 <= confidence <= 1
    source = str(known.get("source", ""))
    try:
        return Correction(
            frame=frame,
            label=label,
            guess=guess if told else None,
            confidence=confidence if sure else None,
            model=_matching(r"[a-z0-9][a-z0-9._-]{0,39}", known.get("model")),
            model_sha256=_matching(r"[0-9a-f]{64}", known.get("model_sha256")),
            source=source if source in SOURCES else "import",
            created=_time(str(known.get("created", ""))),
        )
    except MnistError as error:
        raise _refused(f"number {place}: {error}", f"label {label}") from error


def _matching(pattern: str, value: object) -> str:
    """The text if it is of the form: a page shows it, and foreign text may be anything."""
    text = str(value)
    return text if re.fullmatch(pattern, text) else ""


def _time(text: str) -> str:
    """A time in the store's own form; now, where there is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.now(UTC)
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return time.astimezone(UTC).isoformat(timespec="seconds")


def _refused(problem: str, received: str) -> CorrectionsError:
    return CorrectionsError(
        f"The file cannot be brought in: {problem}. Send an NPZ or ZIP as this page saves it; "
        f"nothing of it was kept. Received: {received}"
    )
