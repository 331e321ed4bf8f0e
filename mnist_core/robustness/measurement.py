"""How a model reads digits that are corrupted and distorted: measured, resumed, kept on disk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import load_mnist
from mnist_core.errors import MnistError
from mnist_core.inference.recognizer import Recognizer
from mnist_core.preprocessing.framing import FramedDigit
from mnist_core.registry.card import TFLITE
from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from mnist_core.robustness.distortions import SWEEPS, distort
from mnist_core.storage.cache import cache_path, load_arrays, store_arrays

__all__ = ["CLEAN", "SAMPLE", "Robustness", "RobustnessJob", "measure"]

# So many of the test images tell each accuracy to about one in a hundred.
SAMPLE = 1000
# The name of the row of images that are as they were.
CLEAN = "clean"
# Images are measured, kept and, if asked, given up in parts of so many.
_PART = 1000
# The order in which test images are taken: a larger sample holds the smaller ones.
_ORDER_SEED = 0
# One computation at a time: two at once would both take twice as long.
_turn = threading.Lock()

# (images, level, seed) -> images, (n, 28, 28) uint8.
_Alter = Callable[..., NDArray[np.uint8]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Robustness:
    """What a model made of altered MNIST test images.

    A row is "clean", the name of a corruption (severities 1 to 5) or of a sweep (its levels).

    Attributes:
        name: the model's.
        images: row -> how many images its first level was measured on.
        accuracy: row -> (levels,) share read rightly, 0 to 1; NaN where nothing is measured yet.
        rejected: row -> (levels,) share that the model calls no digit, 0 to 1, or NaN.
    """

    name: str
    images: Mapping[str, int]
    accuracy: Mapping[str, NDArray[np.float64]]
    rejected: Mapping[str, NDArray[np.float64]]

    @property
    def clean(self) -> float:
        """Accuracy on the same images as they were."""
        return float(self.accuracy[CLEAN][0])

    @property
    def table(self) -> NDArray[np.float64]:
        """(15, 5) accuracy: corruptions in the order of `CORRUPTIONS`, severities 1 to 5."""
        return np.stack([self.accuracy[name] for name in CORRUPTIONS])

    @property
    def mean(self) -> float:
        """Mean accuracy over all corruptions and severities; NaN until all are there."""
        return float(self.table.mean())

    @property
    def mnist_c_accuracy(self) -> float:
        """Mean accuracy over the 15 corruptions, each at MNIST-C's own severity."""
        severities = [corruption.paper_severity for corruption in CORRUPTIONS.values()]
        return float(self.table[np.arange(len(severities)), np.array(severities) - 1].mean())


def _rows() -> dict[str, tuple[tuple[float, ...], _Alter]]:
    rows: dict[str, tuple[tuple[float, ...], _Alter]] = {
        CLEAN: ((0.0,), lambda images, level, seed: images)
    }
    for name in CORRUPTIONS:
        rows[name] = (SEVERITIES, partial(_corrupted, name))
    for name, sweep in SWEEPS.items():
        rows[name] = (sweep.levels, partial(_distorted, name))
    return rows


def _corrupted(name: str, images: NDArray[np.uint8], level: float, seed: int) -> NDArray[np.uint8]:
    return corrupt(images, name, int(level), seed=seed)


def _distorted(name: str, images: NDArray[np.uint8], level: float, seed: int) -> NDArray[np.uint8]:
    return distort(images, name, level, seed=seed)


_ROWS = _rows()
_LEVELS = sum(len(levels) for levels, _ in _ROWS.values())


