"""Is one model really better than another? Both answer the same images, so they are paired."""

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
        both_right: images that both read rightly.
        first_only: images that only the first one does.
        second_only: images that only the second one does.
        both_wrong: images that neither does.
        difference: the first one's accuracy less the second one's, -1 to 1.
        interval: 95 % bootstrap interval of the difference.
        p_value: of McNemar's exact test: how probable so uneven a split of the images on which
            they differ would be, were they equally good; 0 to 1.
    """

    both_right: int
    first_only: int
    second_only: int
    both_wrong: int
    difference: float
    interval: tuple[float, float]
    p_value: float


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare two models by the images on which they differ.

    McNemar's test is the exact one (Psychometrika 12, 1947): under the hypothesis that both are
    equally good, either is right on half of the images on which just one is. The interval is the
    percentile bootstrap's over images (Efron and Tibshirani, 1993).

    Raises:
        InvalidImageError: they did not answer the same images.
    """
    from scipy.stats import binomtest

    if not np.array_equal(first.labels, second.labels):
        raise InvalidImageError(
            "Two models are compared on the same images in the same order. Evaluate both on one "
            f"set. Received: {len(first.labels):,} and {len(second.labels):,} images, or labels "
            "that differ"
        )
    total = len(first.labels)
    first_only = int((first.right & ~second.right).sum())
    second_only = int((second.right & ~first.right).sum())
    both_right = int((first.right & second.right).sum())
    differ = first_only + second_only
    # Drawing n images with replacement and counting on how many only one model is right is a draw
    # from a multinomial: what `scipy.stats.bootstrap(paired=True)` does in seconds, at once.
    draws = np.random.default_rng(_SEED).multinomial(
        total, np.array([first_only, second_only, total - differ]) / total, size=_RESAMPLES
    )
    low, high = np.percentile((draws[:, 0] - draws[:, 1]) / total, [2.5, 97.5])
    return Comparison(
        both_right=both_right,
        first_only=first_only,
        second_only=second_only,
        both_wrong=total - differ - both_right,
        difference=(first_only - second_only) / total,
        interval=(float(low), float(high)),
        p_value=float(binomtest(first_only, differ).pvalue) if differ else 1.0,
    )
