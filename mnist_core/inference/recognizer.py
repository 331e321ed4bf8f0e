"""Reads digits with LiteRT, without TensorFlow.

    frame -> ten logits -> divided by the model's temperature -> softmax -> probabilities
          -> eleventh logit, if the network has one -> sigmoid -> digit score

The temperature calibrates the probabilities (Guo et al., 2017). The digit score has two limits:
below the lower one the result is a non-digit, below the upper one a digit that is written in a way
that the network has seldom seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES, FRAME_SIZE, check_frames
from mnist_core.errors import ModelLoadError
from mnist_core.inference.interpreters import CORES, InterpreterPool
from mnist_core.inference.reading import Digit, Reading
from mnist_core.inference.selection import read_best
from mnist_core.inference.strings import load_string_reader
from mnist_core.inference.touching import split_touching
from mnist_core.preprocessing.budget import check_time
from mnist_core.preprocessing.extraction import Ink
from mnist_core.preprocessing.framing import FramedDigit
from mnist_core.registry.card import TFLITE, ModelCard
from mnist_core.registry.store import load_card, read_verified

__all__ = ["Recognizer", "load_recognizer"]

# The logits of a network: one for each digit, and perhaps one for "is a digit".
_OUTPUTS = (CLASSES, CLASSES + 1)
# Smaller batches are faster on one core.
_MIN_PARALLEL = 64


class Recognizer:
    """A trained network that reads digits. Any number of threads may share one.

    Args:
        content: a LiteRT model: (1, 28, 28) float32 from 0 to 255 -> (1, 10) logits of the digits,
            or (1, 11), where the last one is the logit of "is a digit".
        card: the model's card; its name, temperature and thresholds are used.

    Raises:
        ModelLoadError: the content is not such a model.
    """

    def __init__(self, content: bytes, card: ModelCard) -> None:
        self.card = card
        self._interpreters = InterpreterPool(content, card.name)
        with self._interpreters.borrow() as interpreter:
            inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        shapes = [tuple(detail["shape"].tolist()) for detail in (*inputs, *outputs)]
        if shapes not in [[(1, FRAME_SIZE, FRAME_SIZE), (1, count)] for count in _OUTPUTS]:
            raise ModelLoadError(
                f"Model {card.name!r} does not classify 28x28 images as ten digits. Train it again."
                f" Received: input and output shapes {shapes}"
            )
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._outputs: int = shapes[1][1]

    @property
    def detects_non_digits(self) -> bool:
        """Was the network trained to detect non-digits? See `digit_scores`."""
        return self._outputs > CLASSES

    def classify(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the probabilities of the ten digits for MNIST frames.

        Args:
            frames: (n, 28, 28) uint8, white ink on black; n may be 0.

        Returns:
            (n, 10) float32, calibrated; the sum of each row is 1.

        Raises:
            InvalidImageError: another shape or dtype.
        """
        return self._predict(frames)[0]

    def digit_scores(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the network's confidence that each frame shows a digit at all.

        This is the sigmoid of the eleventh output, or, for a network with ten, its largest
        probability (Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and
        Out-of-Distribution Examples in Neural Networks", ICLR 2017).

        Args:
            frames: (n, 28, 28) uint8, white ink on black; n may be 0.

        Returns:
            (n,) float32, 0 to 1; below the card's `digit_threshold` it is a non-digit.

        Raises:
            InvalidImageError: another shape or dtype.
        """
        return self._predict(frames)[1]

    def _predict(
        self, frames: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the results of `classify` and `digit_scores`, running the network once."""
        frames = np.asarray(frames)
        check_frames(frames)
        if len(frames) < _MIN_PARALLEL:
            logits = self._compute_logits(frames)
        else:
            with ThreadPoolExecutor(CORES) as pool:
                parts = pool.map(self._compute_logits, np.array_split(frames, CORES))
                logits = np.concatenate(list(parts))
        probabilities = _softmax(logits[:, :CLASSES] / np.float32(self.card.temperature))
        if not self.detects_non_digits:
            return probabilities, probabilities.max(axis=1)
        return probabilities, _sigmoid(logits[:, CLASSES])

    def read(self, image: NDArray[np.uint8], ink: Ink = "auto") -> list[Digit]:
        """Find and classify the digits of any image.

        Args:
            image: (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA, uint8; 1x1 to 64 megapixels.
            ink: "light" or "dark" digits; "auto" measures it.

        Returns:
            The digits in reading order: top line first, then left to right. Empty for an image
            without ink.

        Raises:
            InvalidImageError: another shape, dtype or size; a `ClutteredImageError` for one with so
                many marks that reading it would take more than a second.
            ValueError: another `ink`.
        """
        return list(self.analyze(image, ink).digits)

    def analyze(
        self, image: NDArray[np.uint8], ink: Ink = "auto", *, quick: bool = False
    ) -> Reading:
        """Read an image as `read` does, and tell what was left out.

        Args:
            image: as for `read`, and so are the errors.
            ink: as for `read`.
            quick: try one way to find the ink, even if it leaves a doubt. For a drawing that is
                not finished: every third state of a digit leaves one, and takes six times as long.
        """
        return read_best(image, ink, self.read_found, self.card.digit_threshold, quick=quick)

    def read_found(self, found: Sequence[FramedDigit]) -> list[Digit]:
        """Read ink that `extract_digits` found: one `Digit` each, several where digits touch."""
        return split_touching(found, self.read_framed(found), load_string_reader, self.read_framed)

    def read_framed(self, found: Sequence[FramedDigit]) -> list[Digit]:
        """Classify digits that `extract_digits` found; returns one `Digit` for each, in order."""
        if not found:
            return []
        probabilities, scores = self._predict(np.stack([digit.frame for digit in found]))
        return [
            Digit(
                label=int(row.argmax()),
                confidence=float(row.max()),
                probabilities=row,
                box=digit.box,
                frame=digit.frame,
                digit_score=score,
                is_digit=bool(score >= self.card.digit_threshold),
                is_unusual=bool(score < self.card.ordinary_threshold),
                unevenness=digit.unevenness,
            )
            for digit, row, score in zip(found, probabilities, scores.tolist(), strict=True)
        ]

    def _compute_logits(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = np.empty((len(frames), self._outputs), np.float32)
        with self._interpreters.borrow() as interpreter:
            for row, frame in enumerate(frames):
                check_time()
                interpreter.set_tensor(self._input, frame[np.newaxis].astype(np.float32))
                interpreter.invoke()
                logits[row] = interpreter.get_tensor(self._output)[0]
        return logits


def load_recognizer(name: str | None = None, directory: Path | None = None) -> Recognizer:
    """Load a model that reads digits.

    Args:
        name: a name from `models/`; None loads the default model.
        directory: where to look instead of `models_directory()`.

    Raises:
        ModelNotFoundError: there is no model of that name, or no model at all.
        ModelLoadError: the model is damaged.
    """
    card = load_card(name, directory)
    try:
        content = read_verified(card, TFLITE, directory)
    except ModelLoadError:
        # Another process may have replaced the model after its card was read.
        card = load_card(name, directory)
        content = read_verified(card, TFLITE, directory)
    return Recognizer(content, card)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    # Without overflow for either sign, and exact near 0 (tests compare with scipy.special.expit).
    sigmoid: NDArray[np.float32] = np.exp(-np.logaddexp(np.float32(0), -logits))
    return sigmoid
