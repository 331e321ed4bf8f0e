"""ZIP, NPZ, NPY and PNG files for tests, as content."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

import cv2
import numpy as np


def make_npz(**arrays: object) -> bytes:
    """An NPZ file of these arrays."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def make_zip(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP file of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def make_npy(shape: tuple[int, ...], content: bytes = b"", dtype: str = "|u1") -> bytes:
    """An array file whose header may promise more than it has."""
    header = str({"descr": dtype, "fortran_order": False, "shape": shape})
    return npy_with_header(header + " " * (-(len(header) + 11) % 64) + "\n", content)


def npy_with_header(header: str, content: bytes = b"") -> bytes:
    """An array file with any text as its header."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content


def make_png(image: np.ndarray) -> bytes:
    """A PNG file of an image."""
    return cv2.imencode(".png", image)[1].tobytes()


def png_claiming(width: int, height: int) -> bytes:
    """The beginning of a PNG file that claims a size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + struct.pack(">I", zlib.crc32(header))


def claim_size(archive: bytes, size: int) -> bytes:
    """The ZIP file with another unpacked size in its directory's first entry."""
    content = bytearray(archive)
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = struct.pack("<I", size)
    return bytes(content)


def claim_encryption(archive: bytes) -> bytes:
    """The ZIP file with its first entry marked as encrypted."""
    content = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


def share_content(files: Mapping[str, bytes]) -> bytes:
    """A ZIP file whose entries all point at the content of the first one."""
    content = bytearray(make_zip(files, zipfile.ZIP_STORED))
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        content[place + 42 : place + 46] = bytes(4)
        place = content.find(b"PK\x01\x02", place + 1)
    return bytes(content)
