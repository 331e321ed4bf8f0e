"""An ensemble: one model that averages the answers of several. TensorFlow is imported inside.

The average is one of log-probabilities: each member's logits are divided by the temperature of its
card, and the ensemble's are their mean (a geometric mean of probabilities, as in G. E. Hinton,
"Products of Experts", ICANN 1999). The logit of "this is a digit" is the mean over the members that
have one. A mean of dense layers is a dense layer over their concatenated inputs, so an ensemble is
one network like any other, in one file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES, LabelledArrays, load_mnist
from mnist_core.errors import ModelLoadError, TrainingError
from mnist_core.inference.recognizer import Recognizer, load_recognizer
from mnist_core.networks.keras_files import load_network
from mnist_core.registry.card import ENSEMBLE, KERAS, ModelCard
from mnist_core.registry.splits import splits, validation_indices
from mnist_core.registry.staging import check_free, staged_model
from mnist_core.registry.store import read_verified
from mnist_core.storage.paths import models_directory
from mnist_core.training.cpu import prepare_tensorflow
from mnist_core.training.export import draft_card, export_network, finish_model
from mnist_core.training.score_limits import choose_limits

if TYPE_CHECKING:
    import keras

__all__ = ["make_ensemble"]

# Lower and upper bounds that keep logarithms finite.
_LEAST_PROBABILITY, _HIGHEST_SCORE = 1e-30, 1 - 1e-6


def make_ensemble(
    members: Sequence[str],
    name: str,
    *,
    overwrite: bool = False,
    directory: Path | None = None,
    on_message: Callable[[str], None] = lambda text: None,
) -> ModelCard:
    """Make one model of several and save it under `models/<name>`, complete or not at all.

    Temperature and thresholds are chosen on validation images. The members may have different ones:
    each image is answered by those that did not learn from it. The test images are used once.

    Args:
        members: names of two or more models, each once; they are not changed.
        name: of the new model.
        overwrite: replace a model of that name.
        directory: of the members and the ensemble, instead of `models_directory()`.
        on_message: called with lines of progress.

    Raises:
        TrainingError: fewer than two members, or one twice; the name is taken, invalid or a
            member's; or the folder cannot be written.
        ModelNotFoundError, ModelLoadError: a member is missing or damaged.
        DatasetError: a card does not record its validation split, or MNIST is altered.
    """
    directory = directory or models_directory()
    _check(members, name)
    try:
        check_free(name, directory, overwrite=overwrite)
        recognizers = [load_recognizer(member, directory) for member in members]
        cards = [recognizer.card for recognizer in recognizers]
        for card in cards:
            read_verified(card, KERAS, directory)
        on_message("Evaluating the members on their validation images")
        digits, probabilities, scores = _validation_answers(recognizers)
        on_message("Loading TensorFlow")
        prepare_tensorflow()
        with staged_model(name, directory, overwrite=overwrite) as stage:
            model = _merge_members(cards, directory)
            on_message("Saving and testing")
            export_network(model, stage)
            return finish_model(
                _draft(cards, name, model.count_params()),
                stage,
                test=load_mnist().test,
                labels=digits.labels,
                probabilities=probabilities,
                limits=lambda recognizer: choose_limits(
                    recognizer,
                    digits,
                    # The members have no digit scores: confidence at the ensemble's temperature.
                    _confidences(probabilities, recognizer.card.temperature)
                    if scores is None
                    else scores,
                ),
            )
    except OSError as error:
        raise TrainingError(
            f"The ensemble cannot be saved ({error.strerror or error}). Free some disk space, or "
            f"check your rights to the folder. Received: {error.filename or directory}"
        ) from error


def _check(members: Sequence[str], name: str) -> None:
    received = f"Received: {', '.join(members) or 'none'}"
    if len(members) < 2:
        raise TrainingError(f"An ensemble needs two or more models. Name them. {received}")
    if len(set(members)) < len(members):
        raise TrainingError(f"A model can be in an ensemble once. Name each once. {received}")
    if name in members:
        raise TrainingError(
            "An ensemble cannot replace one of its members. Choose another name. "
            f"Received: {name!r}"
        )


def _validation_answers(
    recognizers: Sequence[Recognizer],
) -> tuple[LabelledArrays, NDArray[np.float32], NDArray[np.float64] | None]:
    """Average the members' answers to training images that they did not learn from.

    Returns:
        The n images with their digits, and (n, 10) probabilities; and the (m,) mean digit scores,
        0 to 1, of the members that detect non-digits, or None if no member does.
    """
    dataset = load_mnist()
    count = len(dataset.x_train)
    log_sums, answers = np.zeros((count, CLASSES)), np.zeros(count)
    logit_sums, scored = np.zeros(count), np.zeros(count)
    for recognizer in recognizers:
        indices = validation_indices(recognizer.card)
        images = dataset.x_train[indices]
        probabilities = recognizer.classify(images).astype(np.float64)
        log_sums[indices] += np.log(np.maximum(probabilities, _LEAST_PROBABILITY))
        answers[indices] += 1
        if recognizer.detects_non_digits:
            scores = recognizer.digit_scores(images)
            scores = np.clip(scores, 1 - _HIGHEST_SCORE, _HIGHEST_SCORE)
            logit_sums[indices] += np.log(scores / (1 - scores))
            scored[indices] += 1
    has_answer, has_score = answers > 0, scored > 0
    means = np.exp(log_sums[has_answer] / answers[has_answer, np.newaxis])
    probabilities = (means / means.sum(axis=1, keepdims=True)).astype(np.float32)
    logits = logit_sums[has_score] / scored[has_score]
    digit_scores = 1 / (1 + np.exp(-logits)) if has_score.any() else None
    return dataset.training.select(has_answer), probabilities, digit_scores


def _confidences(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    powers = probabilities.astype(np.float64) ** (1 / temperature)
    highest: NDArray[np.float64] = (powers / powers.sum(axis=1, keepdims=True)).max(axis=1)
    return highest


def _merge_members(cards: Sequence[ModelCard], directory: Path) -> keras.Model:
    """Join the members' networks by one last layer, the mean of theirs."""
    import keras

    image = keras.Input((28, 28), dtype="float32", name="image")
    features, last_layers = [], []
    for number, card in enumerate(cards, start=1):
        model = load_network(directory / card.name / KERAS)
        last = model.layers[-1]
        if not isinstance(last, keras.layers.Dense) or last.units not in (CLASSES, CLASSES + 1):
            raise ModelLoadError(
                "A member's last layer must be dense with ten or eleven outputs. Leave it out, or "
                f"train it again. Received: model {card.name!r}, {type(last).__name__}"
            )
        features.append(keras.Model(model.inputs, last.input, name=f"member_{number}")(image))
        last_layers.append(last.get_weights())
    weights = _average_layers(last_layers, [card.temperature for card in cards])
    logits = keras.layers.Dense(len(weights[1]), dtype="float32", name="logits")
    model = keras.Model(image, logits(keras.layers.Concatenate()(features)), name=ENSEMBLE)
    logits.set_weights(weights)
    return model


