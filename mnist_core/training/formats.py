"""A model in other formats, to be used elsewhere: each with its accuracy, measured on MNIST test.

The files are made of the Keras network, in a process of its own, which alone imports TensorFlow.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import NOT_A_DIGIT, load_mnist, split_training
from mnist_core.errors import MnistError, require_choice
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.inference.recognizer import Recognizer
from mnist_core.registry.card import KERAS, ModelCard
from mnist_core.registry.splits import splits
from mnist_core.storage.cache import cache_path, load_arrays, store_arrays

if TYPE_CHECKING:
    import keras

__all__ = ["FORMATS", "ExportedModel", "Format", "export_as", "export_path", "known_accuracy"]

# Part of the cache's keys: raise it when a format changes.
_VERSION = 1
_CONVERTING = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format of files.

    Attributes:
        title: for a button.
        summary: what the file is, in a sentence.
        suffix: of the file, after the model's name.
    """

    title: str
    summary: str
    suffix: str


FORMATS = {
    "int8": Format(
        title="LiteRT, 8 bits",
        summary="Weights and activations in 8 bits, with the input and output of the LiteRT file.",
        suffix="-8bit.tflite",
    ),
    "micro": Format(
        title="C array",
        summary="For microcontrollers: C for TensorFlow Lite Micro, in integers alone, with a test "
        "vector.",
        suffix="-micro.zip",
    ),
    "onnx": Format(
        title="ONNX", summary="In 32 bits, for ONNX Runtime and many others.", suffix=".onnx"
    ),
}
_ONNX_PACKAGES = ("onnx", "tf2onnx", "onnxruntime")


@dataclass(frozen=True, kw_only=True)
class ExportedModel:
    """A file and what it is worth.

    Attributes:
        file_name: a name for it.
        content: the file.
        accuracy: on MNIST's test images, 0 to 1.
    """

    file_name: str
    content: bytes
    accuracy: float


def export_as(card: ModelCard, kind: str) -> ExportedModel:
    """Convert a model, which takes a minute, and measure its accuracy; known files at once.

    Args:
        card: of a model in `models_directory()`.
        kind: a key of `FORMATS`.

    Raises:
        MnistError: there is no such format, or packages are missing.
        ModelLoadError: the Keras network is missing or damaged.
        DatasetError: the card does not record the validation split.
    """
    require_choice("The format", kind, FORMATS)
    missing = next((name for name in _ONNX_PACKAGES if find_spec(name) is None), "")
    if kind == "onnx" and missing:
        raise MnistError(
            "ONNX needs packages that are not installed here. Run: python -m pip install "
            f"{' '.join(_ONNX_PACKAGES)}. Received: no package {missing!r}"
        )
    known = load_arrays(export_path("export", card, kind))
    if known.keys() != {"content", "accuracy"}:  # a file may be another program's
        process = KerasProcess()
        try:
            with _CONVERTING:
                content, accuracy = process.call(FORMATS[kind].title, card, convert, card, kind)
        finally:
            process.close()
        known = {"content": np.frombuffer(content, np.uint8), "accuracy": np.array(accuracy)}
        store_arrays(export_path("export", card, kind), known)
        figures = {"size": np.array(len(content)), "accuracy": known["accuracy"]}
        store_arrays(export_path("export-figures", card, kind), figures)
    return ExportedModel(
        file_name=card.name + FORMATS[kind].suffix,
        content=known["content"].tobytes(),
        accuracy=float(known["accuracy"]),
    )


def known_accuracy(card: ModelCard, kind: str) -> tuple[int, float] | None:
    """The size in bytes and the accuracy of a file that was made before; else None."""
    figures = load_arrays(export_path("export-figures", card, kind))
    if figures.keys() != {"size", "accuracy"}:
        return None
    return int(figures["size"]), float(figures["accuracy"])


def convert(model: keras.Model, card: ModelCard, kind: str) -> tuple[bytes, float]:
    """Convert a network; returns the file and its accuracy. Imports TensorFlow."""
    from mnist_core.training.cpu import prepare_tensorflow

    prepare_tensorflow()
    images, labels = load_mnist().test
    if kind == "onnx":
        content, answer = _onnx(model)
    elif kind == "micro":
        content, answer = _c_array(model, card)
    else:
        content, answer = _int8(model, card)
    answers = answer(images)[:, :NOT_A_DIGIT].argmax(axis=1)
    return content, float((answers == labels).mean())


# From (n, 28, 28) uint8 to (n, 10 or 11) logits or probabilities.
_Answer = Callable[[NDArray[np.uint8]], NDArray[np.generic]]


def _int8(model: keras.Model, card: ModelCard) -> tuple[bytes, _Answer]:
    from mnist_core.training.quantization import quantize

    content = quantize(model, _representative_images(card))
    return content, Recognizer(content, card).classify


def _c_array(model: keras.Model, card: ModelCard) -> tuple[bytes, _Answer]:
    from mnist_core.training.c_array import IntegerNetwork, c_files
    from mnist_core.training.quantization import quantize_whole

    network = quantize_whole(model, _representative_images(card))
    images, labels = load_mnist().test
    content = c_files(card.name, network, images[0], int(labels[0]))
    return content, IntegerNetwork(network).outputs


def _onnx(model: keras.Model) -> tuple[bytes, _Answer]:
    import onnxruntime

    def answer(images: NDArray[np.uint8]) -> NDArray[np.generic]:
        parts = [images[start : start + 1000] for start in range(0, len(images), 1000)]
        name = session.get_inputs()[0].name
        logits = [session.run(None, {name: part.astype(np.float32)})[0] for part in parts]
        return np.concatenate(logits)

    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports what was called
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.export(path, format="onnx", verbose=False)
        content = path.read_bytes()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return content, answer


def _representative_images(card: ModelCard) -> NDArray[np.uint8]:
    from mnist_core.training.export import representative_images

    training = load_mnist().training
    seed, fraction = splits(card)[0]
    return representative_images(card, training.select(split_training(seed, fraction)[1]))


def export_path(name: str, card: ModelCard, kind: str) -> Path:
    """Where a model's file of another format ("export") or its "export-figures" are kept."""
    return cache_path(name, _VERSION, kind, card.sha256.get(KERAS))
