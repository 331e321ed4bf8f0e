"""Grad-CAM: where a convolutional network looked, by the gradient of its answer.

R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization" (ICCV 2017). Gradients need Keras, which takes seconds to load and half a gigabyte. So
a process of its own works it out: whoever asks waits, and nobody else.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE, check_frames
from mnist_core.errors import MnistError, ModelLoadError
from mnist_core.registry.card import KERAS, ModelCard
from mnist_core.registry.store import read_verified
from mnist_core.storage.paths import PROJECT, models_directory

if TYPE_CHECKING:
    import keras

__all__ = ["GradCam", "grad_cam"]

# A process that nobody asked anything for so long gives its memory back.
_IDLE_SECONDS = 600.0
# One that has not answered for so long never will, even where TensorFlow takes a minute to load.
_ANSWER_SECONDS = 300.0
# The map that is shown is the last one of at least so many pixels a side.
_MIN_MAP = 6


def grad_cam(model: keras.Model, frame: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
    """Where a late convolution sees what speaks for a digit; imports TensorFlow.

    The last one that still has a map of some size: where a network convolves down to a few pixels,
    those do not tell any more where anything is. The maps of a network's branches are summed.

    Args:
        model: one of `ARCHITECTURES`, from (n, 28, 28) float32, 0 to 255, to (n, 10 or 11) logits.
        frame: (28, 28) uint8, white ink on black.
        digit: 0 to 9.

    Returns:
        (28, 28) float32, 0 to 1 at the strongest place; all 0 where nothing speaks for the digit.

    Raises:
        MnistError: the model has no convolution, or is an ensemble.
        InvalidImageError: the frame is none.
    """
    check_frames(frame[np.newaxis])
    heat = np.zeros((FRAME_SIZE, FRAME_SIZE), np.float32)
    for path in _paths(model):
        heat += _map_of(path, frame, digit, model.name)
    strongest = heat.max()
    return heat / strongest if strongest > 0 else heat


def _paths(model: keras.Model) -> list[list[Callable[[Any], Any]]]:
    """The layers from the image to the logits, or to what each branch adds to them."""
    from mnist_core.networks.structure import branches_of

    branches = branches_of(model)
    if not branches:
        return [list(model.layers)]
    stem, last = model.layers[1], model.layers[-1]
    bounds = np.cumsum([branch.output_shape[-1] for branch in branches])[:-1]
    parts = np.split(last.kernel.numpy(), bounds)
    # A logit is the sum of what the branches add, and the last layer's bias.
    return [
        [*stem.layers, *branch.layers, partial(_times, part)]
        for branch, part in zip(branches, parts, strict=True)
    ]


def _times(kernel: NDArray[np.float32], features: Any) -> Any:
    return features @ kernel


def _map_of(
    path: Sequence[Callable[[Any], Any]], frame: NDArray[np.uint8], digit: int, name: str
) -> NDArray[np.float32]:
    """Where a late convolution of one stack of layers looked: (28, 28), 0 or more."""
    import tensorflow as tf

    # Layer by layer, for the gradient is taken from the middle on. Nothing is trained, so dropout
    # and normalization do as they do when reading.
    after, first, step = _late_convolution(path, name)
    maps = tf.constant(frame[np.newaxis].astype(np.float32))
    for layer in path[:after]:
        maps = layer(maps)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        values = maps
        for layer in path[after:]:
            values = layer(values)
        answer = values[:, digit]
    gradient = tape.gradient(answer, maps)
    weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    cam = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))[0].numpy()
    # Each pixel of the map goes to the middle of what it sees.
    placing = np.array([[step, 0, first], [0, step, first]], np.float64)
    return cv2.warpAffine(cam, placing, (FRAME_SIZE, FRAME_SIZE), flags=cv2.INTER_LINEAR)


def _late_convolution(path: Sequence[Callable[[Any], Any]], name: str) -> tuple[int, float, float]:
    """After which layer the map is looked at, and where its pixels are in the frame.

    Returns:
        The number of layers up to the map; where in the frame the middle of what its first pixel
        sees is, and by how much the next ones' are farther, in pixels.
    """
    from keras import layers

    found = None
    first, step = 0.0, 1.0
    same = (layers.BatchNormalization, layers.Activation, layers.ReLU)
    for place, layer in enumerate(path):
        if isinstance(layer, layers.Conv2D | layers.MaxPooling2D):
            convolution = isinstance(layer, layers.Conv2D)
            window = (layer.kernel_size if convolution else layer.pool_size)[0]
            if layer.padding == "valid":
                first += step * (window - 1) / 2
            step *= layer.strides[0]
            if convolution and (found is None or layer.output.shape[1] >= _MIN_MAP):
                found = place, first, step
        elif isinstance(layer, same) and found and found[0] == place - 1:
            found = place, first, step
    if found is None:
        raise MnistError(
            "Grad-CAM needs a network with convolutions: it shows where a late one of them looked. "
            f"Choose another model. Received: {name!r}"
        )
    return found[0] + 1, *found[1:]


class GradCam:
    """A process that works out Grad-CAM maps; started when it is first asked.

    Safe to use from any thread: whoever asks while it works waits for the turn.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        atexit.register(self.close)

    def map(self, card: ModelCard, frame: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
        """Where a model's late convolution sees what speaks for a digit.

        The first map takes seconds, those after it milliseconds.

        Args:
            card: the model's, from `models_directory()`.
            frame: (28, 28) uint8, white ink on black.
            digit: 0 to 9.

        Returns:
            (28, 28) float32, 0 to 1.

        Raises:
            InvalidImageError: the frame is none.
            ModelLoadError: the Keras model is missing or damaged.
            MnistError: it has no convolution, or the process ended.
        """
        check_frames(frame[np.newaxis])
        read_verified(card, KERAS)
        question = {
            "path": str((models_directory() / card.name / KERAS).resolve()),
            "version": card.sha256[KERAS],
            "frame": base64.b64encode(frame.tobytes()).decode(),
            "digit": int(digit),
        }
        with self._turn:
            answer = self._ask(json.dumps(question))
        if "error" in answer:
            kind = ModelLoadError if answer.get("kind") == "load" else MnistError
            raise kind(answer["error"])
        return np.array(answer["map"], np.float32).reshape(FRAME_SIZE, FRAME_SIZE)

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()

    def _ask(self, question: str) -> dict[str, Any]:
        # One that has been idle for long has ended; then another is started, once.
        for attempt in (1, 2):
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._process = _start()
            pipes = self._process.stdin, self._process.stdout
            patience = threading.Timer(_ANSWER_SECONDS, self._process.kill)
            patience.start()
            try:
                print(question, file=pipes[0], flush=True)
                line = pipes[1].readline() if pipes[1] else ""
                if line:
                    return dict(json.loads(line))
            except OSError:
                pass
            finally:
                patience.cancel()
            self.close()
            if attempt == 2:
                break
        raise MnistError(
            "The process that works out Grad-CAM gave no answer, perhaps for want of memory. Try "
            "again. Received: nothing"
        )


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mnist_core.explanation.grad_cam"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        cwd=PROJECT,
    )


