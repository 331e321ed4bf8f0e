"""Comparison of two models on the same images: accuracy difference and McNemar's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_core.errors import InvalidImageError
from mnist_core.evaluation.metrics import Evaluation

__all__ = ["Comparison", "compare"]

_RESAMPLES = 9999
_SEED = 1998


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two models on the same images.

    Attributes:
        both_correct: number of images that both models classify correctly.
        first_only: number that only the first one does.
        second_only: number that only the second one does.
        both_incorrect: number that neither does.
        difference: accuracy of the first model minus that of the second, -1 to 1.
        interval: 95% bootstrap interval of the difference.
        p_value: of McNemar's exact test, 0 to 1: the probability of a split of the images on which
            they differ at least this uneven, if both were equally good.
    """

    both_correct: int
    first_only: int
    second_only: int
    both_incorrect: int
    difference: float
    interval: tuple[float, float]
    p_value: float


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare two models by the images on which they differ.

    McNemar's test is the exact one (Psychometrika 12, 1947): if both models are equally good, each
    is the correct one on half of the images that only one classifies correctly. The interval is
    the percentile bootstrap's over images (Efron and Tibshirani, 1993).

    Raises:
        InvalidImageError: they were not evaluated on the same images.
    """
    from scipy.stats import binomtest

    if not np.array_equal(first.labels, second.labels):
        raise InvalidImageError(
            "Two models are compared on the same images in the same order. Evaluate both on one "
            f"set. Received: {len(first.labels):,} and {len(second.labels):,} images, or labels "
            "that differ"
        )
    total = len(first.labels)
    first_only = int((first.correct & ~second.correct).sum())
    second_only = int((second.correct & ~first.correct).sum())
    both_correct = int((first.correct & second.correct).sum())
    differ = first_only + second_only
    # Resampling images and counting those that only one model classifies correctly is drawing from
    # a multinomial distribution: at once what `scipy.stats.bootstrap(paired=True)` does in seconds.
    draws = np.random.default_rng(_SEED).multinomial(
        total, np.array([first_only, second_only, total - differ]) / total, size=_RESAMPLES
    )
    low, high = np.percentile((draws[:, 0] - draws[:, 1]) / total, [2.5, 97.5])
    return Comparison(
        both_correct=both_correct,
        first_only=first_only,
        second_only=second_only,
        both_incorrect=total - differ - both_correct,
        difference=(first_only - second_only) / total,
        interval=(float(low), float(high)),
        p_value=float(binomtest(first_only, differ).pvalue) if differ else 1.0,
    )
