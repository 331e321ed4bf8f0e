"""A model's accuracy under attacks and with changed weights, measured in the background.

Counts are cached on disk, so that a measurement can be resumed and a larger sample uses a smaller
one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.errors import require_choice, require_int
from mnist_core.evaluation.labelled_images import LabelledImages
from mnist_core.evaluation.metrics import wilson_interval
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.inference.recognizer import Recognizer
from mnist_core.perturbations.attacks import ATTACKS, STEPS, attack
from mnist_core.perturbations.weights import BITS, CHANGES, NOISE, classify_changed, list_parts
from mnist_core.registry.card import KERAS
from mnist_core.robustness.job import Job
from mnist_core.storage.cache import cache_path, load_arrays, store_arrays

__all__ = [
    "EPSILONS",
    "ROWS",
    "SAMPLE",
    "SAMPLES",
    "STATED",
    "AccuracyCurve",
    "PerturbationJob",
    "attack_job",
]

# What is measured: attacks by epsilon, changes of the weights by their levels.
ROWS = (*ATTACKS, *CHANGES)
EPSILONS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
# Those at which robust accuracy is stated.
STATED = (0.1, 0.2, 0.3)
# With 200 images an accuracy of 50% is known to about 7 percentage points, with 1,000 to 3.
SAMPLES = (100, 200, 500, 1000)
SAMPLE = 200
# Images are measured and cached in parts of this size.
_PART = 50
_ORDER_SEED = 0
# Passes through the network, per image, on which the progress is based. A gradient takes three.
_PASSES = {
    "FGSM": 4 * len(EPSILONS),
    "PGD": 3 * STEPS * len(EPSILONS),
    "noise": len(NOISE),
    "bits": len(BITS),
    "off": 10,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class AccuracyCurve:
    """Accuracy at each level of an attack or change.

    Attributes:
        row: one of `ROWS`.
        levels: epsilons, relative standard deviations, numbers of bits, or names of layers.
        correct: (levels,) correct predictions. Under an attack, an image counts if it is read
            correctly at this epsilon and at all smaller ones.
        images: number of images at each level.
    """

    row: str
    levels: tuple[float | str, ...]
    correct: NDArray[np.int64]
    images: int

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """(levels,) 0 to 1."""
        return self.correct / self.images

    @property
    def intervals(self) -> NDArray[np.float64]:
        """(levels, 2) 95% Wilson intervals of the accuracy."""
        return np.array([wilson_interval(count, self.images) for count in self.correct.tolist()])

    def at(self, level: float) -> float:
        """The accuracy at one of the levels, 0 to 1."""
        return float(self.accuracy[self.levels.index(level)])


class PerturbationJob(Job):
    """A measurement of a model's accuracy under attacks and with changed weights.

    Args:
        process: computes gradients and holds the weights.
        recognizer: of a model in `models_directory()`; its answers count under attacks.
        data: the labeled images; the sample is a random part of them, the same for all models.
        sample: number of images, 1 to all of them.
        rows: some of `ROWS`.

    Raises:
        MnistError: the sample is out of range, or there is no such row.
    """

    def __init__(
        self,
        process: KerasProcess,
        recognizer: Recognizer,
        data: LabelledImages,
        sample: int = SAMPLE,
        rows: Sequence[str] = ROWS,
    ) -> None:
        super().__init__()
        require_int("The sample", sample, 1, len(data.labels))
        for row in rows:
            require_choice("What is measured", row, ROWS)
        self.process, self.recognizer, self.data = process, recognizer, data
        self.sample, self.rows = sample, tuple(rows)
        self._order = np.random.default_rng(_ORDER_SEED).permutation(len(data.labels))[:sample]
        # (row, start of the part) -> its levels and counts. Written by the job's thread alone.
        self._counts: dict[tuple[str, int], _Counts] = {}
        for row, start in self._steps():
            if counts := self._load(row, start):
                self._counts[row, start] = counts
        # The part that is being attacked, and its measured levels, for the progress alone.
        self._attacked: tuple[tuple[str, int], int] = ("", 0), 0

    @property
    def complete(self) -> bool:
        """True when everything is measured."""
        return all(step in self._counts for step in self._steps())

    @property
    def progress(self) -> float:
        """The measured share, 0 to 1."""
        # The job goes on meanwhile: read in another order, the progress would go back.
        (row, start), levels = self._attacked
        known, steps = set(self._counts), list(self._steps())
        done: float = sum(_PASSES[step[0]] for step in steps if step in known)
        if row and (row, start) not in known:
            done += levels * _PASSES[row] / len(EPSILONS)
        return min(1.0, done / sum(_PASSES[step[0]] for step in steps))

    @property
    def curves(self) -> dict[str, AccuracyCurve]:
        """Row -> its curve, on the images measured so far; rows without any are left out."""
        curves = {}
        for row in self.rows:
            starts = [start for step, start in self._steps() if step == row]
            measured = [start for start in starts if (row, start) in self._counts]
            if measured:
                curves[row] = AccuracyCurve(
                    row=row,
                    levels=self._counts[row, measured[0]].levels,
                    correct=np.sum([self._counts[row, s].correct for s in measured], axis=0),
                    images=sum(len(self._part(start)) for start in measured),
                )
        return curves

    def _steps(self) -> Iterator[tuple[str, int]]:
        """Rows and parts, what takes longest last."""
        for row in sorted(self.rows, key=_PASSES.__getitem__):
            for start in range(0, self.sample, _PART):
                yield row, start

    def _part(self, start: int) -> NDArray[np.int64]:
        """The indices of a part's images."""
        return self._order[start : start + _PART]

    def _measure(self) -> None:
        for row, start in self._steps():
            # Another job may have measured it while this one waited.
            counts = self._counts.get((row, start)) or self._load(row, start)
            if counts is None:
                counts = self._count(row, start)
                if counts is None:
                    return
                store_arrays(self._path(row, start), counts.arrays())
            self._counts[row, start] = counts

    def _count(self, row: str, start: int) -> _Counts | None:
        """Count the correct predictions of a part; None if the job was stopped."""
        if self._stop.is_set():
            return None
        indices = self._part(start)
        images, labels = self.data.images[indices], self.data.labels[indices].astype(np.int64)
        if row in ATTACKS:
            return self._count_attacked((row, start), images, labels)
        levels: tuple[float | str, ...] = {"noise": NOISE, "bits": BITS}.get(row, ()) or tuple(
            list_parts(self.process, self.recognizer.card)
        )
        answers = classify_changed(self.process, self.recognizer.card, images, row, levels)
        return _Counts(levels, (answers.argmax(axis=2) == labels).sum(axis=1))

    def _count_attacked(
        self, step: tuple[str, int], images: NDArray[np.uint8], labels: NDArray[np.int64]
    ) -> _Counts | None:
        counts: list[int] = []
        for epsilon in EPSILONS:
            self._attacked = step, len(counts)
            if self._stop.is_set():
                return None
            if epsilon:
                epsilons = np.full(len(images), epsilon)
                card = self.recognizer.card
                attacked = attack(self.process, card, images, labels, epsilons, step[0])
            else:
                attacked = images
            correct = self.recognizer.classify(attacked).argmax(axis=1) == labels
            # A change of at most epsilon is one of at most any larger epsilon, too: what is
            # broken stays broken.
            images, labels = images[correct], labels[correct]
            counts.append(len(labels))
        return _Counts(EPSILONS, np.array(counts))

    def _path(self, row: str, start: int) -> Path:
        card = self.recognizer.card
        model = card.digest, card.sha256.get(KERAS), self.data.digest
        levels = EPSILONS, STEPS, NOISE, BITS
        return cache_path("perturbed", *model, *levels, row, start, len(self._part(start)))

    def _load(self, row: str, start: int) -> _Counts | None:
        """The counts of a part in the cache, if they are valid: a file may be another program's."""
        if KERAS not in self.recognizer.card.sha256 or not self.recognizer.card.digest:
            return None  # without its checksum, a network cannot be told from others
        return _Counts.read(load_arrays(self._path(row, start)), row, len(self._part(start)))


