"""An evaluation as a CSV file."""

from __future__ import annotations

import csv
import io

from mnist_core.data import CLASSES
from mnist_core.evaluation.metrics import Evaluation

__all__ = ["predictions_csv"]


def predictions_csv(evaluation: Evaluation) -> str:
    """A line for each image, in their order, under one of headings.

    The columns are the image's index, the true digit, the answer, its confidence, whether it is
    right (1 or 0), and the ten probabilities.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = ["image", "truth", "answer", "confidence", "right"]
    writer.writerow([*heads, *(f"p{digit}" for digit in range(CLASSES))])
    columns = zip(
        evaluation.labels.tolist(),
        evaluation.answers.tolist(),
        evaluation.right.tolist(),
        # float32 has no more to tell than nine digits.
        [[f"{value:.9g}" for value in row] for row in evaluation.probabilities.tolist()],
        strict=True,
    )
    for index, (truth, answer, right, row) in enumerate(columns):
        writer.writerow([index, truth, answer, row[answer], int(right), *row])
    return text.getvalue()
