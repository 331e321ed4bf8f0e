"""The form that a network has while it is trained. Imports TensorFlow.

It has the same weights in the same order as the saved network, which has Keras's own layers only.
Two layers differ:

- Batch normalization is one fused operation. Keras 3.15 builds it from a dozen elementwise
  operations and their gradients, each of which passes over all activations again.
- Branches each have an output and a loss of their own. Trained on their sum alone, branches depend
  on each other; branches that have to answer alone err in different places, and their mean errs
  less than any of them (S. Lee, S. Purushwalkam, M. Cogswell, D. Crandall and D. Batra, "Why M
  Heads are Better than One: Training a Diverse Ensemble of Deep Networks", arXiv:1511.06314, 2015:
  their "TreeNets" share the first layers, as the champion does).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from mnist_core.networks.structure import branches_of, single_layers

__all__ = ["BranchwiseDense", "FusedBatchNormalization", "training_form"]


# oneDNN has a quick bfloat16 kernel for whole vectors of channels only: for others it takes the
# reference, which is ten times slower than float32.
_VECTOR = 16


def training_form(model: keras.Model) -> keras.Model:
    """A network of `ARCHITECTURES` in the form that is trained: the same, or another like it.

    Its normalizations are fused. Where branches end in one last layer, that gives what each of them
    says by itself, (n, branches, outputs), when it is called in training.

    Args:
        model: untrained; its weights are not taken over.
    """
    if not any(
        isinstance(layer, keras.layers.BatchNormalization) for layer in single_layers(model)
    ):
        return model
    gpu = bool(tf.config.list_physical_devices("GPU"))
    widths = [branch.output_shape[-1] for branch in branches_of(model)]
    last = model.layers[-1]

    def trained(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.layers.BatchNormalization):
            return fused(layer, gpu=gpu)
        if layer is last and widths:
            return BranchwiseDense.from_config(layer.get_config() | {"widths": widths})
        return layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=trained, recursive=True)


class BranchwiseDense(keras.layers.Dense):  # type: ignore[misc]
    """`keras.layers.Dense` without activation over (n, units of all branches).

    It has the same weights and, but in training, gives the same: (n, units). In training it gives
    what each branch says by itself, (n, branches, units), whose mean over the branches that is.

    Args:
        units: its outputs.
        widths: how many units each branch has.
        **others: as of `keras.layers.Dense`.
    """

    def __init__(self, units: int, *, widths: Sequence[int], **others: Any) -> None:
        super().__init__(units, **others)
        self.widths = tuple(widths)

    def get_config(self) -> dict[str, Any]:
        """What makes another like it."""
        return {**super().get_config(), "widths": list(self.widths)}

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The answers."""
        if not training:
            return super().call(inputs)
        bounds = [int(bound) for bound in np.cumsum(self.widths)[:-1]]
        parts = ops.split(inputs, bounds, axis=-1), ops.split(self.kernel, bounds, axis=0)
        return ops.stack(
            [
                len(self.widths) * ops.matmul(features, kernel) + self.bias
                for features, kernel in zip(*parts, strict=True)
            ],
            axis=1,
        )


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """`keras.layers.BatchNormalization` over the last axis of (n, height, width, channels).

    It computes the same (S. Ioffe and C. Szegedy, "Batch Normalization", ICML 2015), has the same
    weights in the same order, and is quicker in training.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize; in training by the batch's own mean and variance, which are remembered."""
        if not training or not self.trainable:
            return super().call(inputs, training=training, mask=mask)
        normalized, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
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
        return normalized


def fused(layer: keras.layers.BatchNormalization, *, gpu: bool) -> FusedBatchNormalization:
    """Another like a normalization over the last axis, as yet without weights, but fused.

    Args:
        layer: built, so that its channels are known.
        gpu: it will compute on one.
    """
    config = layer.get_config()
    if not gpu and layer.moving_mean.shape[0] % _VECTOR:
        config["dtype"] = "float32"
    return FusedBatchNormalization.from_config(config)
