"""The labels of MNIST test images that people dispute.

C. G. Northcutt, A. Athalye and J. Mueller ("Pervasive Label Errors in Test Sets Destabilize Machine
Learning Benchmarks", NeurIPS Datasets and Benchmarks 2021) asked five people about each suspect
label: is it the label, another digit, or neither? These fifteen labels got no majority. The votes
are those of github.com/cleanlab/label-errors, mturk/mnist_mturk.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.labelled_images import LabelledImages
from mnist_core.evaluation.metrics import Evaluation, evaluate_probabilities

__all__ = ["DISPUTED_LABELS", "DisputedLabel", "disputed_labels", "evaluate_corrected"]

_JUDGES = 5


@dataclass(frozen=True)
class DisputedLabel:
    """The votes on one image.

    Attributes:
        label: MNIST's.
        other: the other digit that could be chosen.
        for_label, for_other, for_neither: votes; their sum is 5.
    """

    label: int
    other: int
    for_label: int
    for_other: int
    for_neither: int

    @property
    def corrected(self) -> int | None:
        """The digit that most of the five chose; None if most chose neither, or there is none."""
        return self.other if self.for_other > _JUDGES / 2 else None

    def __str__(self) -> str:
        """Describe the votes in a sentence."""
        return (
            f"Disputed label: of five people, {self.for_label} chose {self.label}, "
            f"{self.for_other} chose {self.other}, {self.for_neither} neither."
        )


# By the index of the test image.
DISPUTED_LABELS = {
    947: DisputedLabel(8, 9, 0, 5, 0),
    1621: DisputedLabel(0, 6, 2, 3, 0),
    1901: DisputedLabel(9, 4, 2, 3, 0),
    2130: DisputedLabel(4, 9, 2, 2, 1),
    2462: DisputedLabel(2, 0, 0, 4, 1),
    2597: DisputedLabel(5, 3, 0, 4, 1),
    2654: DisputedLabel(6, 1, 0, 2, 3),
    3520: DisputedLabel(6, 4, 2, 0, 3),
    3558: DisputedLabel(5, 0, 1, 4, 0),
    5937: DisputedLabel(5, 3, 1, 3, 1),
    6651: DisputedLabel(0, 6, 0, 5, 0),
    6783: DisputedLabel(1, 6, 2, 3, 0),
    8527: DisputedLabel(4, 9, 2, 2, 1),
    9679: DisputedLabel(6, 3, 2, 0, 3),
    9729: DisputedLabel(5, 6, 2, 3, 0),
}


def disputed_labels(data: LabelledImages) -> dict[int, DisputedLabel]:
    """The disputed labels of a set by the index of the image; {} unless it is MNIST test."""
    return DISPUTED_LABELS if data.digest == mnist_test().digest else {}


def evaluate_corrected(evaluation: Evaluation) -> Evaluation:
    """Evaluate the same predictions on MNIST test with corrected labels.

    The ten labels that most people replaced are replaced; the five images without a majority are
    left out.

    Args:
        evaluation: of the 10,000 MNIST test images, in their order.
    """
    labels = evaluation.labels.copy()
    keep = np.ones(len(labels), bool)
    for index, disputed in DISPUTED_LABELS.items():
        if disputed.corrected is None:
            keep[index] = False
        else:
            labels[index] = disputed.corrected
    return evaluate_probabilities(evaluation.probabilities[keep], labels[keep])
