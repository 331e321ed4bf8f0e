"""One model of several: what its members say, averaged. TensorFlow is imported inside.

What is averaged are log-probabilities: each member's logits are divided by the temperature of its
card, and the ensemble's are their mean (a geometric mean of probabilities, as in G. E. Hinton,
"Products of Experts", ICANN 1999). The logit of "this is a digit" is the mean of those that the
members give; members of ten outputs give none. A mean of dense layers is a dense layer over all
that is before them, side by side: so an ensemble is one network like any other, in one file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES, load_mnist
from mnist_core.errors import ModelLoadError, TrainingError
from mnist_core.evaluation.calibration import REFUSED_DIGITS, fit_temperature
from mnist_core.evaluation.metrics import evaluate, evaluate_probabilities
from mnist_core.inference.recognizer import Recognizer, load_recognizer
from mnist_core.registry.card import ENSEMBLE, KERAS, PREDICTIONS, TFLITE, ModelCard, write_card
from mnist_core.registry.splits import held_out_indices, splits
from mnist_core.registry.staging import check_free, staged_model
from mnist_core.registry.store import read_verified
from mnist_core.storage.paths import models_directory
from mnist_core.training.cpu import prepare_tensorflow

if TYPE_CHECKING:
    import keras

__all__ = ["make_ensemble"]

# Probabilities below this are as good as none, and scores nearer to 1 as good as certain.
_LEAST = 1e-30
_CERTAIN = 1 - 1e-6


def make_ensemble(
    members: Sequence[str],
    name: str,
    *,
    overwrite: bool = False,
    directory: Path | None = None,
    on_message: Callable[[str], None] = lambda text: None,
) -> ModelCard:
    """Make one model of several and save it under `models/<name>`, whole or not at all.

    Temperature and threshold are fitted as those of any model are, on training images that were
    held out. Members may have held out different ones: each image is answered by those that did
    not learn from it. The MNIST test images are looked at once, at the end.

    Args:
        members: names of two models or more, each once; they stay as they are.
        name: of the new model.
        overwrite: replace a model of that name.
        directory: where the members are and the ensemble goes instead of `models_directory()`.
        on_message: is told what is going on.

    Returns:
        The new model's card.

    Raises:
        TrainingError: fewer than two, one twice, the name is taken, no name, or a member's, or the
            folder cannot be written.
        ModelNotFoundError, ModelLoadError: a member is not there, or damaged.
        DatasetError: a card does not say what its training held out, or MNIST is altered.
    """
    directory = directory or models_directory()
    _check(members, name)
    try:
        check_free(name, directory, overwrite=overwrite)
        recognizers = [load_recognizer(member, directory) for member in members]
        for recognizer in recognizers:
            read_verified(recognizer.card, KERAS, directory)
        on_message("Asking the members about the images that they held out")
        held_out = _HeldOut.of(recognizers)
        on_message("Loading TensorFlow")
        prepare_tensorflow()
        with staged_model(name, directory, overwrite=overwrite) as stage:
            model = _merge_members([recognizer.card for recognizer in recognizers], directory)
            on_message("Saving and testing")
            model.save(stage / KERAS)
            model.export(stage / TFLITE, format="litert", verbose=False)
            draft = _draft([recognizer.card for recognizer in recognizers], name)
            draft = dataclasses.replace(draft, parameters=model.count_params())
            return _calibrate_and_test(draft, held_out, stage)
    except OSError as error:
        raise TrainingError(
            f"The ensemble cannot be saved ({error.strerror or error}). Make room, or check your "
            f"rights to the folder. Received: {error.filename or directory}"
        ) from error


def _check(members: Sequence[str], name: str) -> None:
    received = f"Received: {', '.join(members) or 'none'}"
    if len(members) < 2:
        raise TrainingError(f"An ensemble is made of two models or more. Name them. {received}")
    if len(set(members)) < len(members):
        raise TrainingError(f"A model is in an ensemble once. Name each once. {received}")
    if name in members:
        raise TrainingError(
            "An ensemble does not take the place of one of its members. Choose another name. "
            f"Received: {name!r}"
        )


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class _HeldOut:
    """What members say of training images that they did not learn from, averaged.

    Attributes:
        labels: (n,) the true digits.
        probabilities: (n, 10) float32.
        scores: (m,) how sure the members that tell are that these are digits, 0 to 1; None where
            no member tells.
    """

    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    scores: NDArray[np.float64] | None

    @classmethod
    def of(cls, recognizers: Sequence[Recognizer]) -> _HeldOut:
        dataset = load_mnist()
        count = len(dataset.x_train)
        logs, voices = np.zeros((count, CLASSES)), np.zeros(count)
        odds, tellers = np.zeros(count), np.zeros(count)
        for recognizer in recognizers:
            indices = held_out_indices(recognizer.card)
            images = dataset.x_train[indices]
            answers = recognizer.classify(images).astype(np.float64)
            logs[indices] += np.log(np.maximum(answers, _LEAST))
            voices[indices] += 1
            if recognizer.detects_non_digits:
                scores = np.clip(recognizer.digit_scores(images), 1 - _CERTAIN, _CERTAIN)
                odds[indices] += np.log(scores / (1 - scores))
                tellers[indices] += 1
        heard, told = voices > 0, tellers > 0
        means = np.exp(logs[heard] / voices[heard, np.newaxis])
        return cls(
            labels=dataset.y_train[heard],
            probabilities=(means / means.sum(axis=1, keepdims=True)).astype(np.float32),
            scores=1 / (1 + np.exp(-odds[told] / tellers[told])) if told.any() else None,
        )


def _merge_members(cards: Sequence[ModelCard], directory: Path) -> keras.Model:
    """One network of all members: what is before their last layers, and the mean of those."""
    import keras

    image = keras.Input((28, 28), dtype="float32", name="image")
    features, lasts = [], []
    for number, card in enumerate(cards, start=1):
        model = keras.models.load_model(directory / card.name / KERAS, compile=False)
        last = model.layers[-1]
        if not isinstance(last, keras.layers.Dense) or last.units not in (CLASSES, CLASSES + 1):
            raise ModelLoadError(
                "A member's last layer is not one of ten or eleven outputs. Leave it out, or train "
                f"it again. Received: model {card.name!r}, {type(last).__name__}"
            )
        features.append(keras.Model(model.inputs, last.input, name=f"member_{number}")(image))
        lasts.append(last.get_weights())
    weights = _averaged(lasts, [card.temperature for card in cards])
    logits = keras.layers.Dense(len(weights[1]), dtype="float32", name="logits")
    model = keras.Model(image, logits(keras.layers.Concatenate()(features)), name=ENSEMBLE)
    logits.set_weights(weights)
    return model


def _averaged(
    lasts: Sequence[Sequence[NDArray[np.float32]]], temperatures: Sequence[float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The dense layer that is the mean of others, each over features of its own.

    Args:
        lasts: (units, 10 or 11) kernel and (10 or 11,) bias of each.
        temperatures: of each; the eleventh output, the score of being a digit, has none.

    Returns:
        (all units, 10 or 11) kernel and (10 or 11,) bias.
    """
    tellers = sum(len(bias) > CLASSES for _, bias in lasts)
    width = CLASSES + bool(tellers)
    kernels, biases = [], []
    for (kernel, bias), temperature in zip(lasts, temperatures, strict=True):
        share = np.full(len(bias), 1 / (len(lasts) * temperature), np.float32)
        share[CLASSES:] = 1 / max(tellers, 1)
        missing = width - len(bias)
        kernels.append(np.pad(kernel * share, ((0, 0), (0, missing))))
        biases.append(np.pad(bias * share, (0, missing)))
    return np.concatenate(kernels), np.sum(biases, axis=0)