class RobustnessJob:
    """A measurement in a thread of its own; safe to look at from any thread.

    Args:
        recognizer: the model.
        sample: how many of the 10,000 test images, 1 to 10,000.

    Raises:
        MnistError: the sample is no such number.
    """

    def __init__(self, recognizer: Recognizer, sample: int = SAMPLE) -> None:
        total = len(load_mnist().x_test)
        if isinstance(sample, bool) or not isinstance(sample, int) or not 1 <= sample <= total:
            raise MnistError(
                f"A sample is 1 to {total:,} of the MNIST test images. Received: {sample!r}"
            )
        self.recognizer, self.sample = recognizer, sample
        self._parts = [
            (start // _PART, min(_PART, sample - start)) for start in range(0, sample, _PART)
        ]
        # Part -> row -> (2, levels): how many were read rightly, how many refused. Written by the
        # thread alone; a row is put in whole, so readers need no lock.
        self._counts: dict[int, dict[str, NDArray[np.int64]]] = {
            part: _kept(recognizer, part, count) for part, count in self._parts
        }
        # Levels of the row that is being measured: for the progress alone.
        self._levels_done = 0
        self._waiting = False
        self._stop = threading.Event()
        self._error: str | None = None
        self._thread = threading.Thread()

    def start(self) -> None:
        """Begin, or go on after a stop; does nothing while it runs or when all is there."""
        if self.running or self.complete:
            return
        self._stop.clear()
        self._error = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="robustness")
        self._thread.start()

    def stop(self) -> None:
        """Give up soon; what is measured stays."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most so many seconds; True if it has ended."""
        if self.running:
            self._thread.join(timeout)
        return not self.running

    @property
    def running(self) -> bool:
        """Is it being measured now, or waiting for its turn?"""
        return self._thread.is_alive()

    @property
    def waiting(self) -> bool:
        """Does it wait until another model is measured?"""
        return self.running and self._waiting

    @property
    def complete(self) -> bool:
        """Is everything measured?"""
        return all(len(rows) == len(_ROWS) for rows in self._counts.values())

    @property
    def error(self) -> str | None:
        """Why it ended before its time, if it did and nobody stopped it."""
        return None if self.running else self._error

    @property
    def progress(self) -> float:
        """The share that is measured, 0 to 1."""
        done = sum(len(_ROWS[row][0]) for rows in self._counts.values() for row in list(rows))
        return min(1.0, (done + self._levels_done) / (_LEVELS * len(self._parts)))

    @property
    def result(self) -> Robustness:
        """What is measured so far."""
        images, accuracy, refused = {}, {}, {}
        for row, (levels, _) in _ROWS.items():
            counts, seen = np.zeros((2, len(levels))), 0
            for part, count in self._parts:
                if row in self._counts[part]:
                    counts += self._counts[part][row]
                    seen += count
            shares = counts / seen if seen else np.full_like(counts, np.nan)
            images[row], accuracy[row], refused[row] = seen, shares[0], shares[1]
        return Robustness(
            name=self.recognizer.card.name, images=images, accuracy=accuracy, rejected=refused
        )

    def _run(self) -> None:
        try:
            self._waiting = True
            while not _turn.acquire(timeout=0.1):
                if self._stop.is_set():
                    return
            self._waiting = False
            try:
                self._measure()
            finally:
                _turn.release()
        except Exception as error:  # whoever watches is told, whatever it was
            self._error = f"The measurement ended early: {error}"

    def _measure(self) -> None:
        for part, count in self._parts:
            # Another job may have measured it while this one waited.
            counts = _kept(self.recognizer, part, count) | self._counts[part]
            self._counts[part] = counts
            images, labels = _images(part, count)
            for row, (levels, alter) in _ROWS.items():
                if row in counts:
                    continue
                found = np.zeros((2, len(levels)), np.int64)
                for place, level in enumerate(levels):
                    if self._stop.is_set():
                        self._levels_done = 0
                        return
                    self._levels_done = place
                    found[:, place] = _count(
                        self.recognizer, alter(images, level, seed=part), labels
                    )
                self._levels_done = 0
                counts[row] = found
                store_arrays(_path(self.recognizer, part, count), counts)


def measure(
    recognizer: Recognizer,
    sample: int = SAMPLE,
    on_progress: Callable[[float], None] | None = None,
) -> Robustness:
    """Measure a model, or take what was measured before.

    Args:
        recognizer: the model.
        sample: how many of the 10,000 test images, 1 to 10,000.
        on_progress: is told the share that is done, 0 to 1, several times a second.

    Raises:
        MnistError: the sample is no such number, or the measurement failed.
    """
    job = RobustnessJob(recognizer, sample)
    job.start()
    try:
        while not job.wait(0.2):
            if on_progress:
                on_progress(job.progress)
    finally:
        job.stop()  # on Ctrl-C
    if job.error:
        raise MnistError(f"{job.error} Received: model {recognizer.card.name!r}")
    if on_progress:
        on_progress(job.progress)
    return job.result


def _images(part: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    dataset = load_mnist()
    order = np.random.default_rng(_ORDER_SEED).permutation(len(dataset.x_test))
    chosen = order[part * _PART : part * _PART + count]
    return dataset.x_test[chosen], dataset.y_test[chosen]


def _count(
    recognizer: Recognizer, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[int, int]:
    """How many were read rightly, refused or not, and how many were refused."""
    whole = (0, 0, *images.shape[1:])
    digits = recognizer.read_framed([FramedDigit(box=whole, frame=image) for image in images])
    right = sum(digit.label == label for digit, label in zip(digits, labels.tolist(), strict=True))
    return right, sum(not digit.is_digit for digit in digits)


def _path(recognizer: Recognizer, part: int, count: int) -> Path:
    card = recognizer.card
    return cache_path("robustness", card.digest, card.digit_threshold, part, count, _how())


@cache
def _how() -> str:
    """Tells how images are altered: what was measured on others is not taken.

    From what comes out, not from the code: another version of a library may alter otherwise, too.
    """
    images, _ = _images(0, 2)
    digest = hashlib.sha256()
    for levels, alter in _ROWS.values():
        for level in levels:
            digest.update(alter(images, level, seed=0).tobytes())
    return digest.hexdigest()


def _kept(recognizer: Recognizer, part: int, count: int) -> dict[str, NDArray[np.int64]]:
    """The rows of a part that are on disk, as far as they can be true."""
    if TFLITE not in recognizer.card.sha256:
        return {}  # nothing tells this network from another
    arrays = load_arrays(_path(recognizer, part, count))
    return {
        row: arrays[row].astype(np.int64)
        for row, (levels, _) in _ROWS.items()
        if row in arrays
        and arrays[row].shape == (2, len(levels))
        and np.issubdtype(arrays[row].dtype, np.integer)
        and (arrays[row] >= 0).all()
        and (arrays[row] <= count).all()
    }
