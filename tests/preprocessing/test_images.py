"""Decoding image files and checking arrays."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pillow_heif import register_heif_opener

from mnist_core import InvalidImageError, load_image
from mnist_core.preprocessing.images import check_image

# Four corners of different grey, which show the orientation.
PICTURE = np.zeros((40, 60, 3), np.uint8)
PICTURE[:20, :30], PICTURE[:20, 30:], PICTURE[20:, :30], PICTURE[20:, 30:] = 250, 180, 90, 10


register_heif_opener()


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def claims(width: int, height: int) -> bytes:
    """A PNG whose header claims that size, without pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((0,), np.uint8), "must have the shape"),
        (np.zeros((0, 0), np.uint8), "empty"),
        (np.zeros((28, 0), np.uint8), "empty"),
        (np.zeros((0, 28, 3), np.uint8), "empty"),
        (np.zeros((28,), np.uint8), "must have the shape"),
        (np.zeros((1, 28, 28), np.uint8), "must have the shape"),
        (np.zeros((28, 28, 2), np.uint8), "must have the shape"),
        (np.zeros((28, 28, 5), np.uint8), "must have the shape"),
        (np.zeros((2, 28, 28, 3), np.uint8), "must have the shape"),
        (np.zeros((28, 28), np.float32), "uint8"),
        (np.full((28, 28), np.nan), "uint8"),
        (np.zeros((28, 28), bool), "uint8"),
        (np.zeros((28, 28), np.int64), "uint8"),
        (np.array([["7"]]), "uint8"),
        (None, "uint8"),
        (np.broadcast_to(np.uint8(0), (10_000, 10_000)), "64 megapixels"),
    ],
)
def test_check_image_explains_invalid_arrays(image: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidImageError, match=message) as error:
        check_image(image)
    assert "Received: shape" in str(error.value)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 1, 4), (28, 28), (3, 500, 4)])
