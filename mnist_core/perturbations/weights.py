"""Changed weights: with noise, with fewer bits, or with a layer or branch switched off.

The weights are the kernels of convolutions and dense layers of the Keras model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES, FRAME_SIZE, check_frames
from mnist_core.errors import MnistError, require_choice
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.registry.card import ModelCard

if TYPE_CHECKING:
    import keras

__all__ = [
    "BITS",
    "CHANGES",
    "NOISE",
    "classify_changed",
    "compute_changed_logits",
    "find_parts",
    "list_parts",
]

# Standard deviation of the noise, relative to that of the layer's weights.
NOISE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
BITS = (8, 7, 6, 5, 4, 3, 2)
CHANGES = ("noise", "bits", "off")
_KINDS = {"Conv2D": "convolution", "DepthwiseConv2D": "convolution", "Dense": "dense"}
_SEED = 0
_MOST_NOISE, _MOST_BITS = 10, 16

Level = float | str


def classify_changed(
    process: KerasProcess,
    card: ModelCard,
    frames: NDArray[np.uint8],
    change: str,
    levels: Sequence[Level],
) -> NDArray[np.float32]:
    """Classify images with changed weights. The first call takes seconds.

    Args:
        process: holds the Keras model, which is in float32 even where `model.tflite` has 8 bits.
        card: of a model in `models_directory()`.
        frames: (n, 28, 28) uint8, white ink on black; n may be 0.
        change: one of `CHANGES`.
        levels: of "noise", its standard deviations, relative to that of each layer's weights, 0 to
            10; of "bits", their numbers, 2 to 16; of "off", names from `list_parts`.

    Returns:
        (levels, n, 10) float32 probabilities.

    Raises:
        InvalidImageError: another shape or dtype of the frames.
        ModelLoadError: the Keras model is missing or damaged.
        MnistError: there is no such change or level, TensorFlow is not installed, or the process
            ended.
    """
    from scipy.special import softmax

    check_frames(frames)
    require_choice("The change", change, CHANGES)
    logits = process.call(
        "A change of the weights", card, compute_changed_logits, frames, change, tuple(levels)
    )
    return softmax(logits[..., :CLASSES] / card.temperature, axis=-1).astype(np.float32)


def list_parts(process: KerasProcess, card: ModelCard) -> list[str]:
    """The branches and layers that can be switched off, in the order of computation.

    Raises:
        ModelLoadError, MnistError: as for `classify_changed`.
    """
    return process.call("Switching layers off", card, find_parts)


def find_parts(model: keras.Model) -> list[str]:
    """Compute what `list_parts` returns; imports Keras."""
    return [*_branch_rows(model), *_layers(model)]


def compute_changed_logits(
    model: keras.Model, frames: NDArray[np.uint8], change: str, levels: Sequence[Level]
) -> NDArray[np.float32]:
    """The logits, (levels, n, outputs), of a model that is the same afterwards; imports Keras."""
    layers = _layers(model)
    saved = model.get_weights()
    images = frames.astype(np.float32)
    results = []
    try:
        for level in levels:
            if change == "noise":
                _add_noise(list(layers.values()), level)
            elif change == "bits":
                _round_weights(list(layers.values()), level)
            else:
                _switch_off(model, layers, level)
            results.append(_forward(model)(images).numpy())
            model.set_weights(saved)
    finally:
        model.set_weights(saved)
    return np.stack(results)


def _add_noise(layers: Sequence[keras.layers.Layer], deviation: Level) -> None:
    deviation = _number("The noise", deviation, 0, _MOST_NOISE)
    # The same noise at each level, only stronger.
    rng = np.random.default_rng(_SEED)
    for layer in layers:
        kernel = np.asarray(layer.kernel)
        noise = rng.standard_normal(kernel.shape, np.float32)
        layer.kernel.assign(kernel + np.float32(deviation) * kernel.std() * noise)


def _round_weights(layers: Sequence[keras.layers.Layer], bits: Level) -> None:
    """Round to equal steps from -maximum to maximum of each output channel, as LiteRT does."""
    steps = 2 ** (int(_number("The number of bits", bits, 2, _MOST_BITS)) - 1) - 1
    for layer in layers:
        kernel = np.asarray(layer.kernel)
        maximum = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)), keepdims=True)
        scale = np.where(maximum > 0, maximum, 1) / steps
        layer.kernel.assign(np.rint(kernel / scale) * scale)


def _switch_off(model: keras.Model, layers: dict[str, keras.layers.Layer], name: Level) -> None:
    """Set a layer's weights to 0, or those that lead from a branch to the logits."""
    branches = _branch_rows(model)
    require_choice("The layer or branch", name, [*branches, *layers])
    if name in branches:
        last = model.layers[-1]
        kernel = np.array(last.kernel)
        kernel[branches[str(name)]] = 0
        last.kernel.assign(kernel)
    else:
        for weight in layers[str(name)].weights:
            weight.assign(np.zeros(weight.shape, np.float32))


def _number(name: str, value: Level, low: float, high: float) -> float:
    if isinstance(value, str) or not low <= value <= high:
        raise MnistError(f"{name} must be a number from {low:g} to {high:g}. Received: {value!r}")
    return value


def _branch_rows(model: keras.Model) -> dict[str, slice]:
    """The rows of the last kernel that belong to each branch; {} for a network without any."""
    from mnist_core.networks.structure import branches_of

    try:
        branches = branches_of(model)
    except MnistError:  # an ensemble: its members' layers can be switched off
        return {}
    ends = np.cumsum([0, *(branch.output_shape[-1] for branch in branches)]).tolist()
    return {
        f"branch {branch.name.replace('_', ' ')}": slice(start, end)
        for branch, start, end in zip(branches, ends[:-1], ends[1:], strict=True)
    }


def _layers(model: keras.Model) -> dict[str, keras.layers.Layer]:
    """The layers with a kernel, named and numbered as `ActivationReader` does."""
    named: dict[str, keras.layers.Layer] = {}
    for layer in _leaves(model):
        if kind := _KINDS.get(type(layer).__name__):
            number = 1 + sum(name.startswith(kind) for name in named)
            named[f"{kind} {number}"] = layer
    return named


def _leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _leaves(layer)
        else:
            yield layer


@lru_cache(maxsize=3)
def _forward(model: keras.Model) -> Any:
    """The compiled model: of images, (n, 28, 28) from 0 to 255."""
    import tensorflow as tf

    signature = [tf.TensorSpec([None, FRAME_SIZE, FRAME_SIZE])]
    return tf.function(model, input_signature=signature)
