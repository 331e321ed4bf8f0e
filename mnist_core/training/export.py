"""A trained network becomes a model: its files, its temperature and threshold, and its test."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import Dataset
from mnist_core.evaluation.calibration import REFUSED_DIGITS, fit_temperature
from mnist_core.evaluation.metrics import evaluate
from mnist_core.inference.recognizer import Recognizer
from mnist_core.networks.architectures import get_architecture
from mnist_core.registry.card import KERAS, PREDICTIONS, TFLITE, ModelCard, write_card
from mnist_core.training.inputs import TrainingInputs, read_rightly

if TYPE_CHECKING:
    import keras

__all__ = ["save_model"]


Images = NDArray[np.uint8]


def save_model(
    model: keras.Model,
    draft: ModelCard,
    validation: tuple[Images, Images],
    dataset: Dataset,
    inputs: TrainingInputs,
    stage: Path,
) -> ModelCard:
    """Write the network into a folder, find its temperature and threshold, and test it."""
    # Without the optimizer's state, which is twice the size of the weights, and in full precision.
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
        right = read_rightly(Recognizer(content, draft), *inputs.corrections)
        after = {"corrections_right": right, "test_accuracy": test.accuracy}
        draft = dataclasses.replace(draft, fine_tuning={**draft.fine_tuning, **after})
    return write_card(draft, stage)
