"""Decodes image files and checks arrays before anything is computed from them."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.errors import InvalidImageError
from mnist_core.preprocessing.file_kinds import describe, is_heic

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["MAX_PIXELS", "check_image", "load_image"]

# More than a phone's camera takes, and few enough that one visitor cannot fill the memory.
MAX_PIXELS = 64_000_000
# A baseline JPEG is reduced while it is decoded. Pillow's own limit is twice its MAX_IMAGE_PIXELS.
MAX_REDUCIBLE = 178_000_000
# A picture is decoded to at most this size.
_MAX_DECODED = 25_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF")


def check_image(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the image if `read` supports its shape and dtype.

    Args:
        image: (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, uint8, at most 64 megapixels.

    Raises:
        InvalidImageError: another shape, dtype or size.
    """
    image = np.asarray(image)
    received = f"shape {image.shape}, dtype {image.dtype}"
    if image.dtype != np.uint8:
        raise InvalidImageError(
            "An image must have the dtype uint8, with levels from 0 to 255. Convert it, for "
            "example with '(image * 255).astype(np.uint8)' if its levels are from 0 to 1. "
            f"Received: {received}"
        )
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise InvalidImageError(
            "An image must have the shape (height, width), (height, width, 3) for RGB or "
            f"(height, width, 4) for RGBA. Pass one image at a time. Received: {received}"
        )
    if 0 in image.shape:
        raise InvalidImageError(f"The image is empty. Pass one with pixels. Received: {received}")
    if image.shape[0] * image.shape[1] > MAX_PIXELS:
        raise _too_large(received)
    return image


def load_image(source: Path | str | bytes, *, max_pixels: int | None = None) -> NDArray[np.uint8]:
    """Decode an image file, rotated upright by its EXIF orientation.

    PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC and AVIF are read, whatever the file's name; of several
    pictures in a file, the first. Above 25 megapixels, width and height are divided by 2, 4 or 8.

    Args:
        source: a path, or the content of a file.
        max_pixels: refuse a picture of more pixels before they are decoded; None: the limits above.

    Returns:
        (h, w, 3) RGB or (h, w, 4) RGBA, uint8, at most 25 megapixels.

    Raises:
        InvalidImageError: the file is missing, damaged, too large or not such an image.
    """
    from PIL import Image, UnidentifiedImageError

    if isinstance(source, bytes):
        content, received = source, f"{len(source):,} bytes"
    else:
        received = str(source)
        try:
            content = Path(source).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InvalidImageError(
                f"The file cannot be read ({reason}). Check its name and permissions. "
                f"Received: {received}"
            ) from error
    try:
        return _decode(content, received, max_pixels)
    except InvalidImageError:
        raise
    except UnidentifiedImageError as error:
        raise InvalidImageError(f"{describe(content)} Received: {received}") from error
    except Image.DecompressionBombError as error:
        raise _too_large(received) from error
    # Pillow's decoders raise nearly any exception for a damaged file, such as struct.error.
    except Exception as error:
        raise InvalidImageError(
            f"The image is damaged or truncated ({error}). Save or send it again. "
            f"Received: {received}"
        ) from error


def _decode(content: bytes, received: str, max_pixels: int | None) -> NDArray[np.uint8]:
    from PIL import Image

    if is_heic(content):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    with warnings.catch_warnings():
        # Pillow's own limit, a warning, is higher than ours.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        formats = (*FORMATS, "HEIF") if is_heic(content) else FORMATS
        picture: Image.Image = Image.open(io.BytesIO(content), formats=formats)
    reducible = picture.format in ("JPEG", "MPO") and not picture.info.get("progressive")
    limit = MAX_REDUCIBLE if reducible else MAX_PIXELS
    if picture.width * picture.height > limit:
        raise _too_large(f"{received}, {picture.width}x{picture.height} pixels")
    if max_pixels is not None and picture.width * picture.height > max_pixels:
        raise InvalidImageError(
            f"The image may have at most {max_pixels:,} pixels. Send a smaller one. "
            f"Received: {picture.width}x{picture.height} pixels"
        )
    turn = _turn(picture)
    factor = next(
        factor
        for factor in (1, 2, 4, 8)
        if picture.width * picture.height <= _MAX_DECODED * factor**2
    )
    if factor > 1 and picture.draft(None, (picture.width // factor, picture.height // factor)):
        factor = 1  # The decoder reduces it.
    if picture.mode.startswith(("I", "F")):
        picture = _eight_bits(picture, factor)
    else:
        picture = _without_palette(picture)
        if factor > 1:
            picture = picture.reduce(factor)
    return np.asarray(picture if turn is None else picture.transpose(turn))


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """What puts the picture upright; None if its EXIF data say nothing that can be understood."""
    from PIL.ExifTags import Base
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    try:
        return turns.get(picture.getexif().get(Base.Orientation, 1))
    except Exception:  # Damaged EXIF data make Pillow raise nearly any exception.
        return None


def _without_palette(picture: Image.Image) -> Image.Image:
    """The decoded picture as RGB or RGBA."""
    picture.load()
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    mode = "RGBA" if transparent else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)


def _eight_bits(picture: Image.Image, factor: int) -> Image.Image:
    """A picture of 16 or 32 bits a pixel, which Pillow would clip, scaled to 8 bits and reduced."""
    from PIL import Image

    levels = np.asarray(picture)
    if levels.dtype != np.uint16:
        levels = np.nan_to_num(levels.astype(np.float32), copy=False, posinf=0, neginf=0)
    if factor > 1:
        size = (picture.width // factor, picture.height // factor)
        levels = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    scale = np.float32(255 / 65535 if levels.max() > 255 else 1)
    return Image.fromarray(np.clip(levels * scale, 0, 255).astype(np.uint8)).convert("RGB")


def _too_large(received: str) -> InvalidImageError:
    return InvalidImageError(
        f"The image is larger than {MAX_PIXELS // 10**6} megapixels, or "
        f"{MAX_REDUCIBLE // 10**6} as a baseline JPEG. Make it smaller first. Received: {received}"
    )
