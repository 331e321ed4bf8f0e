"""Measures a model's robustness in the background, resumably, with its counts cached on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import LabelledArrays, load_mnist
from mnist_core.errors import MnistError, require_int
from mnist_core.inference.recognizer import Recognizer
from mnist_core.preprocessing.framing import FramedDigit
from mnist_core.registry.card import TFLITE
from mnist_core.robustness.corruptions import CORRUPTIONS, corrupt
from mnist_core.robustness.distortions import distort
from mnist_core.robustness.job import Job
from mnist_core.robustness.result import CLEAN, LEVELS, Robustness
from mnist_core.storage.cache import cache_path, load_arrays, store_arrays

__all__ = ["SAMPLE", "RobustnessJob", "measure"]

# With this number of test images an accuracy is known to about 0.01.
SAMPLE = 1000
# Images are measured and cached in parts of this size, so that a larger sample uses a smaller one.
_PART = 1000
_ORDER_SEED = 0


class RobustnessJob(Job):
    """A measurement of a model's accuracy on altered test images.

    Args:
        recognizer: the model.
        sample: number of test images, 1 to 10,000.

    Raises:
        MnistError: the sample is out of range.
    """

    def __init__(self, recognizer: Recognizer, sample: int = SAMPLE) -> None:
        super().__init__()
        require_int("The sample", sample, 1, len(load_mnist().x_test))
        self.recognizer, self.sample = recognizer, sample
        # Part -> its number of images.
        self._sizes = {
            start // _PART: min(_PART, sample - start) for start in range(0, sample, _PART)
        }
        # Part -> row -> (2, levels): correct predictions and rejected images. Written by the job's
        # thread alone; a row is added when it is complete, so readers need no lock.
        self._counts = {
            part: _load_counts(recognizer, part, size) for part, size in self._sizes.items()
        }
        # Levels of the row that is being measured, for the progress alone.
        self._levels_done = 0

    @property
    def complete(self) -> bool:
        """True when everything is measured."""
        return all(len(rows) == len(LEVELS) for rows in self._counts.values())

    @property
    def progress(self) -> float:
        """The measured share, 0 to 1."""
        done = sum(len(LEVELS[row]) for rows in self._counts.values() for row in list(rows))
        total = sum(map(len, LEVELS.values())) * len(self._sizes)
        return min(1.0, (done + self._levels_done) / total)

    @property
    def result(self) -> Robustness:
        """The results so far."""
        images, accuracy, rejected = {}, {}, {}
        for row, levels in LEVELS.items():
            measured = [part for part in self._sizes if row in self._counts[part]]
            images[row] = sum(self._sizes[part] for part in measured)
            counts = sum((self._counts[part][row] for part in measured), np.zeros((2, len(levels))))
            accuracy[row], rejected[row] = (
                counts / images[row] if measured else np.full_like(counts, np.nan)
            )
        return Robustness(
            name=self.recognizer.card.name, images=images, accuracy=accuracy, rejected=rejected
        )

    def _measure(self) -> None:
        for part, size in self._sizes.items():
            # Another job may have measured it while this one waited.
            counts = _load_counts(self.recognizer, part, size) | self._counts[part]
            self._counts[part] = counts
            images, labels = _part_images(part, size)
            for row, levels in LEVELS.items():
                if row in counts:
                    continue
                row_counts = np.zeros((2, len(levels)), np.int64)
                for index, level in enumerate(levels):
                    if self._stop.is_set():
                        self._levels_done = 0
                        return
                    self._levels_done = index
                    altered = _alter(images, row, level, seed=part)
                    row_counts[:, index] = _count(self.recognizer, altered, labels)
                self._levels_done = 0
                counts[row] = row_counts
                store_arrays(_counts_path(self.recognizer, part, size), counts)


def measure(
    recognizer: Recognizer,
    sample: int = SAMPLE,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Robustness:
    """Measure a model's robustness, or load it from the cache.

    Args:
        recognizer: the model.
        sample: number of test images, 1 to 10,000.
        on_progress: receives the measured share, 0 to 1, several times a second.

    Raises:
        MnistError: the sample is out of range, or the measurement failed.
    """
    job = RobustnessJob(recognizer, sample)
    job.run(on_progress)
    if job.error:
        raise MnistError(f"{job.error} Received: model {recognizer.card.name!r}")
    return job.result


def _part_images(part: int, size: int) -> LabelledArrays:
    test = load_mnist().test
    order = np.random.default_rng(_ORDER_SEED).permutation(len(test.labels))
    return test.select(order[part * _PART : part * _PART + size])


def _alter(images: NDArray[np.uint8], row: str, level: float, seed: int) -> NDArray[np.uint8]:
    if row == CLEAN:
        return images
    if row in CORRUPTIONS:
        return corrupt(images, row, int(level), seed=seed)
    return distort(images, row, level, seed=seed)


def _count(
    recognizer: Recognizer, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[int, int]:
    """Correct predictions, of rejected images too, and rejected images."""
    box = (0, 0, *images.shape[1:])
    digits = recognizer.read_framed(
        [FramedDigit(box=box, frame=image, ink=image) for image in images]
    )
    correct = sum(
        digit.label == label for digit, label in zip(digits, labels.tolist(), strict=True)
    )
    return correct, sum(not digit.is_digit for digit in digits)


def _counts_path(recognizer: Recognizer, part: int, size: int) -> Path:
    card = recognizer.card
    return cache_path(
        "robustness", card.digest, card.digit_threshold, part, size, _alterations_digest()
    )


@cache
def _alterations_digest() -> str:
    """A digest of altered images: another version of a library may alter them differently."""
    images, _ = _part_images(0, 2)
    digest = hashlib.sha256()
    for row, levels in LEVELS.items():
        for level in levels:
            digest.update(_alter(images, row, level, seed=0).tobytes())
    return digest.hexdigest()


def _load_counts(recognizer: Recognizer, part: int, size: int) -> dict[str, NDArray[np.int64]]:
    """The valid rows of a part in the cache."""
    if TFLITE not in recognizer.card.sha256:
        return {}  # without its checksum, a network cannot be told from others
    arrays = load_arrays(_counts_path(recognizer, part, size))
    return {
        row: counts.astype(np.int64)
        for row, counts in arrays.items()
        if row in LEVELS
        and counts.shape == (2, len(LEVELS[row]))
        and counts.dtype.kind in "iu"
        and ((counts >= 0) & (counts <= size)).all()
    }
