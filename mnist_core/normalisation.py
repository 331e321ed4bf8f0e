"""Batch normalisation in one operation, for training. Imports TensorFlow.

Keras 3.15 puts batch normalisation together from a dozen elementwise operations and their
gradients, each of which goes through all of the activations once more. TensorFlow has had it as one
fused operation all along.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

__all__ = ["FusedBatchNormalization", "fused"]

# oneDNN has a quick bfloat16 kernel for whole vectors of channels only: for others it takes the
# reference, which is ten times slower than float32.
_VECTOR = 16


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """`keras.layers.BatchNormalization` over the last axis of (n, height, width, channels).

    It computes the same (S. Ioffe and C. Szegedy, "Batch Normalization", ICML 2015), has the same
    weights in the same order, and is quicker in training.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise; in training by the batch's own mean and variance, which are remembered."""
        if not training or not self.trainable:
            return super().call(inputs, training=training, mask=mask)
        normalised, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        # TensorFlow gives the variance of the population, by n - 1; Keras remembers that by n.
        count = tf.cast(tf.size(inputs) // tf.shape(inputs)[-1], tf.float32)
        variance *= (count - 1) / tf.maximum(count, 1)
        for remembered, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            remembered.assign(remembered * self.momentum + value * (1 - self.momentum))
        return normalised


def fused(layer: keras.layers.BatchNormalization, *, gpu: bool) -> FusedBatchNormalization:
    """Another like a normalisation over the last axis, as yet without weights, but fused.

    Args:
        layer: built, so that its channels are known.
        gpu: it will compute on one.
    """
    config = layer.get_config()
    if not gpu and layer.moving_mean.shape[0] % _VECTOR:
        config["dtype"] = "float32"
    return FusedBatchNormalization.from_config(config)
