"""Says what a file is that is not an image, and how to make an image of it."""

from __future__ import annotations

__all__ = ["describe", "is_heic"]

# How a file begins -> what it is and what to do.
_VIDEO = "This is a video. Take a screenshot of it, and choose that."
_ARCHIVE = "This is an archive. Extract the pictures, and choose one of them."
_BEGINNINGS = (
    (b"%PDF", "This is a PDF document. Take a screenshot of its page, or export it as PNG."),
    (b"PK\x03\x04", _ARCHIVE),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"Rar!", _ARCHIVE),
    (b"\x1a\x45\xdf\xa3", _VIDEO),
    (b"\x93NUMPY", "This is a NumPy array. Save it as PNG, for example with Pillow."),
    (b"8BPS", "This is a Photoshop document. Export it as PNG."),
    (b"\xff\x0a", "This is a JPEG XL image. Save it as PNG or JPEG."),
    (b"\x00\x00\x00\x0cJXL ", "This is a JPEG XL image. Save it as PNG or JPEG."),
    (b"\x00\x00\x00\x0cjP  ", "This is a JPEG 2000 image. Save it as PNG or JPEG."),
)
_IMAGE_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
_DAMAGED_HEIC = (
    "This HEIC or AVIF image is damaged, or of a kind that cannot be decoded. Send it as JPEG; on "
    "an iPhone: Settings, Camera, Formats, Most Compatible."
)
_UNKNOWN = (
    "This file is not an image of a known kind, whatever its name. Save it as PNG or JPEG, and try "
    "again."
)


def is_heic(content: bytes) -> bool:
    """Is this an image in the container of ISO 14496-12, such as the HEIC of phones?"""
    return content[4:8] == b"ftyp" and content[8:12] in _IMAGE_BRANDS


def describe(content: bytes) -> str:
    """What a file is that cannot be decoded as an image, and what to do, as two sentences."""
    start = content[:1024]
    if not content:
        return "This file is empty. Choose another one, or save it again."
    if is_heic(content):
        return _DAMAGED_HEIC
    if start[4:8] == b"ftyp" or (start.startswith(b"RIFF") and start[8:12] == b"AVI "):
        return _VIDEO
    for beginning, text in _BEGINNINGS:
        if content.startswith(beginning):
            return text
    if b"<svg" in start.lower():
        return "This is an SVG drawing. Export it as PNG, or take a screenshot of it."
    return "This is a text file. Choose a picture of digits." if _is_text(start) else _UNKNOWN


def _is_text(start: bytes) -> bool:
    try:
        # The last character may be cut off.
        text = start.decode("utf-8") if len(start) < 1024 else start[:-3].decode("utf-8", "ignore")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in text)
