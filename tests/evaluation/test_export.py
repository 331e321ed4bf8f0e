"""Predictions as CSV."""

from __future__ import annotations

import csv
import io

import numpy as np

from mnist_core.evaluation.export import predictions_csv
from mnist_core.evaluation.metrics import evaluate_probabilities


def test_predictions_csv_has_all_probabilities_exactly() -> None:
    probabilities = np.zeros((2, 10), np.float32)
    probabilities[0, 7], probabilities[0, 1] = 0.75, 0.25
    probabilities[1, 4], probabilities[1, 9] = 0.1, 0.9
    text = predictions_csv(evaluate_probabilities(probabilities, np.array([7, 4])))
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["image"], first["truth"], first["answer"], first["right"]) == ("0", "7", "7", "1")
    assert (second["truth"], second["answer"], second["right"]) == ("4", "9", "0")
    # float32, written so that nothing is lost.
    assert np.float32(second["confidence"]) == np.float32(0.9)
    for row, expected in zip((first, second), probabilities, strict=True):
        assert [np.float32(row[f"p{digit}"]) for digit in range(10)] == expected.tolist()
