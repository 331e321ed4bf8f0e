"""Decodes image files and checks arrays before anything is computed from them."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_core.errors import InvalidImageError

__all__ = ["MAX_PIXELS", "check_image", "load_image"]

# More than a phone's camera takes, and few enough that one visitor cannot fill the memory.
MAX_PIXELS = 64_000_000
FORMATS = ("PNG", "JPEG", "WEBP")


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


def load_image(source: Path | str | bytes) -> NDArray[np.uint8]:
    """Decode a PNG, JPEG or WebP image, rotated upright by its EXIF orientation.

    Args:
        source: a path, or the content of a file.

    Returns:
        (h, w, 3) RGB or (h, w, 4) RGBA, uint8.

    Raises:
        InvalidImageError: the file is missing, damaged, too large or not such an image.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if isinstance(source, bytes):
        content, received = source, f"{len(source):,} bytes"
    else:
        received = str(source)
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            raise InvalidImageError(
                f"The file cannot be read ({error.strerror}). Check its name and permissions. "
                f"Received: {received}"
            ) from error
    try:
        with warnings.catch_warnings():
            # Pillow's own limit, a warning, is higher than ours.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            raise _too_large(f"{received}, {picture.width}x{picture.height} pixels")
        picture.load()
        picture = ImageOps.exif_transpose(picture)
    except UnidentifiedImageError as error:
        raise InvalidImageError(
            "This file is not a PNG, JPEG or WebP image, whatever its name. Save it as one of "
            f"these and try again. Received: {received}"
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_large(received) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # Pillow's decoders raise any of these for a damaged file.
        raise InvalidImageError(
            f"The image is damaged or truncated ({error}). Save or send it again. "
            f"Received: {received}"
        ) from error
    if picture.mode.startswith(("I", "F")):
        # 16 bits a pixel: Pillow would clip instead of scaling.
        levels = np.asarray(picture, np.float64)
        top = 65535.0 if levels.max() > 255 else 255.0
        grey = np.clip(levels * (255 / top), 0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    return np.asarray(picture.convert("RGBA" if transparent else "RGB"))


def _too_large(received: str) -> InvalidImageError:
    return InvalidImageError(
        f"The image is larger than {MAX_PIXELS // 10**6} megapixels. Make it smaller first. "
        f"Received: {received}"
    )
