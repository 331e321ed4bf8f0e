"""Reading digits with LiteRT. TensorFlow is never imported on this way."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES, FRAME_SIZE
from mnist_core.errors import InvalidImageError, ModelLoadError
from mnist_core.preprocessing.framing import Box, FramedDigit, Ink, extract_digits
from mnist_core.registry.card import TFLITE, ModelCard
from mnist_core.registry.store import load_card, read_verified

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

__all__ = ["Digit", "Recognizer", "load_recognizer"]

# How many logits a network may give for an image: one a digit, or one more for "is a digit".
_WIDTHS = (CLASSES, CLASSES + 1)
# From here on it pays to spread a batch over the cores.
_PARALLEL_FROM = 64
# Asking for it takes as long as a part of a reading.
_CORES = os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Digit:
    """One digit that was read, or what stands in a digit's place and is none.

    Attributes:
        label: the digit, 0 to 9; the best guess where `is_digit` is False.
        confidence: the probability of `label`, 0 to 1.
        probabilities: (10,) float32, calibrated; they sum to 1.
        box: (x, y, width, height) in pixels of the image that was read.
        frame: (28, 28) uint8, white ink on black, as the network saw it.
        digit_score: how sure the network is that this is a digit at all, 0 to 1.
        is_digit: False where `digit_score` is below the model's threshold: not a digit.
    """

    label: int
    confidence: float
    probabilities: NDArray[np.float32]
    box: Box
    frame: NDArray[np.uint8]
    digit_score: float
    is_digit: bool

    @property
    def text(self) -> str:
        """The digit, to be shown in a number; "?" in the place of what is none."""
        return str(self.label) if self.is_digit else "?"

    @property
    def guess(self) -> str:
        """The small print to a "?", such as "looks most like an 8, 63.0%"."""
        article = "an" if self.label == 8 else "a"
        return f"looks most like {article} {self.label}, {self.confidence:.1%}"

    @property
    def runner_up(self) -> int:
        """The second most probable digit."""
        return int(np.argsort(self.probabilities)[-2])


class Recognizer:
    """A trained network, ready to read. One serves any number of threads.

    Args:
        content: a LiteRT model: (1, 28, 28) float32 from 0 to 255 -> (1, 10) logits of the digits,
            or (1, 11): the last one is the logit of "is a digit".
        card: what the model is; its temperature and threshold are used.

    Raises:
        ModelLoadError: the content is no such model.
    """

    def __init__(self, content: bytes, card: ModelCard) -> None:
        self.card = card
        self._content = content
        # A LiteRT interpreter serves one thread at a time, so each call borrows one; the
        # interpreter lets go of Python's lock while it computes.
        self._idle: LifoQueue[Interpreter] = LifoQueue()
        interpreter = self._new_interpreter()
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        shapes = [tuple(detail["shape"].tolist()) for detail in (*inputs, *outputs)]
        if shapes not in [[(1, FRAME_SIZE, FRAME_SIZE), (1, width)] for width in _WIDTHS]:
            raise ModelLoadError(
                f"Model {card.name!r} does not take 28x28 images to ten digits. Train it again. "
                f"Received: input and output shapes {shapes}"
            )
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._width: int = shapes[1][1]
        self._idle.put(interpreter)

    @property
    def detects_non_digits(self) -> bool:
        """Has the network learnt to tell what is no digit? See `digit_scores`."""
        return self._width > CLASSES

    def classify(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities of the ten digits for images that are MNIST frames already.

        Args:
            frames: (n, 28, 28) uint8, white ink on black; n may be 0.

        Returns:
            (n, 10) float32, calibrated; each row sums to 1.

        Raises:
            InvalidImageError: another shape or dtype.
        """
        return self._answer(frames)[0]

    def digit_scores(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """How sure the network is that each frame shows a digit at all.

        A network of eleven outputs has learnt to tell: the sigmoid of the eleventh. For one of ten
        it is the probability of its answer (Hendrycks and Gimpel, "A Baseline for Detecting
        Misclassified and Out-of-Distribution Examples in Neural Networks", ICLR 2017).

        Args:
            frames: (n, 28, 28) uint8, white ink on black; n may be 0.

        Returns:
            (n,) float32, 0 to 1; below the card's `digit_threshold` it is no digit.

        Raises:
            InvalidImageError: another shape or dtype.
        """
        return self._answer(frames)[1]

    def _answer(self, frames: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What `classify` and `digit_scores` give, from one run of the network a frame."""
        frames = np.asarray(frames)
        if frames.dtype != np.uint8 or frames.shape[1:] != (FRAME_SIZE, FRAME_SIZE):
            raise InvalidImageError(
                "Frames are images of 28x28 grey levels, white ink on black. Pass an array of "
                "shape (n, 28, 28) and dtype uint8, or give the picture to 'read'. "
                f"Received: shape {frames.shape}, dtype {frames.dtype}"
            )
        if len(frames) < _PARALLEL_FROM:
            logits = self._logits(frames)
        else:
            with ThreadPoolExecutor(_CORES) as pool:
                logits = np.concatenate(
                    list(pool.map(self._logits, np.array_split(frames, _CORES)))
                )
        probabilities = _softmax(logits[:, :CLASSES] / np.float32(self.card.temperature))
        if not self.detects_non_digits:
            return probabilities, probabilities.max(axis=1)
        return probabilities, _sigmoid(logits[:, CLASSES])

    def read(self, image: NDArray[np.uint8], ink: Ink = "auto") -> list[Digit]:
        """Find and read the digits of any image.

        Args:
            image: (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, uint8; 1x1 to 64 megapixels.
            ink: "light" or "dark" digits; "auto" finds out.

        Returns:
            The digits in reading order: top line first, then left to right. Empty for an image
            without ink.

        Raises:
            InvalidImageError: not such an image.
        """
        return self.read_framed(extract_digits(image, ink))

    def read_framed(self, found: Sequence[FramedDigit]) -> list[Digit]:
        """Read digits that were found already.

        Args:
            found: digits, as `extract_digits` gives them; may be empty.

        Returns:
            One `Digit` for each, in the same order.
        """
        if not found:
            return []
        probabilities, scores = self._answer(np.stack([digit.frame for digit in found]))
        return [
            Digit(
                label=int(row.argmax()),
                confidence=float(row.max()),
                probabilities=row,
                box=digit.box,
                frame=digit.frame,
                digit_score=score,
                is_digit=bool(score >= self.card.digit_threshold),
            )
            for digit, row, score in zip(found, probabilities, scores.tolist(), strict=True)
        ]

    def _logits(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = np.empty((len(frames), self._width), np.float32)
        with self._borrowed() as interpreter:
            for row, frame in enumerate(frames):
                interpreter.set_tensor(self._input, frame[np.newaxis].astype(np.float32))
                interpreter.invoke()
                logits[row] = interpreter.get_tensor(self._output)[0]
        return logits

    @contextmanager
    def _borrowed(self) -> Iterator[Interpreter]:
        try:
            interpreter = self._idle.get_nowait()
        except Empty:
            interpreter = self._new_interpreter()
        try:
            yield interpreter
        finally:
            # As many are kept as can work at the same time; a burst's others are dropped.
            if self._idle.qsize() < _CORES:
                self._idle.put(interpreter)

    def _new_interpreter(self) -> Interpreter:
        from ai_edge_litert.interpreter import Interpreter

        try:
            interpreter = Interpreter(model_content=self._content, num_threads=1)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(
                f"LiteRT cannot load model {self.card.name!r} ({error}). Restore its folder, or "
                f"train it again. Received: {len(self._content):,} bytes"
            ) from error
        return interpreter


def load_recognizer(name: str | None = None, directory: Path | None = None) -> Recognizer:
    """Load a model for reading.

    Args:
        name: a name from `models/`; None takes the default model.
        directory: where to look instead of `models_directory()`.

    Raises:
        ModelNotFoundError: there is no such model, or none at all.
        ModelLoadError: it is damaged.
    """
    card = load_card(name, directory)
    return Recognizer(read_verified(card, TFLITE, directory), card)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    # Without overflow, whatever the sign, and exact near 0 as well.
    sigmoid: NDArray[np.float32] = np.exp(-np.logaddexp(np.float32(0), -logits))
    return sigmoid