def _draft(cards: Sequence[ModelCard], name: str) -> ModelCard:
    """The ensemble's card, before it is judged; epochs and seconds are its members' together."""
    return ModelCard(
        name=name,
        architecture=ENSEMBLE,
        parameters=0,
        seed=cards[0].seed,
        epochs=sum(card.epochs for card in cards),
        training_seconds=sum(card.training_seconds for card in cards),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={p: version(p) for p in ("tensorflow", "keras", "numpy", "ai-edge-litert")},
        configuration={
            "architecture": ENSEMBLE,
            "members": [card.name for card in cards],
            "networks": [card.digest for card in cards],
            "splits": sorted({split for card in cards for split in splits(card)}),
        },
        validation_accuracy=0.0,
        test_accuracy=0.0,
        test_interval=(0.0, 1.0),
        temperature=1.0,
        digit_threshold=0.0,
    )


def _calibrate_and_test(draft: ModelCard, held_out: _HeldOut, stage: Path) -> ModelCard:
    """Find the temperature and the threshold, test the network once, and write the card."""
    temperature = fit_temperature(held_out.probabilities, held_out.labels)
    scores = held_out.scores
    if scores is None:
        powers = held_out.probabilities.astype(np.float64) ** (1 / temperature)
        scores = (powers / powers.sum(axis=1, keepdims=True)).max(axis=1)
    draft = dataclasses.replace(
        draft,
        temperature=temperature,
        digit_threshold=float(np.quantile(scores, REFUSED_DIGITS)),
        validation_accuracy=evaluate_probabilities(
            held_out.probabilities, held_out.labels
        ).accuracy,
    )
    dataset = load_mnist()
    recognizer = Recognizer((stage / TFLITE).read_bytes(), draft)
    test = evaluate(recognizer, dataset.x_test, dataset.y_test)
    np.savez_compressed(stage / PREDICTIONS, probabilities=test.probabilities)
    draft = dataclasses.replace(draft, test_accuracy=test.accuracy, test_interval=test.interval)
    return write_card(draft, stage)
