"""An evaluation as a CSV file."""

from __future__ import annotations

import csv
import io

from mnist_core.data import CLASSES
from mnist_core.evaluation.metrics import Evaluation

__all__ = ["predictions_csv"]


def predictions_csv(evaluation: Evaluation) -> str:
    """Write a header and one line for each image, in their order.

    The columns are the image's index, the true digit, the predicted digit, its confidence, 1 if it
    is correct and else 0, and the ten probabilities.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ["image", "truth", "answer", "confidence", "right"]
    writer.writerow([*columns, *(f"p{digit}" for digit in range(CLASSES))])
    rows = zip(
        evaluation.labels.tolist(),
        evaluation.predicted.tolist(),
        evaluation.correct.tolist(),
        evaluation.probabilities.tolist(),
        strict=True,
    )
    for index, (truth, predicted, correct, probabilities) in enumerate(rows):
        # Nine significant digits are enough to restore any float32.
        texts = [f"{value:.9g}" for value in probabilities]
        writer.writerow([index, truth, predicted, texts[predicted], int(correct), *texts])
    return text.getvalue()
