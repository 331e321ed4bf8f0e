"""Accuracy of a model on corrupted and distorted test images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_core.robustness.corruptions import CORRUPTIONS, SEVERITIES
from mnist_core.robustness.distortions import SWEEPS

__all__ = ["CLEAN", "LEVELS", "Robustness"]

# The row of the unaltered images.
CLEAN = "clean"
# Row -> its levels: severities of a corruption, or levels of a sweep.
LEVELS: dict[str, tuple[float, ...]] = {
    CLEAN: (0,),
    **dict.fromkeys(CORRUPTIONS, SEVERITIES),
    **{name: sweep.levels for name, sweep in SWEEPS.items()},
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Robustness:
    """A model's results on altered MNIST test images, by the rows of `LEVELS`.

    Attributes:
        name: of the model.
        images: row -> number of images measured at its first level.
        accuracy: row -> (levels,) 0 to 1; NaN where nothing is measured yet.
        rejected: row -> (levels,) share that the model rejects as non-digits, 0 to 1, or NaN.
    """

    name: str
    images: Mapping[str, int]
    accuracy: Mapping[str, NDArray[np.float64]]
    rejected: Mapping[str, NDArray[np.float64]]

    @property
    def complete(self) -> bool:
        """True if all rows are measured."""
        return all(self.images.values())

    @property
    def clean(self) -> float:
        """Accuracy on the unaltered images."""
        return float(self.accuracy[CLEAN][0])

    @property
    def table(self) -> NDArray[np.float64]:
        """(15, 5) accuracy: corruptions in the order of `CORRUPTIONS`, severities 1 to 5."""
        return np.stack([self.accuracy[name] for name in CORRUPTIONS])

    @property
    def mean(self) -> float:
        """Mean accuracy over all corruptions and severities; NaN until all are measured."""
        return float(self.table.mean())

    @property
    def mnist_c_accuracy(self) -> float:
        """Mean accuracy over the 15 corruptions, each at the severity of MNIST-C's own images."""
        severities = [corruption.paper_severity for corruption in CORRUPTIONS.values()]
        return float(self.table[np.arange(len(severities)), np.array(severities) - 1].mean())
