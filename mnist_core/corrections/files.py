"""Export and import corrections: an NPZ file with everything, or a ZIP file of PNGs.

The ZIP has a folder for each label, "0" to "9" and "not-a-digit", a layout that most image tools
read; what the model had read is in the NPZ only. Imported files may come from anyone: all of their
content is checked.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.corrections.correction import SOURCES, Correction, showable_time
from mnist_core.data import FRAME_SIZE, NOT_A_DIGIT, check_frames
from mnist_core.errors import CorrectionsError, MnistError
from mnist_core.storage.archives import ArchiveError, open_archive, read_array

__all__ = ["read_corrections", "to_npz", "to_zip"]

# The names of a ZIP's folders, by label.
_FOLDERS = (*map(str, range(NOT_A_DIGIT)), "not-a-digit")
_MAX_UNPACKED = 256 * 2**20
# As many as MNIST has: each is checked one by one, 70,000 in 2 s of processor time.
_MAX_CORRECTIONS = 70_000
# The NPZ's arrays besides the frames and labels, and the values that mean "unknown".
_UNKNOWN: dict[str, Any] = {
    "guess": -1,
    "confidence": np.nan,
    "model": "",
    "model_sha256": "",
    "source": "import",
    "created": "",
}


def to_npz(corrections: Sequence[Correction]) -> bytes:
    """Export corrections as an NPZ file.

    Its arrays are `frames` (n, 28, 28) and `labels` (n,), uint8, and one each for `guess` (-1:
    unknown), `confidence` (NaN: unknown), `model`, `model_sha256`, `source` and `created`; n may be
    0.
    """
    frames = np.array([correction.frame for correction in corrections], np.uint8)
    arrays: dict[str, Any] = {
        "frames": frames.reshape(-1, FRAME_SIZE, FRAME_SIZE),
        "labels": np.array([correction.label for correction in corrections], np.uint8),
    }
    for name, unknown in _UNKNOWN.items():
        values = [getattr(correction, name) for correction in corrections]
        known = [unknown if value is None else value for value in values]
        arrays[name] = np.array(known, None if known else np.asarray(unknown).dtype)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def to_zip(corrections: Sequence[Correction]) -> bytes:
    """Export corrections as a ZIP file of 28x28 grey PNGs in a folder for each label."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, correction in enumerate(corrections, 1):
            png = cv2.imencode(".png", correction.frame)[1].tobytes()
            entry = zipfile.ZipInfo(f"{_FOLDERS[correction.label]}/{number:05d}.png")
            archive.writestr(entry, png)
    return content.getvalue()


def read_corrections(content: bytes) -> list[Correction]:
    """Import the corrections of an NPZ or ZIP file: all of them or none.

    Args:
        content: the file. An NPZ needs only `frames` and `labels`. In a ZIP, the name of a PNG's
            folder is its label, at any depth; other files are ignored.

    Raises:
        CorrectionsError: it is neither, is damaged or too large, or a frame or label is invalid.
    """
    try:
        with open_archive(content, max_unpacked=_MAX_UNPACKED) as archive:
            if "frames.npy" in archive.namelist():
                return _read_npz(archive)
            return _read_pngs(archive)
    except ArchiveError as error:
        raise _refused(str(error), f"{len(content):,} bytes") from error


def _read_npz(archive: zipfile.ZipFile) -> list[Correction]:
    entries = archive.namelist()
    extras = (name for name in _UNKNOWN if f"{name}.npy" in entries)
    _check_count(archive.getinfo("frames.npy").file_size // FRAME_SIZE**2)
    arrays = {name: read_array(archive, f"{name}.npy") for name in ("frames", "labels", *extras)}
    frames = arrays.pop("frames")
    check_frames(frames, error=CorrectionsError)
    for name, array in arrays.items():
        if array.shape != frames.shape[:1]:
            raise _refused(
                f"'{name}' must have one value per frame", f"{len(frames)} frames, {array.shape}"
            )
    found = []
    for index, frame in enumerate(frames):
        values = {name: array[index].item() for name, array in arrays.items()}
        found.append(_correction(f"number {index + 1}", frame, values.pop("labels"), **values))
    return found


def _read_pngs(archive: zipfile.ZipFile) -> list[Correction]:
    found = []
    _check_count(sum(name.lower().endswith(".png") for name in archive.namelist()))
    for entry in archive.infolist():
        *folders, name = re.split(r"[/\\]", entry.filename)
        # macOS adds hidden files named like those that it packs.
        if entry.is_dir() or not name.lower().endswith(".png") or name.startswith("."):
            continue
        folder = folders[-1].lower() if folders else ""
        if folder not in _FOLDERS:
            raise _refused(
                f"a PNG's folder must be its label, one of {', '.join(_FOLDERS)}",
                repr(entry.filename),
            )
        frame = _decode(archive.read(entry), entry.filename)
        found.append(_correction(entry.filename, frame, _FOLDERS.index(folder)))
    if not found:
        raise _refused("it has no PNG and no 'frames'", f"{len(archive.namelist())} files")
    return found


def _check_count(count: int) -> None:
    if count > _MAX_CORRECTIONS:
        raise _refused(f"it has more than {_MAX_CORRECTIONS:,} corrections", f"{count:,}")


def _decode(png: bytes, name: str) -> NDArray[np.uint8]:
    """The pixels of a PNG, whose size is checked before they are unpacked."""
    # Signature, length and type of the first chunk, width, height.
    if len(png) < 24 or png[:8] != b"\x89PNG\r\n\x1a\n" or png[12:16] != b"IHDR":
        raise _refused("a file is not a PNG, though its name says so", repr(name))
    width, height = struct.unpack(">II", png[16:24])
    if (width, height) != (FRAME_SIZE, FRAME_SIZE):
        raise _refused(
            "its PNGs must be 28x28 pixels, white ink on black", f"{name!r} of {width}x{height}"
        )
    frame = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if frame is None:
        raise _refused("a PNG is damaged", repr(name))
    return frame.astype(np.uint8)


def _correction(place: str, frame: NDArray[np.uint8], label: int, **known: Any) -> Correction:
    """A correction, of which only frame and label must be valid; other bad values are dropped."""
    guess, confidence, source = (known.get(name) for name in ("guess", "confidence", "source"))
    has_guess = isinstance(guess, int) and 0 <= guess <= NOT_A_DIGIT
    has_confidence = isinstance(confidence, float) and 0 <= confidence <= 1
    try:
        return Correction(
            frame=frame,
            label=label,
            guess=guess if has_guess else None,
            confidence=confidence if has_confidence else None,
            # Pages show these texts: only harmless ones are kept.
            model=_matching(r"[a-z0-9][a-z0-9._-]{0,39}", known.get("model")),
            model_sha256=_matching(r"[0-9a-f]{64}", known.get("model_sha256")),
            source=source if source in SOURCES else "import",
            created=_time(str(known.get("created", ""))),
        )
    except MnistError as error:
        raise _refused(f"{place}: {error}", f"label {label}") from error


def _matching(pattern: str, value: object) -> str:
    text = str(value)
    return text if re.fullmatch(pattern, text) else ""


def _time(text: str) -> str:
    """The time in the store's format; the current time if the text is not one of 1970 to 2999."""
    time = showable_time(text) or datetime.now(UTC)
    return time.isoformat(timespec="seconds")


def _refused(problem: str, received: str) -> CorrectionsError:
    return CorrectionsError(
        f"The file cannot be imported: {problem}. Send an NPZ or ZIP file as this page exports it; "
        f"nothing was imported. Received: {received}"
    )
