"""Grad-CAM: the pixels that a convolutional network uses for a digit, by the gradient of its logit.

R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization" (ICCV 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE, check_frames
from mnist_core.errors import MnistError
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.registry.card import ModelCard

if TYPE_CHECKING:
    import keras

__all__ = ["compute_grad_cam", "grad_cam"]

# The heat map is that of the last convolution with at least this many pixels per side.
_MIN_MAP = 6


def grad_cam(
    process: KerasProcess, card: ModelCard, frame: NDArray[np.uint8], digit: int
) -> NDArray[np.float32]:
    """The Grad-CAM heat map of a digit. The first one takes seconds, the next ones milliseconds.

    Args:
        process: computes it.
        card: of a model in `models_directory()`.
        frame: (28, 28) uint8, white ink on black.
        digit: 0 to 9.

    Returns:
        (28, 28) float32 with maximum 1; all 0 if no pixel is evidence for the digit.

    Raises:
        InvalidImageError: another shape or dtype of the frame.
        ModelLoadError: the Keras model is missing or damaged.
        MnistError: the model has no convolution, or is an ensemble; TensorFlow is not installed,
            or the process ended.
    """
    check_frames(frame[np.newaxis])
    return process.call("Grad-CAM", card, compute_grad_cam, frame, int(digit))


def compute_grad_cam(
    model: keras.Model, frame: NDArray[np.uint8], digit: int
) -> NDArray[np.float32]:
    """Compute what `grad_cam` returns; imports TensorFlow.

    The last convolution of an all-convolutional network has too few pixels to localize anything, so
    an earlier one is used. The heat maps of parallel branches are added.

    Args:
        model: one of `ARCHITECTURES`, from (n, 28, 28) float32, 0 to 255, to (n, 10 or 11) logits.
        frame: (28, 28) uint8, white ink on black.
        digit: 0 to 9.

    Returns:
        (28, 28) float32 with maximum 1; all 0 if no pixel is evidence for the digit.

    Raises:
        MnistError: the model has no convolution, or is an ensemble.
    """
    heat = np.zeros((FRAME_SIZE, FRAME_SIZE), np.float32)
    for layers in _layer_sequences(model):
        heat += _heat_map(layers, frame, digit, model.name)
    maximum = heat.max()
    return heat / maximum if maximum > 0 else heat


def _layer_sequences(model: keras.Model) -> list[list[Callable[[Any], Any]]]:
    """The layers from the image to the logits, or to the summand of each branch."""
    from mnist_core.networks.structure import branches_of

    branches = branches_of(model)
    if not branches:
        return [list(model.layers)]
    stem, last = model.layers[1], model.layers[-1]
    bounds = np.cumsum([branch.output_shape[-1] for branch in branches])[:-1]
    parts = np.split(last.kernel.numpy(), bounds)
    # A logit is the sum of a summand of each branch and the last layer's bias.
    return [
        [*stem.layers, *branch.layers, partial(_multiply, part)]
        for branch, part in zip(branches, parts, strict=True)
    ]


def _multiply(kernel: NDArray[np.float32], features: Any) -> Any:
    return features @ kernel


def _heat_map(
    layers: Sequence[Callable[[Any], Any]], frame: NDArray[np.uint8], digit: int, name: str
) -> NDArray[np.float32]:
    """The heat map of one sequence of layers: (28, 28), not negative."""
    import tensorflow as tf

    # Called without `training`, dropout and normalization are in inference mode.
    count, first, step = _find_convolution(layers, name)
    maps = tf.constant(frame[np.newaxis].astype(np.float32))
    for layer in layers[:count]:
        maps = layer(maps)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        values = maps
        for layer in layers[count:]:
            values = layer(values)
        logit = values[:, digit]
    gradient = tape.gradient(logit, maps)
    weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    cam = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))[0].numpy()
    # Each pixel of the map is placed in the center of its receptive field.
    placement = np.array([[step, 0, first], [0, step, first]], np.float64)
    return cv2.warpAffine(cam, placement, (FRAME_SIZE, FRAME_SIZE), flags=cv2.INTER_LINEAR)


def _find_convolution(
    sequence: Sequence[Callable[[Any], Any]], name: str
) -> tuple[int, float, float]:
    """Find the layer whose output is used, and the positions of its pixels in the frame.

    Returns:
        The number of layers up to that output; the center of the first pixel's receptive field in
        the frame, px; and the distance to the next one's, px.
    """
    from keras import layers

    found = None
    first, step = 0.0, 1.0
    pointwise = (layers.BatchNormalization, layers.Activation, layers.ReLU)
    for index, layer in enumerate(sequence):
        if isinstance(layer, layers.Conv2D | layers.MaxPooling2D):
            is_convolution = isinstance(layer, layers.Conv2D)
            window = (layer.kernel_size if is_convolution else layer.pool_size)[0]
            if layer.padding == "valid":
                first += step * (window - 1) / 2
            step *= layer.strides[0]
            if is_convolution and (found is None or layer.output.shape[1] >= _MIN_MAP):
                found = index, first, step
        elif isinstance(layer, pointwise) and found and found[0] == index - 1:
            found = index, first, step
    if found is None:
        raise MnistError(
            f"Grad-CAM needs a network with convolutions. Choose another model. Received: {name!r}"
        )
    return found[0] + 1, *found[1:]
