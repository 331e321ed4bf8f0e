"""Fitting a network to images: the loop, its curves and its checkpoints. Imports TensorFlow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_core.architectures import Architecture, get_architecture
from mnist_core.augmentation import Source, batches
from mnist_core.checkpoints import Checkpoints
from mnist_core.errors import TrainingError
from mnist_core.events import BatchEnd, EpochEnd, Message, TrainingEvent
from mnist_core.handwriting import draw_digits
from mnist_core.losses import NO_DIGIT, DigitAccuracy, digit_loss
from mnist_core.outliers import draw_outliers
from mnist_core.reinking import reink

if TYPE_CHECKING:
    from mnist_core.training import TrainingConfig

__all__ = ["Curves", "Images", "Reporter", "fit", "from_the_world"]

# Batches between two BatchEnd events: often enough to watch, seldom enough to cost nothing.
_REPORT_EVERY = 10
# Pictures made before a training from the world begins, and their share of every batch.
_REINKED, _DRAWN, _OUTLIERS = (40_000, 0.11), (80_000, 0.16), (60_000, 0.08)
# Images are altered at full strength for this share of the training, then less and less down to
# this strength, so that the network ends on digits as people write them.
_FULL_STRENGTH, _LAST_STRENGTH = 0.7, 0.4
# Share of the training in which its learning rate rises, and the decay of weights (Loshchilov and
# Hutter, "Decoupled Weight Decay Regularization", ICLR 2019).
_WARM_UP, _WEIGHT_DECAY = 0.03, 0.02

Images = NDArray[np.uint8]
Curves = dict[str, list[float]]


def fit(
    config: TrainingConfig,
    training: tuple[Images, Images],
    validation: tuple[Images, Images],
    on_event: Callable[[TrainingEvent], None],
    checkpoints: Checkpoints,
) -> tuple[keras.Model, Curves]:
    """Train a network.

    Args:
        config: what and how.
        training: (n, 28, 28) images and (n,) labels, uint8.
        validation: the same, of images held out.
        on_event: called with each event, in this thread.
        checkpoints: where a training from the world is saved after each epoch, and goes on from.

    Returns:
        The network, and its curves by epoch: "loss", "accuracy", "val_loss", "val_accuracy".

    Raises:
        TrainingError: the loss diverged.
    """
    assert config.epochs and config.batch_size and config.learning_rate
    architecture = get_architecture(config.architecture)
    steps = -(-len(training[0]) // config.batch_size)
    model = _compiled(architecture, config.learning_rate, steps, config.epochs)
    curves: Curves = {}
    arguments: dict[str, Any] = {"batch_size": config.batch_size}
    saved = checkpoints if architecture.from_the_world else None
    if architecture.from_the_world:
        curves = checkpoints.restore(model)
        done = len(curves.get("loss", ()))
        if done:
            on_event(Message(text=f"Going on after epoch {done}"))
        on_event(Message(text="Drawing digits, and what is none"))
        data = batches(
            from_the_world(training, config.seed),
            config.batch_size,
            range(done * steps, config.epochs * steps),
            config.seed,
            strength=_fading(config.epochs * steps),
        )
        arguments = {"steps_per_epoch": steps, "initial_epoch": done}
        training = (data,)  # type: ignore[assignment]
    if len(curves.get("loss", ())) < config.epochs:
        model.fit(
            *training,
            epochs=config.epochs,
            validation_data=validation,
            shuffle=not architecture.from_the_world,
            verbose=0,
            callbacks=[Reporter(config, steps, curves, saved, on_event)],
            **arguments,
        )
    return model, curves


def _fading(steps: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """How strongly the images of a step are altered."""

    def strength(step: tf.Tensor) -> tf.Tensor:
        left = (1 - tf.cast(step, tf.float32) / steps) / (1 - _FULL_STRENGTH)
        return _LAST_STRENGTH + (1 - _LAST_STRENGTH) * tf.minimum(left, 1.0)

    return strength


def _compiled(
    architecture: Architecture, learning_rate: float, steps: int, epochs: int
) -> keras.Model:
    model = architecture.build()
    rate: Any = learning_rate
    if not architecture.from_the_world:
        if architecture.decay:
            rate = keras.optimizers.schedules.CosineDecay(rate, steps * epochs)
        model.compile(
            keras.optimizers.Adam(rate),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        return model
    rising = round(_WARM_UP * steps * epochs)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps * epochs - rising, warmup_target=rate, warmup_steps=rising
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=_WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer, digit_loss, metrics=[DigitAccuracy(name="accuracy")])
    return model


def from_the_world(training: tuple[Images, Images], seed: int, part: float = 1.0) -> list[Source]:
    """MNIST as it is and with other pens, styles that it lacks, and what is no digit.

    Args:
        training: (n, 28, 28) images and (n,) labels, uint8.
        seed: of all chance.
        part: how much of what a whole training draws is drawn, above 0 and at most 1.
    """
    images, labels = training
    random = np.random.default_rng(seed)
    (again, share), (drawn, drawn_share), (others, others_share) = (
        (max(1, round(part * count)), share) for count, share in (_REINKED, _DRAWN, _OUTLIERS)
    )
    chosen = random.permutation(len(images))[:again]
    digits = random.integers(0, 10, drawn).astype(np.uint8)
    return [
        Source(images, labels, 1 - share - drawn_share - others_share),
        Source(reink(images[chosen], random), labels[chosen], share),
        Source(draw_digits(digits, random), digits, drawn_share),
        Source(draw_outliers(others, random), np.full(others, NO_DIGIT, np.uint8), others_share),
    ]


class Reporter(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells how a training goes, keeps its curves and saves it after each epoch."""

    def __init__(
        self,
        config: TrainingConfig,
        steps: int,
        curves: Curves,
        checkpoints: Checkpoints | None,
        on_event: Callable[[TrainingEvent], None],
    ) -> None:
        super().__init__()
        self._config, self._steps, self._curves = config, steps, curves
        self._checkpoints, self._on_event = checkpoints, on_event

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._start = epoch + 1, time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (batch + 1) % _REPORT_EVERY and batch + 1 != self._steps:
            return
        assert self._config.epochs
        self._on_event(
            BatchEnd(
                epoch=self._epoch,
                epochs=self._config.epochs,
                batch=batch + 1,
                batches=self._steps,
                loss=float(logs["loss"]),
                accuracy=float(logs["accuracy"]),
            )
        )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not np.isfinite(logs["loss"]):
            raise TrainingError(
                "The loss is no number any more: the training diverged. Try a lower learning "
                f"rate. Received: learning_rate={self._config.learning_rate}"
            )
        assert self._config.epochs
        values = {key: float(logs[key]) for key in ("accuracy", "loss", "val_accuracy", "val_loss")}
        for key, value in values.items():
            self._curves.setdefault(key, []).append(value)
        if self._checkpoints:
            self._checkpoints.save(self.model, self._curves)
        seconds = time.perf_counter() - self._start
        self._on_event(
            EpochEnd(epoch=self._epoch, epochs=self._config.epochs, seconds=seconds, **values)
        )
        target = self._config.target_accuracy
        if target is not None and logs["accuracy"] >= target:
            self.model.stop_training = True
