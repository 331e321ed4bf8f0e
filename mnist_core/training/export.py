"""From a trained network to a model: files, temperature, threshold, test and card."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import LabelledArrays
from mnist_core.evaluation.calibration import fit_temperature, rejection_threshold
from mnist_core.evaluation.metrics import evaluate, evaluate_probabilities
from mnist_core.inference.recognizer import Recognizer
from mnist_core.networks.architectures import get_architecture
from mnist_core.registry.card import KERAS, PREDICTIONS, TFLITE, ModelCard, write_card
from mnist_core.training.inputs import count_correct

if TYPE_CHECKING:
    import keras

__all__ = ["draft_card", "export_network", "finish_model", "save_model"]


def draft_card(**values: Any) -> ModelCard:
    """A new model's card, without the results that `finish_model` adds."""
    return ModelCard(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={p: version(p) for p in ("tensorflow", "keras", "numpy", "ai-edge-litert")},
        validation_accuracy=0.0,
        test_accuracy=0.0,
        test_interval=(0.0, 1.0),
        temperature=1.0,
        digit_threshold=0.0,
        **values,
    )


def save_model(
    model: keras.Model,
    draft: ModelCard,
    stage: Path,
    *,
    validation: LabelledArrays,
    test: LabelledArrays,
    corrections: LabelledArrays,
) -> ModelCard:
    """Write a trained network into a folder, test it and complete its card (see `finish_model`)."""
    # Without the optimizer's state, which is twice the size of the weights, and in float32.
    bare = get_architecture(draft.architecture).build(draft.configuration["dropout"])
    bare.set_weights(model.get_weights())
    export_network(bare, stage)
    raw = Recognizer((stage / TFLITE).read_bytes(), draft).classify(validation.images)
    return finish_model(
        draft,
        stage,
        test=test,
        labels=validation.labels,
        probabilities=raw,
        digit_scores=lambda recognizer: recognizer.digit_scores(validation.images),
        corrections=corrections,
    )


def export_network(model: keras.Model, stage: Path) -> None:
    """Write a network's Keras and TFLite files."""
    model.save(stage / KERAS)
    model.export(stage / TFLITE, format="litert", verbose=False)


def finish_model(
    draft: ModelCard,
    stage: Path,
    *,
    test: LabelledArrays,
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    digit_scores: Callable[[Recognizer], NDArray[np.floating[Any]]],
    corrections: LabelledArrays | None = None,
) -> ModelCard:
    """Calibrate a model, test it once, and write its card.

    Args:
        draft: its card, of temperature 1.
        stage: the folder with its network; gets the test's probabilities and the card.
        test: MNIST's test images.
        labels: (n,) digits of validation images.
        probabilities: (n, 10) answers at temperature 1.
        digit_scores: the validation images' (m,) digit scores, given the calibrated model.
        corrections: that it was fine-tuned on, where the card describes a fine-tuning.

    Returns:
        The card with temperature, threshold, accuracies and checksums.
    """
    content = (stage / TFLITE).read_bytes()
    draft = dataclasses.replace(draft, temperature=fit_temperature(probabilities, labels))
    recognizer = Recognizer(content, draft)
    result = evaluate(recognizer, *test)
    np.savez_compressed(stage / PREDICTIONS, probabilities=result.probabilities)
    draft = dataclasses.replace(
        draft,
        validation_accuracy=evaluate_probabilities(probabilities, labels).accuracy,
        test_accuracy=result.accuracy,
        test_interval=result.interval,
        digit_threshold=rejection_threshold(digit_scores(recognizer)),
    )
    if "corrections" in draft.fine_tuning and corrections is not None:
        after = {
            "corrections_right": count_correct(Recognizer(content, draft), corrections),
            "test_accuracy": result.accuracy,
        }
        draft = dataclasses.replace(draft, fine_tuning={**draft.fine_tuning, **after})
    return write_card(draft, stage)
