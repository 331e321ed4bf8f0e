"""The activations of a LiteRT network: the output of each layer, and the embedding before the last.

The interpreter is asked to keep all tensors, so the values are exactly those of a normal reading.
LiteRT calls that option experimental and has no public list of a network's operators; both are
pinned with the package and covered by tests. The alternative, a rewritten model file, needs
LiteRT's generated schema of ten thousand lines.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import check_frames
from mnist_core.errors import ModelLoadError
from mnist_core.registry.card import TFLITE, ModelCard
from mnist_core.registry.store import read_verified

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

__all__ = ["Activation", "ActivationReader", "open_activations"]

# LiteRT's operators, under the names of layers.
_KINDS = {
    "CONV_2D": "convolution",
    "DEPTHWISE_CONV_2D": "convolution",
    "MAX_POOL_2D": "pooling",
    "AVERAGE_POOL_2D": "pooling",
    "FULLY_CONNECTED": "dense",
}
# Smaller batches are faster on one core.
_MIN_PARALLEL = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Activation:
    """The output of one layer for one image.

    Attributes:
        name: kind and number of the layer, such as "convolution 2".
        values: (height, width, channels) float32 of a convolution or pooling, (units,) of a dense
            layer, after its activation function.
        window: side of a convolution's kernel, px; None for other layers.
    """

    name: str
    values: NDArray[np.float32]
    window: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Layer:
    """A layer of the network, and the indices of its input and output tensors."""

    name: str
    window: int | None
    input: int
    output: int


class ActivationReader:
    """Reads the activations of a LiteRT network. Any number of threads may share one.

    Args:
        content: a LiteRT model, as for `Recognizer`.
        card: the model's card.

    Raises:
        ModelLoadError: the content is not such a model, or its last layer is not dense.
    """

    def __init__(self, content: bytes, card: ModelCard) -> None:
        self.card = card
        self._content = content
        try:
            self._layers = _list_layers(self._new_interpreter())
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(
                f"The activations of model {card.name!r} cannot be read ({error}). Restore its "
                f"folder, or train it again. Received: {len(content):,} bytes"
            ) from error

    def features(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The inputs of the last layer for each image: the network's embedding.

        Args:
            frames: (n, 28, 28) uint8, white ink on black; n may be 0.

        Returns:
            (n, units) float32.

        Raises:
            InvalidImageError: another shape or dtype.
        """
        check_frames(frames)
        workers = (os.cpu_count() or 1) if len(frames) >= _MIN_PARALLEL else 1
        with ThreadPoolExecutor(workers) as pool:
            parts = pool.map(self._compute_features, np.array_split(frames, workers))
            return np.concatenate(list(parts))

    def layers(self, frame: NDArray[np.uint8]) -> list[Activation]:
        """The activations of all layers for one image, from the first to the logits.

        Args:
            frame: (28, 28) uint8, white ink on black.

        Raises:
            InvalidImageError: another shape or dtype.
        """
        check_frames(frame[np.newaxis])
        interpreter = self._new_interpreter()
        _run(interpreter, frame)
        details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
        return [
            Activation(
                name=layer.name,
                values=_as_floats(interpreter.get_tensor(layer.output)[0], details[layer.output]),
                window=layer.window,
            )
            for layer in self._layers
        ]

    def _compute_features(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        interpreter, index = self._new_interpreter(), self._layers[-1].input
        units = int(interpreter.get_tensor_details()[index]["shape"][-1])
        features = np.empty((len(frames), units), np.float32)
        for row, frame in enumerate(frames):
            _run(interpreter, frame)
            features[row] = interpreter.get_tensor(index)[0]
        return features

    def _new_interpreter(self) -> Interpreter:
        # One for each call: it takes milliseconds, and threads cannot share one.
        from ai_edge_litert.interpreter import Interpreter

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "for debugging purposes only"
            interpreter = Interpreter(
                model_content=self._content,
                num_threads=1,
                experimental_preserve_all_tensors=True,
            )
        interpreter.allocate_tensors()
        return interpreter


def open_activations(card: ModelCard, directory: Path | None = None) -> ActivationReader:
    """Open a model to read its activations.

    Args:
        card: the model's card.
        directory: where to look instead of `models_directory()`.

    Raises:
        ModelLoadError: the model is damaged, or its last layer is not dense.
    """
    return ActivationReader(read_verified(card, TFLITE, directory), card)


def _list_layers(interpreter: Interpreter) -> list[_Layer]:
    """The layers of a network, in the order of computation.

    Raises:
        ValueError: the last layer is not dense.
    """
    # Delegates repeat the operators that they take over.
    operators = [op for op in interpreter._get_ops_details() if op["op_name"] != "DELEGATE"]
    if not operators or operators[-1]["op_name"] != "FULLY_CONNECTED":
        raise ValueError("its last layer is not dense")
    shapes = {detail["index"]: detail["shape"] for detail in interpreter.get_tensor_details()}
    layers: list[_Layer] = []
    for operator in operators:
        kind = _KINDS.get(operator["op_name"])
        if kind is None:
            continue
        number = 1 + sum(layer.name.startswith(kind) for layer in layers)
        layers.append(
            _Layer(
                name=f"{kind} {number}",
                window=int(shapes[operator["inputs"][1]][1]) if kind == "convolution" else None,
                input=int(operator["inputs"][0]),
                output=int(operator["outputs"][0]),
            )
        )
    return layers


def _as_floats(values: NDArray[Any], detail: Mapping[str, Any]) -> NDArray[np.float32]:
    """The numbers that a tensor stands for: one of 8 bits has a scale and a zero point."""
    scale, zero_point = detail["quantization"]
    if not scale:  # not quantized
        return values
    floats: NDArray[np.float32] = np.float32(scale) * (values.astype(np.float32) - zero_point)
    return floats


def _run(interpreter: Interpreter, frame: NDArray[np.uint8]) -> None:
    index = interpreter.get_input_details()[0]["index"]
    interpreter.set_tensor(index, frame[np.newaxis].astype(np.float32))
    interpreter.invoke()