def _average_layers(
    layers: Sequence[Sequence[NDArray[np.float32]]], temperatures: Sequence[float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The dense layer that is the mean of others with separate inputs.

    Args:
        layers: (units, 10 or 11) kernel and (10 or 11,) bias of each.
        temperatures: of each; they do not apply to the eleventh output, the digit score.

    Returns:
        (all units, 10 or 11) kernel and (10 or 11,) bias.
    """
    with_score = sum(len(bias) > CLASSES for _, bias in layers)
    width = CLASSES + bool(with_score)
    kernels, biases = [], []
    for (kernel, bias), temperature in zip(layers, temperatures, strict=True):
        share = np.full(len(bias), 1 / (len(layers) * temperature), np.float32)
        share[CLASSES:] = 1 / max(with_score, 1)
        missing = width - len(bias)
        kernels.append(np.pad(kernel * share, ((0, 0), (0, missing))))
        biases.append(np.pad(bias * share, (0, missing)))
    return np.concatenate(kernels), np.sum(biases, axis=0)


def _draft(cards: Sequence[ModelCard], name: str, parameters: int) -> ModelCard:
    """The ensemble's card before its test; epochs and seconds are the sums of its members'."""
    return draft_card(
        name=name,
        architecture=ENSEMBLE,
        parameters=parameters,
        seed=cards[0].seed,
        epochs=sum(card.epochs for card in cards),
        training_seconds=sum(card.training_seconds for card in cards),
        configuration={
            "architecture": ENSEMBLE,
            "members": [card.name for card in cards],
            "networks": [card.digest for card in cards],
            "splits": sorted({split for card in cards for split in splits(card)}),
        },
    )
