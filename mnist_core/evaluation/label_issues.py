"""Which labels of a data set may be wrong.

Confident learning (C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident Learning: Estimating
Uncertainty in Dataset Labels", JAIR 70, 2021), as the package cleanlab does it. Several models
judge together by the geometric mean of their probabilities, as in an ensemble.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities

__all__ = ["LabelIssues", "evaluate_without", "find_label_issues"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelIssues:
    """What models say of the labels of n images.

    Attributes:
        ranking: (n,) indices of the images, the least probable label first.
        probabilities: (n, 10) float64, of the models together.
        quality: (n,) float64, the probability of the given label, 0 to 1.
        suspects: indices of the labels that are probably wrong: as many as the confident joint
            estimates, fewer than are improbable. They need not be the first of the ranking.
    """

    ranking: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    quality: NDArray[np.float64]
    suspects: frozenset[int]


def find_label_issues(evaluations: Sequence[Evaluation]) -> LabelIssues:
    """Rank the labels of a data set by how improbable they are.

    Args:
        evaluations: of at least one model, all on the same images and labels.
    """
    from cleanlab import filter as confident_learning  # it imports pandas
    from cleanlab.rank import get_label_quality_scores

    labels = np.asarray(evaluations[0].labels, np.int64)
    least = np.finfo(np.float32).tiny
    logs = [
        np.log(np.maximum(item.probabilities.astype(np.float64), least)) for item in evaluations
    ]
    probabilities = np.exp(np.mean(logs, axis=0))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    quality = get_label_quality_scores(labels, probabilities, method="self_confidence")
    suspects = []
    if len(np.unique(labels)) > 1:  # cleanlab needs two classes
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on digits that hardly occur
            suspects = confident_learning.find_label_issues(
                labels,
                probabilities,
                return_indices_ranked_by="self_confidence",
                filter_by="confident_learning",
                n_jobs=1,
            ).tolist()
    return LabelIssues(
        ranking=np.argsort(quality, kind="stable"),
        probabilities=probabilities,
        quality=quality,
        suspects=frozenset(suspects),
    )


def evaluate_without(evaluation: Evaluation, left_out: Iterable[int]) -> Evaluation | None:
    """Evaluate the same predictions without some images; None if no image is left."""
    keep = np.ones(len(evaluation.labels), bool)
    keep[list(left_out)] = False
    if not keep.any():
        return None
    return evaluate_probabilities(evaluation.probabilities[keep], evaluation.labels[keep])
