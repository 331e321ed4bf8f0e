"""Grad-CAM: the pixels that a convolutional network uses for a digit, by the gradient of its logit.

R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization" (ICCV 2017). Gradients need Keras, which takes seconds to load and half a gigabyte, so
they are computed in a process of their own.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import IO, TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE, check_frames
from mnist_core.errors import MnistError, ModelLoadError
from mnist_core.networks.packages import require_tensorflow
from mnist_core.registry.card import KERAS, ModelCard
from mnist_core.registry.store import read_verified
from mnist_core.storage.paths import PROJECT, models_directory

if TYPE_CHECKING:
    import keras

__all__ = ["GradCam", "grad_cam"]

# The process exits after this time without requests, to free its memory.
_IDLE_SECONDS = 600.0
# A process that has not answered in this time hangs, even if TensorFlow takes a minute to load.
_ANSWER_SECONDS = 300.0
# The heat map is that of the last convolution with at least this many pixels per side.
_MIN_MAP = 6


def grad_cam(model: keras.Model, frame: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
    """The Grad-CAM heat map of a late convolution; imports TensorFlow.

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
        InvalidImageError: another shape or dtype of the frame.
    """
    check_frames(frame[np.newaxis])
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


class GradCam:
    """A process that computes Grad-CAM heat maps, started by the first request.

    Thread-safe: requests are served one after another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        atexit.register(self.close)

    def map(self, card: ModelCard, frame: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
        """Compute the heat map of a digit. The first one takes seconds, the next ones milliseconds.

        Args:
            card: of a model in `models_directory()`.
            frame: (28, 28) uint8, white ink on black.
            digit: 0 to 9.

        Returns:
            (28, 28) float32, 0 to 1.

        Raises:
            InvalidImageError: another shape or dtype of the frame.
            ModelLoadError: the Keras model is missing or damaged.
            MnistError: the model has no convolution, TensorFlow is not installed, or the process
                ended.
        """
        check_frames(frame[np.newaxis])
        require_tensorflow("Grad-CAM")
        read_verified(card, KERAS)
        request = {
            "path": str((models_directory() / card.name / KERAS).resolve()),
            "version": card.sha256[KERAS],
            "frame": frame.tolist(),
            "digit": int(digit),
        }
        with self._lock:
            response = self._send(json.dumps(request))
        if "error" in response:
            kind = ModelLoadError if response.get("kind") == "load" else MnistError
            raise kind(response["error"])
        return np.array(response["map"], np.float32)

    def close(self) -> None:
        """Terminate the process if it runs."""
        process, self._process = self._process, None
        if process is not None:
            # Closes the pipes and waits. A request may still be in the pipe of a dead process.
            with suppress(OSError), process:
                process.terminate()

    def _send(self, request: str) -> dict[str, Any]:
        # A process that was idle may have ended at this moment: try again once.
        for _ in range(2):
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._process = _start()
            pipes = self._process.stdin, self._process.stdout
            timeout = threading.Timer(_ANSWER_SECONDS, self._process.kill)
            timeout.start()
            try:
                print(request, file=pipes[0], flush=True)
                line = pipes[1].readline() if pipes[1] else ""
                if line:
                    return dict(json.loads(line))
            except OSError:
                pass
            finally:
                timeout.cancel()
            self.close()
        raise MnistError(
            "The Grad-CAM process did not respond; the machine may be out of memory. Try again. "
            "Received: nothing"
        )


def _start() -> subprocess.Popen[str]:
    # Not multiprocessing: it would import the page that Streamlit runs as `__main__`.
    return subprocess.Popen(
        [sys.executable, "-m", "mnist_core.explanation.grad_cam"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        cwd=PROJECT,
    )


def _serve(requests: IO[str], responses: IO[str]) -> None:
    """Respond to requests, one line of JSON each, until the input ends."""
    while True:
        idle = threading.Timer(_IDLE_SECONDS, os._exit, [0])
        idle.daemon = True
        idle.start()
        line = requests.readline()
        idle.cancel()
        if not line:
            return
        print(json.dumps(_respond(json.loads(line))), file=responses, flush=True)


def _respond(request: dict[str, Any]) -> dict[str, Any]:
    path = request["path"]
    try:
        model = _load(path, request["version"])
    except ModelLoadError as error:
        return {"error": str(error), "kind": "load"}
    try:
        cam = grad_cam(model, np.array(request["frame"], np.uint8), request["digit"])
    except MnistError as error:
        return {"error": str(error)}
    except Exception as error:  # keeps the process alive for other models
        return {"error": f"Grad-CAM failed ({error}). Choose another model. Received: {path}"}
    return {"map": cam.astype(float).round(4).tolist()}


@lru_cache(maxsize=1)
def _load(path: str, version: str) -> keras.Model:
    """Load a model, again if its file has another version (SHA-256)."""
    from mnist_core.networks.keras_files import load_network

    return load_network(path)


if __name__ == "__main__":
    # Output of libraries must not mix with the responses.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as responses:
        os.dup2(2, 1)
        _serve(sys.stdin, responses)
