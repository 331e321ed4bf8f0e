"""Training a network on MNIST and saving it as a model. TensorFlow is imported inside `train`."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.architectures import get_architecture
from mnist_core.checkpoints import Checkpoints
from mnist_core.cluster import Cluster
from mnist_core.configuration import TrainingConfig
from mnist_core.data import Dataset, load_mnist
from mnist_core.errors import TrainingError, TrainingStopped
from mnist_core.evaluation import evaluate
from mnist_core.events import Done, EpochEnd, Message, TrainingEvent
from mnist_core.inference import Recognizer
from mnist_core.registry import (
    HISTORY,
    KERAS,
    PREDICTIONS,
    TFLITE,
    ModelCard,
    check_free,
    models_directory,
    staged_model,
    write_card,
)
from mnist_core.runs import Outcome, Run, begin_run
from mnist_core.stopping import Curves, finished
from mnist_core.teaching import Lesson, read_rightly, told
from mnist_core.tensorboard import TensorBoardLog

if TYPE_CHECKING:
    import keras

    from mnist_core.distributed import Team

__all__ = ["TrainingConfig", "train", "train_run"]

# Share of held-out digits that may fall under the card's `digit_threshold`.
_REFUSED_DIGITS = 0.003

OnEvent = Callable[[TrainingEvent], None]
Images = NDArray[np.uint8]


def train(
    config: TrainingConfig,
    on_event: OnEvent = lambda event: None,
    directory: Path | None = None,
) -> ModelCard:
    """Train a network and save it under `models/<config.name>`, whole or not at all.

    The held-out images come from the training half; the test half is looked at once, at the end.
    The same seed on the same machine gives the same weights. The training is a run under `runs/`;
    if the last one of the same settings was cut off, it goes on after its last whole epoch, and
    ends with the weights that it would have had.

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
    _check_is_chief(config)
    directory = directory or models_directory()
    run = begin_run(config, directory)
    with run.held():
        return train_run(run, on_event)


def train_run(
    run: Run,
    on_event: OnEvent = lambda event: None,
    stopping: Callable[[], bool] = lambda: False,
) -> ModelCard:
    """Train what a run is for, from its last whole epoch on, and save the model.

    The run's folder gets all that happens, its outcome at last. The caller holds the run.

    Args:
        run: a run that is not done.
        on_event: called with each event, in this thread, after it was written down.
        stopping: asked all the time; True ends the training, and the model of its last whole epoch
            is saved.

    Raises:
        TrainingStopped: it was stopped, and no epoch was done.
        TrainingError, DatasetError, ModelNotFoundError, ModelLoadError, CorrectionsError: as of
            `train`.
    """

    log = TensorBoardLog(run.tensorboard)

    def report(event: TrainingEvent) -> None:
        run.report(event)
        on_event(event)
        if failure := log.add(event):
            run.report(failure)
            on_event(failure)

    run.mark("running")
    try:
        with closing(log):
            card, whole = _train(run, report, stopping)
    except TrainingStopped as error:
        run.finish(Outcome(state="cancelled", text=str(error)))
        raise
    except OSError as error:
        failure = TrainingError(
            f"The model cannot be saved ({error.strerror or error}). Make room, or check your "
            f"rights to the folder. Received: {error.filename or run.models}"
        )
        run.finish(Outcome(state="failed", text=str(failure)))
        raise failure from error
    except Exception as error:
        run.finish(Outcome(state="failed", text=str(error) or repr(error)))
        raise
    if whole:
        run.finish(Outcome(state="done", card=card))
        Checkpoints(run.checkpoints, {}).clear()
    else:
        epochs = f"{card.epochs} epoch{'s' * (card.epochs != 1)}"
        text = f"Stopped; what was learnt in {epochs} was kept."
        run.finish(Outcome(state="cancelled", text=text, card=card))
    # The model is there, even if there is no room any more to note so.
    with suppress(OSError):
        run.report(Done(card=card))
    on_event(Done(card=card))
    return card


