"""A trained network becomes a model: its files, its temperature and threshold, and its test."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.architectures import get_architecture
from mnist_core.card import ModelCard, write_card
from mnist_core.data import Dataset
from mnist_core.evaluation import evaluate
from mnist_core.inference import Recognizer
from mnist_core.registry import KERAS, PREDICTIONS, TFLITE
from mnist_core.teaching import Lesson, read_rightly

if TYPE_CHECKING:
    import keras

__all__ = ["REFUSED_DIGITS", "fit_temperature", "save_model"]

# Share of held-out digits that may fall under the card's `digit_threshold`.
REFUSED_DIGITS = 0.003

Images = NDArray[np.uint8]


def save_model(
    model: keras.Model,
    draft: ModelCard,
    validation: tuple[Images, Images],
    dataset: Dataset,
    lesson: Lesson,
    stage: Path,
) -> ModelCard:
    """Write the network into a folder, find its temperature and threshold, and test it."""
    # Without the optimiser's state, which is twice the size of the weights, and in full precision.
    bare = get_architecture(draft.architecture).build(draft.configuration["dropout"])
    bare.set_weights(model.get_weights())
    bare.save(stage / KERAS)
    bare.export(stage / TFLITE, format="litert", verbose=False)

    images, labels = validation
    content = (stage / TFLITE).read_bytes()
    raw = Recognizer(content, draft).classify(images)
    draft = dataclasses.replace(draft, temperature=fit_temperature(raw, labels))
    recognizer = Recognizer(content, draft)
    test = evaluate(recognizer, dataset.x_test, dataset.y_test)
    np.savez_compressed(stage / PREDICTIONS, probabilities=test.probabilities)
    draft = dataclasses.replace(
        draft,
        validation_accuracy=evaluate(recognizer, images, labels).accuracy,
        test_accuracy=test.accuracy,
        test_interval=test.interval,
        digit_threshold=float(np.quantile(recognizer.digit_scores(images), REFUSED_DIGITS)),
    )
    if draft.fine_tuning:
        right = read_rightly(Recognizer(content, draft), *lesson.corrections)
        after = {"corrections_right": right, "test_accuracy": test.accuracy}
        draft = dataclasses.replace(draft, fine_tuning={**draft.fine_tuning, **after})
    return write_card(draft, stage)


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """The temperature at which held-out answers are most likely (Guo et al., "On Calibration of
    Modern Neural Networks", ICML 2017).

    Args:
        probabilities: (n, 10), at temperature 1.
        labels: (n,) 0 to 9.

    Returns:
        0.05 to 20.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-30))
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[rows, labels].mean())

    bounds = (np.log(0.05), np.log(20.0))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
