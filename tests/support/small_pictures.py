"""MNIST images as small pictures: compressed, dim, blurred, enlarged, noisy, of both polarities."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def compress(image: Image, quality: int) -> Image:
    """A grey image after JPEG compression."""
    content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)


def blur(frame: Image) -> Image:
    return cv2.GaussianBlur(frame, (0, 0), 0.8)


def enlarge(frame: Image) -> Image:
    return cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


def dim(frame: Image) -> Image:
    return (frame * 0.4 + 30).astype(np.uint8)


def add_noise(frame: Image) -> Image:
    noise = np.random.default_rng(int(frame.sum())).normal(0, 12, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)


# From a 28x28 frame to a picture.
SMALL_PICTURES: dict[str, Callable[[Image], Image]] = {
    "PNG": lambda frame: frame,
    "JPEG 95": lambda frame: compress(frame, 95),
    "JPEG 85": lambda frame: compress(frame, 85),
    "JPEG 75": lambda frame: compress(frame, 75),
    "black on white, JPEG 85": lambda frame: compress(255 - frame, 85),
    "black on white, JPEG 75": lambda frame: compress(255 - frame, 75),
    "dim, JPEG 75": lambda frame: compress(dim(frame), 75),
    "dim, black on white, JPEG 75": lambda frame: compress(255 - dim(frame), 75),
    "blurred, JPEG 85": lambda frame: compress(blur(frame), 85),
    "blurred, black on white, JPEG 85": lambda frame: compress(255 - blur(frame), 85),
    "twice as large, JPEG 75": lambda frame: compress(enlarge(frame), 75),
    "twice as large, black on white, JPEG 75": lambda frame: compress(255 - enlarge(frame), 75),
    "noisy": add_noise,
}