def _serve(questions: IO[str], answers: IO[str]) -> None:
    """Answer questions, a line each, until no more come."""
    idle = threading.Timer(_IDLE_SECONDS, os._exit, [0])
    loaded: dict[tuple[str, str], Any] = {}
    for line in questions:
        idle.cancel()
        print(json.dumps(_answer(json.loads(line), loaded)), file=answers, flush=True)
        idle = threading.Timer(_IDLE_SECONDS, os._exit, [0])
        idle.daemon = True
        idle.start()


def _answer(question: dict[str, Any], loaded: dict[tuple[str, str], Any]) -> dict[str, Any]:
    import keras

    key = question["path"], question["version"]
    if key not in loaded:
        loaded.clear()  # one model at a time
        try:
            loaded[key] = keras.models.load_model(question["path"], compile=False)
        except Exception as error:  # Keras has no error of its own for this
            text = f"Keras cannot load the model ({error}). Train it again. Received: {key[0]}"
            return {"error": text, "kind": "load"}
    frame = np.frombuffer(base64.b64decode(question["frame"]), np.uint8)
    try:
        cam = grad_cam(loaded[key], frame.reshape(FRAME_SIZE, FRAME_SIZE), question["digit"])
    except MnistError as error:
        return {"error": str(error)}
    except Exception as error:  # the process lives on, whatever was odd about one model
        text = f"Grad-CAM failed ({error}). Choose another model. Received: {key[0]}"
        return {"error": text}
    return {"map": [round(float(value), 4) for value in cam.ravel()]}


if __name__ == "__main__":
    # What libraries print must not come between the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as own:
        os.dup2(2, 1)
        _serve(sys.stdin, own)
