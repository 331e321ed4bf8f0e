"""Training a network on MNIST and saving it as a model. TensorFlow is imported inside `train`."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.architectures import get_architecture
from mnist_core.checkpoints import Checkpoints, runs_directory
from mnist_core.data import load_mnist
from mnist_core.errors import TrainingError
from mnist_core.evaluation import evaluate
from mnist_core.events import Done, Message, TrainingEvent
from mnist_core.inference import Recognizer
from mnist_core.registry import (
    HISTORY,
    KERAS,
    PREDICTIONS,
    TFLITE,
    ModelCard,
    check_name,
    models_directory,
    staged_model,
    write_card,
)
from mnist_core.teaching import Lesson, read_rightly, told

if TYPE_CHECKING:
    import keras

__all__ = ["TrainingConfig", "train"]

Images = NDArray[np.uint8]

# What suits a fine-tuning, whichever network it is of: one pass over the images, gently.
FINE_TUNING = {"epochs": 1, "batch_size": 128, "learning_rate": 5e-4, "target_accuracy": None}
# Share of held-out digits that may fall under the card's `digit_threshold`.
_REFUSED_DIGITS = 0.005


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """What to train and how; whatever is None becomes what suits the architecture.

    Attributes:
        architecture: a key of `ARCHITECTURES`.
        name: the model's name in `models/`; None takes the architecture's.
        epochs: at most so many passes over the training images, 1 to 1000.
        batch_size: images per step, 1 to 10000.
        learning_rate: Adam's, at the start, above 0 and at most 1.
        target_accuracy: stop after the epoch whose training accuracy reaches this, 0 to 1; 1.0
            practically never stops.
        initial_model: a model in `models/` to fine-tune with the corrections, whose architecture it
            has to have; None begins with random weights.
        include_corrections: learn from the corrections that were kept, besides MNIST.
        validation_fraction: share of the training images held out, 0.01 to 0.5.
        seed: of everything random, 0 to 2**32 - 1.
        overwrite: replace a model of that name.

    Raises:
        TrainingError: a value is out of its range.
    """

    architecture: str = "cnn"
    name: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    target_accuracy: float | None = None
    initial_model: str | None = None
    include_corrections: bool = False
    validation_fraction: float = 1 / 12
    seed: int = 1998
    overwrite: bool = False

    def __post_init__(self) -> None:
        architecture = get_architecture(self.architecture)
        if self.name is None:
            tuned = f"{str(self.initial_model)[:34]}-tuned"
            name = architecture.name if self.initial_model is None else tuned
            object.__setattr__(self, "name", name)
        for field in ("epochs", "batch_size", "learning_rate", "target_accuracy"):
            if getattr(self, field) is None:
                suited = getattr(architecture, field)
                if self.initial_model is not None:
                    suited = FINE_TUNING.get(field, suited)
                object.__setattr__(self, field, suited)
        check_name(self.name)
        _check("epochs", self.epochs, int, 1, 1000)
        _check("batch_size", self.batch_size, int, 1, 10_000)
        _check("learning_rate", self.learning_rate, (int, float), 1e-9, 1)
        if self.target_accuracy is not None:
            _check("target_accuracy", self.target_accuracy, (int, float), 0, 1)
        _check("validation_fraction", self.validation_fraction, (int, float), 0.01, 0.5)
        _check("seed", self.seed, int, 0, 2**32 - 1)
        if self.initial_model is not None:
            check_name(self.initial_model)
        for field in ("include_corrections", "overwrite"):
            if not isinstance(getattr(self, field), bool):
                raise TrainingError(
                    f"The setting '{field}' is True or False. Received: {getattr(self, field)!r}"
                )


def _check(field: str, value: Any, kind: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        number = "a whole number" if kind is int else "a number"
        raise TrainingError(
            f"The setting '{field}' is {number} from {low:g} to {high:g}. Received: {value!r}"
        )


def train(
    config: TrainingConfig,
    on_event: Callable[[TrainingEvent], None] = lambda event: None,
    directory: Path | None = None,
) -> ModelCard:
    """Train a network and save it under `models/<config.name>`, whole or not at all.

    The held-out images come from the training half; the test half is looked at once, at the end.
    The same seed on the same machine gives the same weights. A training from the world (see
    `Architecture`) that was stopped goes on after its last epoch, if the settings are the same.

    Args:
        config: what to train and how.
        on_event: called with each event, in this thread.
        directory: where to save instead of `models_directory()`.

    Raises:
        TrainingError: the name is taken and `config.overwrite` is False, the loss diverged, or the
            model cannot be written.
        DatasetError: the embedded MNIST is missing or altered.
        ModelNotFoundError, ModelLoadError: the initial model is not there, or damaged.
        CorrectionsError: the corrections cannot be read.
    """
    directory = directory or models_directory()
    try:
        return _train(config, on_event, directory)
    except OSError as error:
        raise TrainingError(
            f"The model cannot be saved ({error.strerror or error}). Make room, or check your "
            f"rights to the folder. Received: {directory}"
        ) from error


def _train(
    config: TrainingConfig, on_event: Callable[[TrainingEvent], None], directory: Path
) -> ModelCard:
    assert config.name is not None  # filled in by __post_init__
    dataset = load_mnist()
    lesson = Lesson.of(config, directory)
    with staged_model(config.name, directory, overwrite=config.overwrite) as stage:
        on_event(Message(text="Loading TensorFlow"))
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import keras
        import tensorflow as tf

        keras.utils.set_random_seed(config.seed)
        tf.config.experimental.enable_op_determinism()

        held_out, kept = lesson.split(config)
        x_validation, y_validation = dataset.x_train[held_out], dataset.y_train[held_out]

        on_event(Message(text=f"Training {config.name}"))
        settings = dataclasses.asdict(config) | lesson.fingerprint()
        checkpoints = Checkpoints(runs_directory() / config.name, settings)
        fine_tuning = lesson.before(config)
        if fine_tuning:
            on_event(Message(text=f"Before: {told(fine_tuning, 'before')}"))
        training = (dataset.x_train[kept], dataset.y_train[kept])
        validation_set = (x_validation, y_validation)
        start = time.perf_counter()
        model, history = _learn(config, lesson, training, validation_set, on_event, checkpoints)
        seconds = time.perf_counter() - start

        on_event(Message(text="Saving and testing"))
        # Without the optimiser's state, which is twice the size of the weights.
        bare = get_architecture(config.architecture).build()
        bare.set_weights(model.get_weights())
        bare.save(stage / KERAS)
        bare.export(stage / TFLITE, format="litert", verbose=False)

        draft = ModelCard(
            name=config.name,
            architecture=config.architecture,
            parameters=model.count_params(),
            seed=config.seed,
            epochs=len(history["loss"]),
            training_seconds=round(seconds, 1),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            versions={p: version(p) for p in ("tensorflow", "keras", "numpy", "ai-edge-litert")},
            configuration=dataclasses.asdict(config),
            validation_accuracy=0.0,
            test_accuracy=0.0,
            test_interval=(0.0, 1.0),
            temperature=1.0,
            digit_threshold=0.0,
        )
        content = (stage / TFLITE).read_bytes()
        raw = Recognizer(content, draft).classify(x_validation)
        temperature = _fit_temperature(raw, y_validation)
        draft = dataclasses.replace(draft, temperature=temperature)
        recognizer = Recognizer(content, draft)
        validation = evaluate(recognizer, x_validation, y_validation)
        test = evaluate(recognizer, dataset.x_test, dataset.y_test)

        digit_threshold = np.quantile(recognizer.digit_scores(x_validation), _REFUSED_DIGITS)
        draft = dataclasses.replace(draft, digit_threshold=float(digit_threshold))
        if fine_tuning:
            right = read_rightly(Recognizer(content, draft), *lesson.corrections)
            fine_tuning |= {"corrections_right": right, "test_accuracy": test.accuracy}
            on_event(Message(text=f"After: {told(fine_tuning)}"))
        (stage / HISTORY).write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
        np.savez_compressed(stage / PREDICTIONS, probabilities=test.probabilities)
        card = write_card(
            dataclasses.replace(
                draft,
                validation_accuracy=validation.accuracy,
                test_accuracy=test.accuracy,
                test_interval=test.interval,
                fine_tuning=fine_tuning,
            ),
            stage,
        )
    checkpoints.clear()
    on_event(Done(card=card))
    return card


def _learn(
    config: TrainingConfig,
    lesson: Lesson,
    training: tuple[Images, Images],
    validation: tuple[Images, Images],
    on_event: Callable[[TrainingEvent], None],
    checkpoints: Checkpoints,
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Train a network from nothing, or fine-tune the one to begin with."""
    from mnist_core.fine_tuning import fine_tune
    from mnist_core.fitting import fit

    weights, corrections = lesson.weights, lesson.corrections
    if weights is not None:
        return fine_tune(config, weights, training, validation, corrections, on_event, checkpoints)
    telling = get_architecture(config.architecture).from_the_world
    training = lesson.added_to(training, telling=telling)
    return fit(config, training, validation, on_event, checkpoints)


def _fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """The temperature at which the held-out answers are most likely, 0.05 to 20."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-30))
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[rows, labels].mean())

    bounds = (np.log(0.05), np.log(20.0))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
