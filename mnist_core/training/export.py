"""From a trained network to a model: files, temperature, thresholds, test and card.

TensorFlow is imported inside.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import LabelledArrays, load_mnist, split_training
from mnist_core.errors import TrainingError
from mnist_core.evaluation.calibration import ScoreLimits, fit_temperature
from mnist_core.evaluation.metrics import evaluate, evaluate_probabilities
from mnist_core.inference.recognizer import Recognizer, load_recognizer
from mnist_core.networks.keras_files import load_network
from mnist_core.registry.card import HISTORY, KERAS, PREDICTIONS, TFLITE, ModelCard, write_card
from mnist_core.registry.splits import splits, validation_indices
from mnist_core.registry.staging import staged_model
from mnist_core.registry.store import load_card, read_verified
from mnist_core.storage.paths import models_directory
from mnist_core.training.config import Settings, TrainingConfig
from mnist_core.training.cpu import prepare_tensorflow
from mnist_core.training.inputs import TrainingData, count_correct
from mnist_core.training.score_limits import choose_limits

if TYPE_CHECKING:
    import keras

__all__ = [
    "calibrate",
    "draft_card",
    "export_again",
    "export_network",
    "finish_model",
    "representative_images",
    "save_model",
]


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
    data: TrainingData,
    test: LabelledArrays,
    corrections: LabelledArrays,
) -> ModelCard:
    """Write a trained network into a folder, test it and complete its card (see `finish_model`)."""
    # Without the optimizer's state, which is twice the size of the weights, and in float32.
    bare = _settings(draft).network.build(draft.configuration["dropout"])
    bare.set_weights(model.get_weights())
    bare.save(stage / KERAS)
    return _convert_and_finish(bare, draft, stage, data, test, corrections)


def export_again(
    name: str,
    *,
    quantize: bool | None = None,
    directory: Path | None = None,
    on_message: Callable[[str], None] = lambda text: None,
) -> ModelCard:
    """Make a model's LiteRT file again from its Keras network, without training.

    Temperature and thresholds are chosen again, and the test images are used again.

    Args:
        name: a model's, which is replaced.
        quantize: whether in 8 bits; None: where the architecture gains from it.
        directory: of the model, instead of `models_directory()`.
        on_message: called with lines of progress.

    Raises:
        TrainingError: the model is an ensemble.
        ModelNotFoundError, ModelLoadError: the model is missing or damaged.
        DatasetError: its card does not record its validation split.
    """
    directory = directory or models_directory()
    card = load_card(name, directory)
    if card.members:
        raise TrainingError(
            "An ensemble has no export of its own. Make it again of its members ('python -m "
            f"mnist_core ensemble {' '.join(card.members)} --name {name} --overwrite'). "
            f"Received: {name!r}"
        )
    read_verified(card, KERAS, directory)
    if quantize is None:
        quantize = _settings(card).network.gains_from_8_bits
    ((seed, fraction),) = splits(card)
    validation, training = split_training(seed, fraction)
    dataset = load_mnist()
    data = TrainingData(
        training=dataset.training.select(training), validation=dataset.training.select(validation)
    )
    draft = dataclasses.replace(
        card, temperature=1.0, configuration={**card.configuration, "quantize": quantize}
    )
    on_message("Loading TensorFlow")
    prepare_tensorflow()
    model = load_network(directory / name / KERAS)
    on_message("Saving and testing")
    with staged_model(name, directory, overwrite=True) as stage:
        for file in (KERAS, HISTORY):
            shutil.copy2(directory / name / file, stage)
        return _convert_and_finish(model, draft, stage, data, dataset.test, None)


def calibrate(
    name: str,
    *,
    fit_score: bool = False,
    directory: Path | None = None,
    on_message: Callable[[str], None] = lambda text: None,
) -> ModelCard:
    """Choose the limits of a model's digit score again (see `choose_limits`), and save its card.

    The temperature and the answers to digits stay exactly as they are. No test image is used.

    Args:
        name: a model's, which is replaced.
        fit_score: first fit the output "this is a digit" again (see `digit_score`).
        directory: of the model, instead of `models_directory()`.
        on_message: called with lines of progress.

    Raises:
        ModelNotFoundError, ModelLoadError: the model is missing or damaged.
        DatasetError: its card does not record its validation split.
        TrainingError: its folder cannot be written, or it has no such output.
    """
    directory = directory or models_directory()
    recognizer = load_recognizer(name, directory)
    card = recognizer.card
    if fit_score and (card.members or not recognizer.detects_non_digits):
        raise TrainingError(
            "Only a single network that was trained with non-digits has an output for them. Choose "
            f"the champion, or leave out the fit. Received: {name!r}"
        )
    with staged_model(name, directory, overwrite=True) as stage:
        for file in card.sha256:
            shutil.copy2(directory / name / file, stage)
        if fit_score:
            on_message("Loading TensorFlow")
            prepare_tensorflow()
            from mnist_core.training.digit_score import refit

            on_message("Fitting the digit score")
            refit(stage, card)
            recognizer = Recognizer((stage / TFLITE).read_bytes(), card)
        on_message("Choosing the limits")
        digits = load_mnist().training.select(validation_indices(card))
        chosen = choose_limits(recognizer, digits)
        card = dataclasses.replace(
            card, digit_threshold=chosen.digit, ordinary_threshold=chosen.ordinary
        )
        return write_card(card, stage)


def _settings(card: ModelCard) -> Settings:
    """The settings of the training that a card describes."""
    return TrainingConfig.from_json(card.configuration).resolved()


def export_network(model: keras.Model, stage: Path) -> None:
    """Write a network's Keras file, and its LiteRT file in 32 bits."""
    model.save(stage / KERAS)
    _convert(model, stage)


