"""Measurements of Grad-CAM's layers, for processes of their own: TensorFlow is large."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class ReceptiveFields(NamedTuple):
    """The centers of the receptive fields of a map's pixels along one side, px of the frame."""

    network: str
    side: int
    measured: list[float]
    computed: list[float]


def measure_receptive_fields() -> list[ReceptiveFields]:
    """For each path through the networks, by the gradient and by `_find_convolution`."""
    import tensorflow as tf

    from mnist_core.explanation.grad_cam import _find_convolution, _layer_sequences
    from mnist_core.networks.architectures import get_architecture

    fields = []
    pixels = np.random.default_rng(3).uniform(0, 255, (1, 28, 28)).astype(np.float32)
    for model in (get_architecture(name).build() for name in ("cnn", "champion")):
        for layers in _layer_sequences(model):
            count, first, step = _find_convolution(layers, model.name)
            frame = tf.constant(pixels)
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(frame)
                maps = frame
                for layer in layers[: count - 1]:
                    maps = layer(maps)
                side = int(maps.shape[1])
                sums = [tf.reduce_sum(tf.abs(maps[0, i, i])) for i in range(side)]
            measured = []
            for value in sums:
                rows = np.flatnonzero(np.abs(tape.gradient(value, frame)[0]).sum(axis=1))
                measured.append((rows[0] + rows[-1]) / 2)
            computed = [first + step * i for i in range(side)]
            fields.append(ReceptiveFields(model.name, side, measured, computed))
    return fields


def measure_sum_of_branches() -> float:
    """The largest difference of the champion's logits and the sum of its branches and bias."""
    from mnist_core.explanation.grad_cam import _layer_sequences
    from mnist_core.networks.architectures import get_architecture

    model = get_architecture("champion").build()
    image = np.random.default_rng(3).uniform(0, 255, (1, 28, 28)).astype(np.float32)
    model.layers[-1].bias.assign(np.arange(11))
    total = np.asarray(model.layers[-1].bias)[np.newaxis]
    for layers in _layer_sequences(model):
        values = image
        for layer in layers:
            values = layer(values)
        total = total + np.asarray(values)
    return float(np.abs(total - model(image)).max())
