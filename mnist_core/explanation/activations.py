"""A network's inner values, from LiteRT: what each layer answers, and the features before the last.

A LiteRT file says which of its values are outputs. Here others are added to them in memory; the
network itself stays as it is, so the values are those that the reading was made of.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
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

# What LiteRT calls the layers that people know.
_KINDS = {
    "CONV_2D": "convolution",
    "DEPTHWISE_CONV_2D": "convolution",
    "MAX_POOL_2D": "pooling",
    "AVERAGE_POOL_2D": "pooling",
    "FULLY_CONNECTED": "dense",
}
# From here on it pays to spread images over the cores.
_PARALLEL_FROM = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Activation:
    """What one layer made of an image.

    Attributes:
        name: such as "convolution 2"; counted from the image on, each kind for itself.
        values: (height, width, channels) float32 of a convolution or pooling, (units,) of a dense
            layer, after its activation.
        window: side of what a convolution looks at in the layer before it, in pixels of that; None
            of others.
    """

    name: str
    values: NDArray[np.float32]
    window: int | None = None


class ActivationReader:
    """A LiteRT network that shows its inner values. One serves any number of threads.

    Args:
        content: a LiteRT model, as `Recognizer` takes it.
        card: what the model is.

    Raises:
        ModelLoadError: the content is no such model, or its last layer is not dense.
    """

    def __init__(self, content: bytes, card: ModelCard) -> None:
        self.card = card
        # Generated code, ten thousand lines: only whoever looks inside pays for it.
        from ai_edge_litert import schema_py_generated as schema

        try:
            model = schema.ModelT.InitFromPackedBuf(content, 0)
            graph = model.subgraphs[0]
            codes = {value: name for name, value in vars(schema.BuiltinOperator).items()}
            layers = [
                (_KINDS[name], operator)
                for operator in graph.operators
                if (name := codes[model.operatorCodes[operator.opcodeIndex].builtinCode]) in _KINDS
            ]
            last = graph.operators[-1]
            if not layers or layers[-1][1] is not last or layers[-1][0] != "dense":
                raise ValueError("its last layer is not dense")
            self._windows = [
                int(graph.tensors[operator.inputs[1]].shape[1]) if kind == "convolution" else None
                for kind, operator in layers
            ]
        except Exception as error:  # a damaged file breaks the schema's code anywhere
            raise ModelLoadError(
                f"Nothing can be seen inside model {card.name!r} ({error}). Restore its folder, or "
                f"train it again. Received: {len(content):,} bytes"
            ) from error
        names = [kind for kind, _ in layers]
        self._names = [
            f"{kind} {names[: place + 1].count(kind)}" for place, kind in enumerate(names)
        ]
        # The answers' logits are the last of the layers.
        self._features = _with_all_outputs(model, [last.inputs[0]])
        self._layers = _with_all_outputs(model, [operator.outputs[0] for _, operator in layers])

    def features(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the last layer sees of each image: the network's own summary of it.

        Args:
            frames: (n, 28, 28) uint8, white ink on black; n may be 0.

        Returns:
            (n, units) float32.

        Raises:
            InvalidImageError: another shape or dtype.
        """
        check_frames(frames)
        workers = (os.cpu_count() or 1) if len(frames) >= _PARALLEL_FROM else 1
        with ThreadPoolExecutor(workers) as pool:
            parts = pool.map(self._run_features, np.array_split(frames, workers))
            return np.concatenate(list(parts))

    def layers(self, frame: NDArray[np.uint8]) -> list[Activation]:
        """What every layer made of one image, in the network's order; logits come last.

        Args:
            frame: (28, 28) uint8, white ink on black.

        Raises:
            InvalidImageError: another shape or dtype.
        """
        check_frames(frame[np.newaxis])
        interpreter = _interpreter(self._layers)
        outputs = _indices(interpreter)
        _set(interpreter, frame)
        return [
            Activation(name=name, values=interpreter.get_tensor(index)[0], window=window)
            for name, index, window in zip(self._names, outputs, self._windows, strict=True)
        ]

    def _run_features(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        interpreter = _interpreter(self._features)
        (output,) = _indices(interpreter)
        width = int(interpreter.get_output_details()[0]["shape"][-1])
        features = np.empty((len(frames), width), np.float32)
        for row, frame in enumerate(frames):
            _set(interpreter, frame)
            features[row] = interpreter.get_tensor(output)[0]
        return features


def open_activations(card: ModelCard, directory: Path | None = None) -> ActivationReader:
    """Look into a model.

    Args:
        card: the model's.
        directory: where to look instead of `models_directory()`.

    Raises:
        ModelLoadError: it is damaged.
    """
    return ActivationReader(read_verified(card, TFLITE, directory), card)


def _with_all_outputs(model: Any, outputs: Sequence[int]) -> bytes:
    """The model as a file again, with other values for outputs."""
    import flatbuffers

    model.subgraphs[0].outputs = list(outputs)
    # They name the outputs there were.
    model.signatureDefs = []
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _interpreter(content: bytes) -> Interpreter:
    # A new one for each call: they take some milliseconds, and none is shared between threads.
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _indices(interpreter: Interpreter) -> list[int]:
    return [detail["index"] for detail in interpreter.get_output_details()]


def _set(interpreter: Interpreter, frame: NDArray[np.uint8]) -> None:
    index = interpreter.get_input_details()[0]["index"]
    interpreter.set_tensor(index, frame[np.newaxis].astype(np.float32))
    interpreter.invoke()