def attack_job(
    process: KerasProcess, recognizer: Recognizer, data: LabelledImages
) -> PerturbationJob:
    """The attacks on the largest sample that is measured already, else on `SAMPLE` images."""

    def job(sample: int) -> PerturbationJob:
        return PerturbationJob(
            process, recognizer, data, min(sample, len(data.labels)), rows=ATTACKS
        )

    measured = (found for found in map(job, reversed(SAMPLES)) if found.complete)
    return next(measured, None) or job(SAMPLE)


@dataclass(frozen=True, eq=False)
class _Counts:
    """Correct predictions of a part of the images, (levels,)."""

    levels: tuple[float | str, ...]
    correct: NDArray[np.int64]

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"levels": np.array(self.levels), "correct": self.correct}

    @classmethod
    def read(cls, arrays: dict[str, NDArray[Any]], row: str, images: int) -> _Counts | None:
        if arrays.keys() != {"levels", "correct"}:
            return None
        levels, correct = arrays["levels"], arrays["correct"]
        valid = (
            levels.ndim == 1
            and levels.shape == correct.shape
            and len(levels)
            and levels.dtype.kind == ("U" if row == "off" else "i" if row == "bits" else "f")
            and correct.dtype.kind in "iu"
            and ((correct >= 0) & (correct <= images)).all()
        )
        return cls(tuple(levels.tolist()), correct.astype(np.int64)) if valid else None
