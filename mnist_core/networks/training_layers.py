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


# oneDNN has a fast bfloat16 kernel only for multiples of 16 channels; for others it takes the
# reference kernel, which is ten times slower than float32.
_VECTOR = 16


def training_form(model: keras.Model) -> keras.Model:
    """The training form of a network of `ARCHITECTURES` or of blocks; itself if it needs none.

    Its batch normalizations are fused. If it has branches, its output in training is the logits of
    each branch, (n, branches, outputs).

    Args:
        model: untrained; its weights are not copied.
    """
    if not any(map(_can_fuse, single_layers(model))):
        return model
    gpu = bool(tf.config.list_physical_devices("GPU"))
    widths = [branch.output_shape[-1] for branch in branches_of(model)]
    last = model.layers[-1]

    def convert(layer: keras.layers.Layer) -> keras.layers.Layer:
        if _can_fuse(layer):
            return _fuse(layer, gpu=gpu)
        if layer is last and widths:
            return BranchwiseDense.from_config(layer.get_config() | {"widths": widths})
        return layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=convert, recursive=True)


class BranchwiseDense(keras.layers.Dense):  # type: ignore[misc]
    """`keras.layers.Dense` without activation over (n, features of all branches).

    It has the same weights and, at inference, the same output: (n, units). In training its output
    is that of each branch alone, (n, branches, units); their mean is the output at inference.

    Args:
        units: number of outputs.
        widths: number of features of each branch.
        **others: arguments of `keras.layers.Dense`.
    """

    def __init__(self, units: int, *, widths: Sequence[int], **others: Any) -> None:
        super().__init__(units, **others)
        self.widths = tuple(widths)

    def get_config(self) -> dict[str, Any]:
        """The arguments that build the same layer."""
        return {**super().get_config(), "widths": list(self.widths)}

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The logits, of all branches together or of each."""
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

    It computes the same values (S. Ioffe and C. Szegedy, "Batch Normalization", ICML 2015), has the
    same weights in the same order, and is faster in training.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize, in training by the batch's mean and variance, and update the moving ones."""
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
        # TensorFlow returns the unbiased variance (n - 1); Keras averages the biased one (n).
        count = tf.cast(tf.size(inputs) // tf.shape(inputs)[-1], tf.float32)
        variance *= (count - 1) / tf.maximum(count, 1)
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return normalized


def _can_fuse(layer: keras.layers.Layer) -> bool:
    """Whether it is a normalization of images; there is no fused one for (n, features)."""
    is_normalization = isinstance(layer, keras.layers.BatchNormalization)
    return is_normalization and len(layer.output.shape) == 4


def _fuse(layer: keras.layers.BatchNormalization, *, gpu: bool) -> FusedBatchNormalization:
    """A fused layer with the settings of a built normalization over the last axis."""
    config = layer.get_config()
    if not gpu and layer.moving_mean.shape[0] % _VECTOR:
        config["dtype"] = "float32"
    return FusedBatchNormalization.from_config(config)
