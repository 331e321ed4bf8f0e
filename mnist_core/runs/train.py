"""Training a network on MNIST and saving it as a model. TensorFlow is imported inside `train`."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import NOT_A_DIGIT, Dataset, load_mnist
from mnist_core.distributed.cluster import check_is_chief
from mnist_core.errors import TrainingStopped
from mnist_core.networks.architectures import get_architecture
from mnist_core.registry.card import HISTORY, ModelCard
from mnist_core.registry.staging import check_free, staged_model
from mnist_core.runs.recording import recorded
from mnist_core.runs.store import Outcome, Run, begin_run
from mnist_core.storage.paths import models_directory
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.config import TrainingConfig
from mnist_core.training.cpu import prepare_tensorflow
from mnist_core.training.early_stopping import Curves, finished
from mnist_core.training.events import Done, EpochEnd, Message, OnEvent, TrainingEvent
from mnist_core.training.export import save_model
from mnist_core.training.inputs import TrainingInputs, describe_fine_tuning

if TYPE_CHECKING:
    import keras

    from mnist_core.distributed.trainer import DistributedTrainer

__all__ = ["TrainingConfig", "train", "train_run", "try_run"]

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
    check_is_chief(config)
    directory = directory or models_directory()
    run = begin_run(config, directory)
    with run.lock():
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

    with recorded(run, on_event) as report:
        learnt = _learn(run, report, stopping)
        card = _save(run, learnt, report)
        # The others may leave once the model is there.
        if learnt.trainer:
            learnt.trainer.dismiss()
    if finished(run.config, learnt.curves):
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


def try_run(
    run: Run,
    on_event: OnEvent = lambda event: None,
    stopping: Callable[[], bool] = lambda: False,
) -> float:
    """Train what a run is for, save no model, and look at held-out images only.

    Its checkpoints stay: the same settings can be made a model of without training again.

    Args:
        run: as of `train_run`, and so are the others.
        on_event: called with each event.
        stopping: asked all the time; True ends it without a result.

    Returns:
        The share of the held-out images that is read rightly, 0 to 1.

    Raises:
        TrainingStopped: it was stopped.
        TrainingError, DatasetError, ModelNotFoundError, ModelLoadError, CorrectionsError: as of
            `train`.
    """
    with recorded(run, on_event) as report:
        learnt = _learn(run, report, stopping)
        if not finished(run.config, learnt.curves):
            raise TrainingStopped(f"The trial was stopped before its end. Received: {run.id}")
        images, labels = learnt.validation
        answers = learnt.model.predict(images, batch_size=1000, verbose=0)[:, :NOT_A_DIGIT]
        accuracy = float((answers.argmax(axis=1) == labels).mean())
    text = f"A trial: {accuracy:.2%} of the held-out images."
    run.finish(Outcome(state="done", text=text, validation_accuracy=accuracy))
    return accuracy


@dataclass(frozen=True, kw_only=True, eq=False)
class _Learnt:
    """A trained network, and what belongs to it."""

    model: keras.Model
    curves: Curves
    seconds: float
    dataset: Dataset
    validation: tuple[Images, Images]
    inputs: TrainingInputs
    fine_tuning: dict[str, Any]
    trainer: DistributedTrainer | None


def _learn(run: Run, on_event: OnEvent, stopping: Callable[[], bool]) -> _Learnt:
    """Train what a run is for, from its last whole epoch on."""
    config, directory = run.config, run.models
    assert config.name is not None  # filled in by __post_init__
    check_is_chief(config)
    check_free(config.name, directory, overwrite=_may_replace(run))
    dataset = load_mnist()
    inputs = TrainingInputs.of(config, directory)
    on_event(Message(text="Loading TensorFlow"))
    prepare_tensorflow()
    import keras
    import tensorflow as tf

    trainer = _distributed_trainer(config, on_event)
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()

    on_event(Message(text=f"Training {config.name}"))
    # What the model is called does not matter to what it learns.
    settings = dataclasses.asdict(dataclasses.replace(config, name="any", overwrite=False))
    settings.pop("strategy")  # nor where it is computed
    checkpoints = Checkpoints(run.checkpoints, settings | inputs.fingerprint())
    fine_tuning = inputs.before(config)
    if fine_tuning:
        on_event(Message(text=f"Before: {describe_fine_tuning(fine_tuning, 'before')}"))
    held_out, kept = inputs.split(config, len(dataset.x_train))
    training = (dataset.x_train[kept], dataset.y_train[kept])
    validation = (dataset.x_train[held_out], dataset.y_train[held_out])
    earlier = _seconds_of(run.events(), run.epochs_done)
    start = time.perf_counter()
    model, curves = _fit(
        config, inputs, training, validation, on_event, checkpoints, stopping, trainer
    )
    seconds = earlier + time.perf_counter() - start
    if not curves:
        raise TrainingStopped(
            "The training was stopped before its first epoch had ended: there is nothing to keep. "
            f"Start or resume it again. Received: {run.id}"
        )
    return _Learnt(
        model=model,
        curves=curves,
        seconds=seconds,
        dataset=dataset,
        validation=validation,
        inputs=inputs,
        fine_tuning=fine_tuning,
        trainer=trainer,
    )


def _save(run: Run, learnt: _Learnt, on_event: OnEvent) -> ModelCard:
    """Make a model of what was learnt, and test it."""
    config, fine_tuning = run.config, learnt.fine_tuning
    assert config.name is not None
    run.set_phase("saving")
    on_event(Message(text="Saving and testing"))
    draft = ModelCard(
        name=config.name,
        architecture=config.architecture,
        parameters=learnt.model.count_params(),
        seed=config.seed,
        epochs=len(learnt.curves["loss"]),
        training_seconds=round(learnt.seconds, 1),
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
    overwrite = _may_replace(run)
    run.record_model(draft)
    with staged_model(config.name, run.models, overwrite=overwrite) as stage:
        curves = json.dumps(learnt.curves, indent=1) + "\n"
        (stage / HISTORY).write_text(curves, encoding="utf-8")
        card = save_model(
            learnt.model, draft, learnt.validation, learnt.dataset, learnt.inputs, stage
        )
    if fine_tuning:
        on_event(Message(text=f"After: {describe_fine_tuning(card.fine_tuning)}"))
    return card


def _may_replace(run: Run) -> bool:
    return run.config.overwrite or run.has_own_model()


def _distributed_trainer(config: TrainingConfig, on_event: OnEvent) -> DistributedTrainer | None:
    """With whom the training computes; None: alone. Before TensorFlow has computed anything."""
    if config.strategy == "default":
        return None
    from mnist_core.distributed.trainer import DistributedTrainer

    return DistributedTrainer(config, on_event)


def _seconds_of(events: Iterable[TrainingEvent], epochs: int) -> float:
    """How long the first epochs took; one that was trained twice counts as the last time."""
    ends = {event.epoch: event.seconds for event in events if isinstance(event, EpochEnd)}
    return sum(seconds for epoch, seconds in ends.items() if epoch <= epochs)


def _fit(
    config: TrainingConfig,
    inputs: TrainingInputs,
    training: tuple[Images, Images],
    validation: tuple[Images, Images],
    on_event: OnEvent,
    checkpoints: Checkpoints,
    stopping: Callable[[], bool],
    trainer: DistributedTrainer | None,
) -> tuple[keras.Model, Curves]:
    """Train a network, or teach one what was corrected."""
    from mnist_core.training.fine_tuning import fine_tune
    from mnist_core.training.fitting import fit
    from mnist_core.training.weight_averaging import average, averaged_epochs

    weights, corrections = inputs.weights, inputs.corrections
    if weights is not None and config.include_corrections:
        return fine_tune(
            config, weights, training, validation, corrections, on_event, checkpoints, stopping
        )
    detects_non_digits = get_architecture(config.architecture).uses_synthetic_data
    training = inputs.added_to(training, detects_non_digits=detects_non_digits)
    model, curves = (trainer.fit if trainer else fit)(
        config, training, validation, on_event, checkpoints, initial=weights, stopping=stopping
    )
    if averaged_epochs(config) and curves and finished(config, curves):
        # A few epochs at the end, on one device; the others wait for the model to be saved.
        alone = dataclasses.replace(config, strategy="default")
        model, more = average(alone, model, training, validation, on_event, stopping)
        curves = {name: values + more.get(name, []) for name, values in curves.items()}
    return model, curves