def _convert(model: keras.Model, stage: Path) -> None:
    model.export(stage / TFLITE, format="litert", verbose=False)


def representative_images(card: ModelCard, training: LabelledArrays) -> NDArray[np.uint8]:
    """Images like those that a model was trained on, to measure the ranges of its layers.

    Args:
        card: the model's.
        training: MNIST's images that it was trained on.

    Returns:
        (n, 28, 28) uint8; for an ensemble without augmentation.
    """
    from mnist_core.training.fitting import first_batch
    from mnist_core.training.quantization import REPRESENTATIVE_IMAGES

    if card.members:
        return training.images[:REPRESENTATIVE_IMAGES]
    return first_batch(_settings(card), training, REPRESENTATIVE_IMAGES)


def _convert_and_finish(
    model: keras.Model,
    draft: ModelCard,
    stage: Path,
    data: TrainingData,
    test: LabelledArrays,
    corrections: LabelledArrays | None,
) -> ModelCard:
    """Write a network's LiteRT file, in 8 bits if the configuration says so; see `finish_model`."""
    if draft.configuration["quantize"]:
        from mnist_core.training.quantization import quantize

        images = representative_images(draft, data.training)
        (stage / TFLITE).write_bytes(quantize(model, images))
    else:
        _convert(model, stage)
    images, labels = data.validation
    return finish_model(
        draft,
        stage,
        test=test,
        labels=labels,
        probabilities=Recognizer((stage / TFLITE).read_bytes(), draft).classify(images),
        limits=lambda recognizer: choose_limits(recognizer, data.validation),
        corrections=corrections,
    )


def finish_model(
    draft: ModelCard,
    stage: Path,
    *,
    test: LabelledArrays,
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    limits: Callable[[Recognizer], ScoreLimits],
    corrections: LabelledArrays | None = None,
) -> ModelCard:
    """Calibrate a model, test it once, and write its card.

    Args:
        draft: its card, of temperature 1.
        stage: the folder with its network; gets the test's probabilities and the card.
        test: MNIST's test images.
        labels: (n,) digits of validation images.
        probabilities: (n, 10) answers at temperature 1.
        limits: chooses those of the digit score, given the calibrated model.
        corrections: that it was fine-tuned on, where the card describes a fine-tuning.

    Returns:
        The card with temperature, thresholds, accuracies and checksums.
    """
    content = (stage / TFLITE).read_bytes()
    draft = dataclasses.replace(draft, temperature=fit_temperature(probabilities, labels))
    recognizer = Recognizer(content, draft)
    result, chosen = evaluate(recognizer, *test), limits(recognizer)
    np.savez_compressed(stage / PREDICTIONS, probabilities=result.probabilities)
    draft = dataclasses.replace(
        draft,
        validation_accuracy=evaluate_probabilities(probabilities, labels).accuracy,
        test_accuracy=result.accuracy,
        test_interval=result.interval,
        digit_threshold=chosen.digit,
        ordinary_threshold=chosen.ordinary,
    )
    if "corrections" in draft.fine_tuning and corrections is not None:
        after = {
            "corrections_right": count_correct(Recognizer(content, draft), corrections),
            "test_accuracy": result.accuracy,
        }
        draft = dataclasses.replace(draft, fine_tuning={**draft.fine_tuning, **after})
    return write_card(draft, stage)
