"""The end of a training from the world: weights averaged on the way. Imports TensorFlow.

When its learning rate has fallen to zero, the network goes on at a constant one, and its weights
are averaged as it moves about: the average lies in the middle of what is good, and reads better
than any point on the way (P. Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
Generalization", UAI 2018). Of 5,000 held-out images two champions of one branch misread 23 and 20
before and 19 and 15 after six and four such epochs; the bundled one 17 before and after. A few are
enough: after ten more, the average that had misread 15 misread 21.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.transforms import batches
from mnist_core.networks.architectures import get_architecture
from mnist_core.training.callbacks import StopTraining, TrainingCallback
from mnist_core.training.config import TrainingConfig
from mnist_core.training.early_stopping import Curves
from mnist_core.training.events import BatchEnd, EpochEnd, Message, OnEvent, TrainingEvent
from mnist_core.training.fitting import build_compiled_model, synthetic_sources

__all__ = ["average", "averaged_epochs"]

# Epochs of it for each epoch before, rounded; a short training has none.
_SHARE = 0.05
# Its learning rate, how strongly images are altered, and the share of a whole training's pictures.
_RATE, _STRENGTH, _PICTURES = 6e-4, 0.5, 0.5
# Steps between two points that are averaged.
_EVERY = 86

Images = NDArray[np.uint8]


def averaged_epochs(config: TrainingConfig) -> int:
    """How many epochs of averaging follow a training; 0 for those that are not from the world."""
    assert config.epochs
    uses_synthetic_data = get_architecture(config.architecture).uses_synthetic_data
    return (
        round(_SHARE * config.epochs) if uses_synthetic_data and config.initial_model is None else 0
    )


def average(
    config: TrainingConfig,
    model: keras.Model,
    training: tuple[Images, Images],
    validation: tuple[Images, Images],
    on_event: OnEvent,
    stopping: Callable[[], bool],
) -> tuple[keras.Model, Curves]:
    """Go on with a trained network, and average its weights on the way.

    It takes minutes, and always begins anew: whoever interrupts it loses those minutes only.

    Args:
        config: of the training that is over; `averaged_epochs` of it is at least 1.
        model: what it gave; it is not changed.
        training: (n, 28, 28) images and (n,) labels, uint8.
        validation: the same, of images held out.
        on_event: called with each event, in this thread.
        stopping: asked all the time; True leaves the network as it was.

    Returns:
        The averaged network, and the curves of these epochs, of the network on its way; or the
        network as it was, and no curves.
    """
    on_event(Message(text="Averaging: drawing other digits, and what is none"))
    assert config.epochs
    assert config.batch_size
    own = dataclasses.replace(
        config,
        epochs=averaged_epochs(config),
        learning_rate=_RATE,
        schedule="constant",
        seed=(config.seed + 1) % 2**32,
        target_accuracy=None,
        patience=None,
    )
    assert own.epochs
    # Chance begins anew, whether the training before was resumed or not.
    keras.utils.set_random_seed(own.seed)
    steps = -(-len(training[0]) // config.batch_size)
    moving = build_compiled_model(get_architecture(config.architecture), own, steps)
    moving.set_weights(model.get_weights())
    averager, curves = _Averager(), Curves()
    reporter = TrainingCallback(own, steps, curves, None, _later(on_event, config.epochs), stopping)
    sources = synthetic_sources(training, own.seed, _PICTURES)
    remaining = range(own.epochs * steps)
    try:
        moving.fit(
            batches(sources, config.batch_size, remaining, own.seed, strength=_STRENGTH),
            epochs=own.epochs,
            steps_per_epoch=steps,
            validation_data=validation,
            shuffle=False,
            verbose=0,
            callbacks=[averager, reporter],
        )
    except StopTraining:
        return model, {}
    averager.give_to(moving)
    return moving, curves


class _Averager(keras.callbacks.Callback):  # type: ignore[misc]
    """Averages all of a network's weights, the statistics of its normalizations among them."""

    def __init__(self) -> None:
        super().__init__()
        self._steps = self._points = 0
        self._means: list[NDArray[np.float64]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._steps += 1
        if self._steps % _EVERY:
            return
        weights = [weight.astype(np.float64) for weight in self.model.get_weights()]
        self._points += 1
        self._means = [
            mean + (weight - mean) / self._points
            for mean, weight in zip(self._means or weights, weights, strict=True)
        ]

    def give_to(self, model: keras.Model) -> None:
        """Give a network the averages, if there are any."""
        if self._means:
            model.set_weights(self._means)


def _later(on_event: OnEvent, epochs: int) -> OnEvent:
    """Count epochs on from those of the training before."""

    def tell(event: TrainingEvent) -> None:
        if isinstance(event, BatchEnd | EpochEnd):
            event = dataclasses.replace(
                event, epoch=epochs + event.epoch, epochs=epochs + event.epochs
            )
        on_event(event)

    return tell