def _train(run: Run, on_event: OnEvent, stopping: Callable[[], bool]) -> tuple[ModelCard, bool]:
    """Train and save; the card, and whether the training came to its own end."""
    config, directory = run.config, run.models
    assert config.name is not None  # filled in by __post_init__
    _check_is_chief(config)
    overwrite = config.overwrite or run.owns_model()
    check_free(config.name, directory, overwrite=overwrite)
    dataset = load_mnist()
    lesson = Lesson.of(config, directory)
    on_event(Message(text="Loading TensorFlow"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    team = _team(config, on_event)
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()

    on_event(Message(text=f"Training {config.name}"))
    # What the model is called does not matter to what it learns.
    settings = dataclasses.asdict(dataclasses.replace(config, name="any", overwrite=False))
    settings.pop("strategy")  # nor where it is computed
    checkpoints = Checkpoints(run.checkpoints, settings | lesson.fingerprint())
    fine_tuning = lesson.before(config)
    if fine_tuning:
        on_event(Message(text=f"Before: {told(fine_tuning, 'before')}"))
    held_out, kept = lesson.split(config, len(dataset.x_train))
    training = (dataset.x_train[kept], dataset.y_train[kept])
    validation = (dataset.x_train[held_out], dataset.y_train[held_out])
    earlier = _seconds_of(run.events(), run.epochs_done)
    start = time.perf_counter()
    model, history = _learn(
        config, lesson, training, validation, on_event, checkpoints, stopping, team
    )
    seconds = earlier + time.perf_counter() - start
    if not history:
        raise TrainingStopped(
            "The training was stopped before its first epoch had ended: there is nothing to keep. "
            f"Start or resume it again. Received: {run.id}"
        )
    run.mark("saving")
    on_event(Message(text="Saving and testing"))
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
        fine_tuning=fine_tuning,
    )
    run.owns(draft)
    with staged_model(config.name, directory, overwrite=overwrite) as stage:
        (stage / HISTORY).write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
        card = _save(model, draft, validation, dataset, lesson, stage)
    if team:
        team.dismiss()
    if fine_tuning:
        on_event(Message(text=f"After: {told(card.fine_tuning)}"))
    return card, finished(config, history)


def _check_is_chief(config: TrainingConfig) -> None:
    if config.strategy == "multiworker" and not Cluster.from_environment().is_chief:
        raise TrainingError(
            "The run and its model are kept by the first worker, of index 0. The others call "
            "mnist_core.assisting.assist, or start the command 'train' with the same settings. "
            f"Received: index {Cluster.from_environment().index}"
        )


def _team(config: TrainingConfig, on_event: OnEvent) -> Team | None:
    """With whom the training computes; None: alone. Before TensorFlow has computed anything."""
    if config.strategy == "default":
        return None
    from mnist_core.distributed import Team

    return Team(config, on_event)


def _seconds_of(events: Iterable[TrainingEvent], epochs: int) -> float:
    """How long the first epochs took; one that was trained twice counts as the last time."""
    ends = {event.epoch: event.seconds for event in events if isinstance(event, EpochEnd)}
    return sum(seconds for epoch, seconds in ends.items() if epoch <= epochs)


def _learn(
    config: TrainingConfig,
    lesson: Lesson,
    training: tuple[Images, Images],
    validation: tuple[Images, Images],
    on_event: OnEvent,
    checkpoints: Checkpoints,
    stopping: Callable[[], bool],
    team: Team | None,
) -> tuple[keras.Model, Curves]:
    """Train a network, or teach one what was corrected."""
    from mnist_core.averaging import average, averaged_epochs
    from mnist_core.fine_tuning import fine_tune
    from mnist_core.fitting import fit

    weights, corrections = lesson.weights, lesson.corrections
    if weights is not None and config.include_corrections:
        return fine_tune(
            config, weights, training, validation, corrections, on_event, checkpoints, stopping
        )
    telling = get_architecture(config.architecture).from_the_world
    training = lesson.added_to(training, telling=telling)
    model, curves = (team.fit if team else fit)(
        config, training, validation, on_event, checkpoints, initial=weights, stopping=stopping
    )
    if averaged_epochs(config) and curves and finished(config, curves):
        # A few epochs at the end, on one device; the others wait for the model to be saved.
        alone = dataclasses.replace(config, strategy="default")
        model, more = average(alone, model, training, validation, on_event, stopping)
        curves = {name: values + more.get(name, []) for name, values in curves.items()}
    return model, curves


def _save(
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
    draft = dataclasses.replace(draft, temperature=_fit_temperature(raw, labels))
    recognizer = Recognizer(content, draft)
    test = evaluate(recognizer, dataset.x_test, dataset.y_test)
    np.savez_compressed(stage / PREDICTIONS, probabilities=test.probabilities)
    draft = dataclasses.replace(
        draft,
        validation_accuracy=evaluate(recognizer, images, labels).accuracy,
        test_accuracy=test.accuracy,
        test_interval=test.interval,
        digit_threshold=float(np.quantile(recognizer.digit_scores(images), _REFUSED_DIGITS)),
    )
    if draft.fine_tuning:
        right = read_rightly(Recognizer(content, draft), *lesson.corrections)
        after = {"corrections_right": right, "test_accuracy": test.accuracy}
        draft = dataclasses.replace(draft, fine_tuning={**draft.fine_tuning, **after})
    return write_card(draft, stage)


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
