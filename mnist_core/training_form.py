"""The form that a network has while it is trained. Imports TensorFlow.

It has the same weights in the same order as the one that is saved, which consists of Keras's own
layers alone.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from mnist_core.branches import BranchwiseDense, branches_of, single_layers
from mnist_core.normalisation import fused

__all__ = ["training_form"]


def training_form(model: keras.Model) -> keras.Model:
    """A network of `ARCHITECTURES` in the form that is trained: the same, or another like it.

    Its normalisations are fused. Where branches end in one last layer, that gives what each of them
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
