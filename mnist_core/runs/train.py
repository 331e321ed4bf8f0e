"""Train a network on MNIST and save it as a model. TensorFlow is imported inside `train`."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_core.data import NOT_A_DIGIT, LabelledArrays, load_mnist
from mnist_core.distributed.cluster import check_is_chief
from mnist_core.errors import TrainingStopped
from mnist_core.registry.card import HISTORY, ModelCard
from mnist_core.registry.staging import check_free, staged_model
from mnist_core.runs.recording import recorded
from mnist_core.runs.run import Outcome, Run
from mnist_core.runs.store import begin_run
from mnist_core.storage.paths import models_directory
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.config import Settings, TrainingConfig
from mnist_core.training.cpu import prepare_tensorflow
from mnist_core.training.early_stopping import Curves, finished
from mnist_core.training.events import Done, EpochEnd, Hooks, Message, OnEvent, TrainingEvent
from mnist_core.training.export import draft_card, save_model
from mnist_core.training.inputs import TrainingData, TrainingInputs, describe_fine_tuning

if TYPE_CHECKING:
    import keras

    from mnist_core.distributed.trainer import DistributedTrainer

__all__ = ["train", "train_run", "try_run"]


def train(
    config: TrainingConfig,
    on_event: OnEvent = lambda event: None,
    directory: Path | None = None,
) -> ModelCard:
    """Train a network and save it under `models/<config.name>`, complete or not at all.

    The validation images are some of MNIST's training images; its test images are used once, at the
    end. The same seed on the same machine gives the same weights. The training is a run under
    `runs/`; if the last one of the same settings was interrupted, it is resumed after its last
    complete epoch, and ends with the same weights.

    Args:
        config: what to train and how.
        on_event: called with each event, in this thread.
        directory: where to save instead of `models_directory()`.

    Raises:
        TrainingError: the name is taken and `config.overwrite` is False, the loss diverged, or the
            model cannot be written.
        DatasetError: the embedded MNIST is missing or altered, or the initial model's card does
            not record its validation split.
        ModelNotFoundError, ModelLoadError: the initial model is missing or damaged.
        CorrectionsError: the corrections cannot be read.
    """
    check_is_chief(config)
    directory = directory or models_directory()
    run = begin_run(config, directory)
    with run.lock():
        return train_run(run, Hooks(on_event=on_event))


def train_run(run: Run, hooks: Hooks) -> ModelCard:
    """Train a run from its last complete epoch on, and save the model.

    The run's folder records all events and the outcome. The caller holds the run's lock.

    Args:
        run: a run that is not done.
        hooks: without checkpoints. Events are recorded before they are passed on. A stopped
            training saves the model of its last complete epoch.

    Raises:
        TrainingStopped: it was stopped before an epoch was complete.
        TrainingError, DatasetError, ModelNotFoundError, ModelLoadError, CorrectionsError: as of
            `train`.
    """
    with recorded(run, hooks.on_event) as report:
        result = _train(run, dataclasses.replace(hooks, on_event=report))
        card = _save(run, result, report)
        # The other workers may exit once the model is saved.
        if result.trainer:
            result.trainer.wait_for_all()
    if finished(run.config, result.curves):
        run.finish(Outcome(state="done", card=card))
        Checkpoints(run.checkpoints, {}).clear()
    else:
        epochs = f"{card.epochs} epoch{'s' * (card.epochs != 1)}"
        text = f"Stopped; the model of {epochs} was saved."
        run.finish(Outcome(state="cancelled", text=text, card=card))
    # The model is saved, even if the disk is too full to record this.
    with suppress(OSError):
        run.report(Done(card=card))
    hooks.on_event(Done(card=card))
    return card


def try_run(run: Run, hooks: Hooks) -> float:
    """Train a run as `train_run` does, but save no model; the validation accuracy, 0 to 1.

    Its checkpoints stay, so that a model can be made from them without training again.

    Raises:
        TrainingStopped: it was stopped.
        TrainingError, DatasetError, ModelNotFoundError, ModelLoadError, CorrectionsError: as of
            `train`.
    """
    with recorded(run, hooks.on_event) as report:
        result = _train(run, dataclasses.replace(hooks, on_event=report))
        if not finished(run.config, result.curves):
            raise TrainingStopped(f"The trial was stopped before its end. Received: {run.id}")
        images, labels = result.data.validation
        answers = result.model.predict(images, batch_size=1000, verbose=0)[:, :NOT_A_DIGIT]
        accuracy = float((answers.argmax(axis=1) == labels).mean())
    text = f"Trial: {accuracy:.2%} validation accuracy."
    run.finish(Outcome(state="done", text=text, validation_accuracy=accuracy))
    return accuracy


@dataclass(frozen=True, kw_only=True, eq=False)
class _Result:
    """A trained network, and what its model is made of."""

    model: keras.Model
    curves: Curves
    seconds: float
    data: TrainingData
    test: LabelledArrays
    inputs: TrainingInputs
    fine_tuning: Mapping[str, Any]
    trainer: DistributedTrainer | None


def _train(run: Run, hooks: Hooks) -> _Result:
    """Train a run from its last complete epoch on."""
    settings, directory, on_event = run.config, run.models, hooks.on_event
    check_is_chief(settings)
    check_free(settings.name, directory, overwrite=_may_replace(run))
    dataset = load_mnist()
    inputs = TrainingInputs.of(settings, directory)
    on_event(Message(text="Loading TensorFlow"))
    prepare_tensorflow()
    import keras
    import tensorflow as tf

    trainer = None
    if settings.strategy != "default":  # before TensorFlow computes anything
        from mnist_core.distributed.trainer import DistributedTrainer

        trainer = DistributedTrainer(settings, on_event)
    keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()

    on_event(Message(text=f"Training {settings.name}"))
    fine_tuning = inputs.evaluate_initial(settings)
    if "corrections" in fine_tuning:
        on_event(Message(text=f"Before: {describe_fine_tuning(fine_tuning, 'before')}"))
    data = inputs.split(settings, dataset)
    checkpoints = Checkpoints(run.checkpoints, _checkpoint_settings(settings, inputs))
    hooks = dataclasses.replace(hooks, checkpoints=checkpoints)
    earlier = _training_seconds(run.events(), run.epochs_done)
    start = time.perf_counter()
    model, curves = _fit(settings, inputs, data, hooks, trainer)
    seconds = earlier + time.perf_counter() - start
    if not curves:
        raise TrainingStopped(
            "The training was stopped before its first epoch was complete, so there is no model. "
            f"Start or resume it again. Received: {run.id}"
        )
    return _Result(
        model=model,
        curves=curves,
        seconds=seconds,
        data=data,
        test=dataset.test,
        inputs=inputs,
        fine_tuning=fine_tuning,
        trainer=trainer,
    )


def _checkpoint_settings(settings: Settings, inputs: TrainingInputs) -> dict[str, Any]:
    """What the weights depend on: not its name, its export, nor the machine."""
    values = dataclasses.asdict(dataclasses.replace(settings, name="any", overwrite=False))
    for name in ("strategy", "quantize", "initial_share"):
        del values[name]
    # Checkpoints of older versions lack these.
    for name in ("training_images", "blocks"):
        if values[name] is None:
            del values[name]
    return values | inputs.fingerprint()


def _save(run: Run, result: _Result, on_event: OnEvent) -> ModelCard:
    """Make a model of a trained network, and test it."""
    settings, overwrite = run.config, _may_replace(run)
    run.set_phase("saving")
    on_event(Message(text="Saving and testing"))
    draft = draft_card(
        name=settings.name,
        architecture=settings.architecture,
        parameters=result.model.count_params(),
        seed=settings.seed,
        epochs=len(result.curves["loss"]),
        training_seconds=round(result.seconds, 1),
        configuration=dataclasses.asdict(settings),
        fine_tuning=result.fine_tuning,
    )
    run.record_model(draft)
    with staged_model(settings.name, run.models, overwrite=overwrite) as stage:
        curves = json.dumps(result.curves, indent=1) + "\n"
        (stage / HISTORY).write_text(curves, encoding="utf-8")
        card = save_model(
            result.model,
            draft,
            stage,
            data=result.data,
            test=result.test,
            corrections=result.inputs.corrections,
        )
    if "corrections" in result.fine_tuning:
        on_event(Message(text=f"After: {describe_fine_tuning(card.fine_tuning)}"))
    return card


def _may_replace(run: Run) -> bool:
    return run.config.overwrite or run.has_own_model()


def _training_seconds(events: Iterable[TrainingEvent], epochs: int) -> float:
    """The duration of the first epochs; one that was trained twice counts once, as of its end."""
    ends = {event.epoch: event.seconds for event in events if isinstance(event, EpochEnd)}
    return sum(seconds for epoch, seconds in ends.items() if epoch <= epochs)


def _fit(
    settings: Settings,
    inputs: TrainingInputs,
    data: TrainingData,
    hooks: Hooks,
    trainer: DistributedTrainer | None,
) -> tuple[keras.Model, Curves]:
    """Train or fine-tune a network, and average its weights where that follows."""
    from mnist_core.training.fine_tuning import fine_tune
    from mnist_core.training.weight_averaging import mix

    if inputs.weights is not None and settings.include_corrections:
        model, curves = fine_tune(settings, inputs.weights, data, inputs.corrections, hooks)
    else:
        model, curves = _fit_all(settings, inputs, data, hooks, trainer)
    if inputs.weights is not None and settings.initial_share:
        mix(model, inputs.weights, settings.initial_share)
    return model, curves


def _fit_all(
    settings: Settings,
    inputs: TrainingInputs,
    data: TrainingData,
    hooks: Hooks,
    trainer: DistributedTrainer | None,
) -> tuple[keras.Model, Curves]:
    from mnist_core.training.fitting import fit
    from mnist_core.training.weight_averaging import average, averaged_epochs

    detects_non_digits = settings.network.uses_synthetic_data
    training = inputs.add_corrections(data.training, detects_non_digits=detects_non_digits)
    data = dataclasses.replace(data, training=training)
    model, curves = (trainer.fit if trainer else fit)(settings, data, hooks, initial=inputs.weights)
    if averaged_epochs(settings) and curves and finished(settings, curves):
        # A few epochs at the end, on one device; other workers wait for the model to be saved.
        alone = dataclasses.replace(settings, strategy="default")
        model, more = average(alone, model, data, hooks)
        curves = {name: values + more.get(name, []) for name, values in curves.items()}
    return model, curves
