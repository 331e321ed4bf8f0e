"""Weight averaging at the end of a training. Imports TensorFlow.

When the learning rate of a training on synthetic data has decayed to zero, training continues at a
constant one, and the weights along the way are averaged: the average lies in the middle of a wide
optimum and generalizes better than any point on the way (P. Izmailov et al., "Averaging Weights
Leads to Wider Optima and Better Generalization", UAI 2018). Of 5,000 validation images, two
champions of one branch misread 23 and 20 before, and 19 and 15 after six and four such epochs; one
of three branches 17 before and after. A few epochs are enough: after ten more, the average that had
misread 15 misread 21.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.transforms import batches
from mnist_core.training.config import Settings
from mnist_core.training.early_stopping import Curves
from mnist_core.training.events import BatchEnd, EpochEnd, Hooks, Message, OnEvent, TrainingEvent
from mnist_core.training.fitting import (
    build_compiled_model,
    load_initial_weights,
    train_epochs,
)
from mnist_core.training.inputs import TrainingData
from mnist_core.training.sources import synthetic_sources

__all__ = ["average", "averaged_epochs", "mix"]

# Epochs of averaging per epoch before, rounded: a short training has none.
_EPOCH_SHARE = 0.05
_LEARNING_RATE, _AUGMENTATION, _SYNTHETIC_SIZE = 6e-4, 0.5, 0.5
# Steps between two points that are averaged.
_EVERY = 86


def averaged_epochs(settings: Settings) -> int:
    """How many epochs of averaging follow a training; 0 if it uses no synthetic data."""
    synthetic = settings.network.uses_synthetic_data
    if not synthetic or settings.initial_model is not None:
        return 0
    return round(_EPOCH_SHARE * settings.epochs)


def average(
    settings: Settings, model: keras.Model, data: TrainingData, hooks: Hooks
) -> tuple[keras.Model, Curves]:
    """Train a network further, and average its weights along the way.

    This takes minutes and saves no checkpoints; if it is interrupted, it starts over. The model
    itself is not changed; `averaged_epochs` must be at least 1.

    Returns:
        The averaged network, and the curves of these epochs (of the network along the way, not the
        average); if stopped, the model as it was, and no curves.
    """
    hooks.on_event(Message(text="Averaging weights: generating more synthetic images"))
    own = dataclasses.replace(
        settings,
        epochs=averaged_epochs(settings),
        learning_rate=_LEARNING_RATE,
        schedule="constant",
        seed=(settings.seed + 1) % 2**32,
        target_accuracy=None,
        patience=None,
    )
    # The same random state, whether the training before was resumed or not.
    keras.utils.set_random_seed(own.seed)
    steps = data.steps_per_epoch(own)
    moving = build_compiled_model(own, steps)
    moving.set_weights(model.get_weights())
    sources = synthetic_sources(data.training, own.seed, _SYNTHETIC_SIZE)
    averager = _Averager()
    curves = train_epochs(
        moving,
        own,
        data,
        Hooks(on_event=_offset_epochs(hooks.on_event, settings.epochs), stopping=hooks.stopping),
        lambda s: batches(sources, own.batch_size, s, own.seed, strength=_AUGMENTATION),
        data.validation,
        callbacks=[averager],
        steps_per_epoch=steps,
    )
    if not curves:
        return model, {}
    averager.set_means(moving)
    return moving, curves


def mix(model: keras.Model, initial: Path, share: float) -> None:
    """Give a network the mean of its weights and those that its training began with.

    On the line between the two, networks are better on what the first one learned than the second,
    and on what the second one learned than the first (M. Wortsman et al., "Robust Fine-Tuning of
    Zero-Shot Models", CVPR 2022, which recommends half of each).

    Args:
        model: the trained network, which is changed.
        initial: a `.keras` file of the same network.
        share: of the initial weights, 0 to 1.

    Raises:
        ModelLoadError: the file cannot be read.
        TrainingError: it is another network's.
    """
    trained = model.get_weights()
    load_initial_weights(model, initial)
    pairs = zip(model.get_weights(), trained, strict=True)
    model.set_weights([share * before + (1 - share) * after for before, after in pairs])


class _Averager(keras.callbacks.Callback):  # type: ignore[misc]
    """Averages all weights of a network, including the statistics of its normalizations."""

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

    def set_means(self, model: keras.Model) -> None:
        """Give a network the averages, if there are any."""
        if self._means:
            model.set_weights(self._means)


def _offset_epochs(on_event: OnEvent, epochs: int) -> OnEvent:
    """Count the epochs of events from the end of the training before."""

    def forward(event: TrainingEvent) -> None:
        if isinstance(event, BatchEnd | EpochEnd):
            event = dataclasses.replace(
                event, epoch=epochs + event.epoch, epochs=epochs + event.epochs
            )
        on_event(event)

    return forward