def test_check_image_returns_valid_arrays(shape: tuple[int, ...]) -> None:
    image = np.zeros(shape, np.uint8)
    assert check_image(image) is image


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
        *(("GIF", mode) for mode in ("1", "L", "P")),
        *(("BMP", mode) for mode in ("1", "L", "P", "RGB")),
        *(("TIFF", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")),
        *(("AVIF", mode) for mode in ("RGB", "RGBA")),
        *(("HEIF", mode) for mode in ("RGB", "RGBA")),
    ],
)
def test_load_image_decodes_every_format_and_mode(form: str, mode: str) -> None:
    picture = Image.fromarray(PICTURE).convert(mode, dither=Image.Dither.NONE)
    if picture.mode.endswith("A"):
        picture.putpixel(
            (0, 0), (0,) * len(picture.getbands())
        )  # an opaque picture is saved as RGB
    image = load_image(encoded(picture, form, quality=95))
    assert image.dtype == np.uint8
    assert image.shape == (40, 60, 4 if mode.endswith("A") else 3)
    # Two levels, a small palette or a lossy color space: the four corners still differ.
    tolerance = {"1": 91, "P": 30}.get(mode, 12)
    assert np.abs(image[10::20, 15::30, :3].astype(int) - PICTURE[10::20, 15::30]).max() < tolerance


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    levels = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    image = load_image(encoded(Image.fromarray(levels), "PNG"))
    assert image.shape == (16, 16, 3)
    assert np.abs(image[:, :, 0].ravel().astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = Image.fromarray(PICTURE)
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert (load_image(encoded(stored, "PNG", exif=exif)) == PICTURE).all()


def test_load_image_accepts_paths(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(encoded(Image.fromarray(PICTURE), "PNG"))
    assert (load_image(path) == PICTURE).all()
    assert (load_image(str(path)) == PICTURE).all()


PNG, JPEG, WEBP = (
    encoded(Image.fromarray(PICTURE).resize((300, 200)), form) for form in ("PNG", "JPEG", "WEBP")
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"seven", "text file"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawing"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF document. Take a screenshot"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "video"),
        (b"\x1aE\xdf\xa3\x9fB\x86", "video"),
        (b"PK\x03\x04\x14\x00", "archive"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "as JPEG; on an iPhone"),
        (bytes(range(128, 256)), "not an image of a known kind"),
        (PNG[: len(PNG) // 2], "damaged or truncated"),
        (JPEG[: len(JPEG) // 2], "damaged or truncated"),
        (WEBP[: len(WEBP) // 2], "damaged or truncated|not an image"),
        (claims(10_000, 10_000), "64 megapixels"),
        (claims(60_000, 60_000), "64 megapixels"),
        (claims(100, 100), "damaged or truncated"),
    ],
)
def test_load_image_explains_invalid_content(content: bytes, message: str) -> None:
    with pytest.raises(InvalidImageError, match=message) as error:
        load_image(content)
    assert "Received: " in str(error.value)


def test_load_image_explains_invalid_paths(tmp_path: Path) -> None:
    text = tmp_path / "seven.png"
    text.write_text("seven")
    for path in (text, tmp_path / "none.png", tmp_path):
        with pytest.raises(InvalidImageError) as error:
            load_image(path)
        assert str(path) in str(error.value)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([PNG, JPEG, WEBP, b""]),
    st.lists(st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=8)), max_size=6),
    st.integers(0, 4000),
)
def test_damaged_content_gives_an_image_or_an_explanation(
    content: bytes, changes: list[tuple[int, bytes]], end: int
) -> None:
    damaged = bytearray(content)
    for place, values in changes:
        damaged[place : place + len(values)] = values
    try:
        image = load_image(bytes(damaged[:end] if end % 2 else damaged))
    except InvalidImageError:
        return
    assert check_image(image) is image


def large_jpeg(width: int, height: int) -> bytes:
    """A grey JPEG with one dark quarter."""
    picture = Image.new("L", (width, height), 200)
    picture.paste(40, (0, 0, width // 2, height // 2))
    return encoded(picture, "JPEG")


@pytest.mark.parametrize(
    ("size", "decoded"),
    [((5000, 5000), (5000, 5000)), ((9248, 6936), (4624, 3468)), ((14000, 12000), (3500, 3000))],
)
def test_large_jpegs_are_decoded_reduced(size: tuple[int, int], decoded: tuple[int, int]) -> None:
    image = load_image(large_jpeg(*size))
    assert image.shape == (decoded[1], decoded[0], 3)
    assert abs(int(image[10, 10, 0]) - 40) < 5
    assert abs(int(image[-10, -10, 0]) - 200) < 5


@pytest.mark.parametrize(("mode", "light"), [("1", 1), ("L", 255), ("I;16", 65535)])
def test_large_png_is_reduced(mode: str, light: int) -> None:
    picture = Image.new(mode, (8000, 8000), light)
    picture.paste(0, (0, 0, 4000, 4000))
    image = load_image(encoded(picture, "PNG"))
    assert image.shape == (4000, 4000, 3)
    assert (image[10, 10, 0], image[-10, -10, 0]) == (0, 255)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_exif_data_are_ignored() -> None:
    """Pillow raises struct.error and TypeError for such data."""
    content = encoded(Image.fromarray(PICTURE), "JPEG", quality=95)
    orientation = b"\x12\x01"
    for entry in (
        orientation + b"\x02\x00\xff\xff\xff\x7f\xff\xff\xff\xff",
        orientation + b"\x05\x00\x01\x00\x00\x00\xff\xff\x00\x00",
        orientation + b"\x07\x00\x02\x00\x00\x00ab\x00\x00",
    ):
        exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00" + entry + b"\x00\x00\x00\x00"
        marker = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
        image = load_image(content[:2] + marker + content[2:])
        assert image.shape == PICTURE.shape


def test_baseline_jpegs_may_be_larger_than_other_images() -> None:
    progressive = encoded(Image.new("L", (9248, 6936)), "JPEG", progressive=True)
    for content in (progressive, large_jpeg(16320, 12240)):
        with pytest.raises(InvalidImageError, match="64 megapixels, or 178 as a baseline JPEG"):
            load_image(content)


def test_picture_of_more_pixels_than_the_caller_allows_is_not_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30)).save(buffer, "JPEG")
    content = buffer.getvalue()
    assert load_image(content, max_pixels=1200).shape == (30, 40, 3)
    with pytest.raises(InvalidImageError, match=r"at most 1,199 pixels.*Received: 40x30 pix"):
        load_image(content[:-20], max_pixels=1199)
