"""MNIST, embedded in the package and verified before use; nothing is downloaded."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_core.errors import DatasetError, InvalidImageError, MnistError
from mnist_core.storage.paths import ASSETS

__all__ = [
    "CLASSES",
    "FRAME_SIZE",
    "MNIST_PATH",
    "NOT_A_DIGIT",
    "Dataset",
    "LabelledArrays",
    "check_frames",
    "load_mnist",
    "split_training",
]

# Height and width of a frame, px, and the number of digits.
FRAME_SIZE = 28
CLASSES = 10
# The label of non-digits, besides 0 to 9.
NOT_A_DIGIT = 10
MNIST_PATH = ASSETS / "mnist.npz"
MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"

_REMEDY = (
    "Restore it with 'git checkout -- mnist_core/assets/mnist.npz', or clone the project again."
)


class LabelledArrays(NamedTuple):
    """Images and their labels.

    Attributes:
        images: (n, 28, 28) uint8, white ink on black.
        labels: (n,) uint8, 0 to 9 or `NOT_A_DIGIT`.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def select(self, indices: Any) -> LabelledArrays:
        """Select some by their indices, a slice or a boolean mask."""
        return LabelledArrays(self.images[indices], self.labels[indices])


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The training and test images of MNIST, white ink on black, and their labels.

    Attributes:
        x_train: (60000, 28, 28) uint8, 0 (background) to 255 (ink); read-only.
        y_train: (60000,) uint8, 0 to 9; read-only.
        x_test: (10000, 28, 28) uint8; read-only.
        y_test: (10000,) uint8; read-only.
    """

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]

    @property
    def training(self) -> LabelledArrays:
        """`x_train` and `y_train`."""
        return LabelledArrays(self.x_train, self.y_train)

    @property
    def test(self) -> LabelledArrays:
        """`x_test` and `y_test`."""
        return LabelledArrays(self.x_test, self.y_test)


def load_mnist(path: Path | str = MNIST_PATH) -> Dataset:
    """Load the embedded MNIST; later calls return the same arrays.

    Args:
        path: the archive; for tests.

    Raises:
        DatasetError: the file is missing, unreadable, truncated or altered.
    """
    return _load(Path(path))


@cache
def _load(path: Path) -> Dataset:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"The MNIST file cannot be read ({error.strerror}). {_REMEDY} Received: {path}"
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != MNIST_SHA256:
        raise DatasetError(
            f"The MNIST file is truncated or was altered. {_REMEDY} Received: {path}, "
            f"{len(content):,} bytes, SHA-256 {digest[:12]}… instead of {MNIST_SHA256[:12]}…"
        )
    with np.load(io.BytesIO(content)) as archive:
        arrays = {name: archive[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    for array in arrays.values():
        array.flags.writeable = False  # all callers share them
    return Dataset(**arrays)


def split_training(
    seed: int, fraction: float, count: int = 60_000
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split MNIST's training images into validation and training images.

    Args:
        seed: of the training.
        fraction: share of the validation images, 0 to 1.
        count: number of images.

    Returns:
        Indices of the validation images and of the others, both in random order.
    """
    order = np.random.default_rng(seed).permutation(count)
    validation, training = np.split(order, [round(count * fraction)])
    return validation, training


def check_frames(images: NDArray[np.uint8], *, error: type[MnistError] = InvalidImageError) -> None:
    """Raise `error` unless the images are frames, (n, 28, 28) uint8; n may be 0."""
    if images.dtype != np.uint8 or images.shape[1:] != (FRAME_SIZE, FRAME_SIZE):
        raise error(
            "Frames are images of 28x28 grey levels. Pass an array of shape (n, 28, 28) and dtype "
            f"uint8. Received: shape {images.shape}, dtype {images.dtype}"
        )
