"""Reads the digits of ink in one piece with the string network.

    ink -> line of 32 rows -> logits of each column -> softmax -> best path -> digits and places

The best path takes the most probable class of each column; equal neighbors are one digit, and
blanks, CTC's twelfth class, separate digits (A. Graves et al., ICML 2006).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES
from mnist_core.inference.interpreters import InterpreterPool
from mnist_core.preprocessing.framing import LINE_MARGIN, frame_line
from mnist_core.preprocessing.grey import Image
from mnist_core.registry.card import CARD, STRINGS, TFLITE, read_card
from mnist_core.registry.store import read_verified
from mnist_core.storage.paths import BUNDLED_MODELS, models_directory

__all__ = ["StringReader", "Symbol", "load_string_reader"]

_BLANK = CLASSES + 1
# Columns of the line for each column of logits, and the line's column at the middle of the first.
_STRIDE, _FIRST = 2, 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Symbol:
    """A digit, or a non-digit, in ink that has several.

    Attributes:
        label: 0 to 9; 10 for a non-digit.
        column: its middle, in pixels of the ink.
        probabilities: (10,) float32 of the digits; their sum is 1.
        digit_score: the probability that there is a digit at all, 0 to 1.
    """

    label: int
    column: float
    probabilities: NDArray[np.float32]
    digit_score: float


class StringReader:
    """The string network. Any number of threads may share one.

    Args:
        content: a LiteRT model: (1, 32, width) float32 from 0 to 255 -> (1, columns, 12) logits.
        name: the model's name, for errors.
    """

    def __init__(self, content: bytes, name: str = "strings") -> None:
        self._interpreters = InterpreterPool(content, name)

    def read(self, ink: Image) -> list[Symbol]:
        """Read ink in one piece, from left to right.

        Args:
            ink: (h, w) uint8, 0 for background to 255 for full ink, cut to its box.
        """
        line = frame_line(ink)
        scale = (line.shape[1] - 2 * LINE_MARGIN) / ink.shape[1]
        last = ink.shape[1] - 1
        return [
            replace(symbol, column=min(max((symbol.column - LINE_MARGIN) / scale, 0.0), last))
            for symbol in self.read_line(line)
        ]

    def read_line(self, line: Image) -> list[Symbol]:
        """Read a line as `frame_line` makes it; the symbols' columns are in its pixels."""
        probabilities = _softmax(self._compute_logits(line))
        best = probabilities.argmax(axis=1)
        symbols = []
        starts = np.flatnonzero(np.diff(best, prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(best)], strict=True):
            if best[start] == _BLANK:
                continue
            peak = start + int(probabilities[start:end, best[start]].argmax())
            digits = probabilities[peak, :CLASSES]
            score = float(digits.sum())
            symbols.append(
                Symbol(
                    label=int(best[start]),
                    column=(start + end - 1) / 2 * _STRIDE + _FIRST,
                    probabilities=digits / max(score, 1e-9),
                    digit_score=score,
                )
            )
        return symbols

    def _compute_logits(self, line: Image) -> NDArray[np.float32]:
        with self._interpreters.borrow() as interpreter:
            (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
            # An even width; only a new one costs time.
            width = line.shape[1] + line.shape[1] % 2
            if source["shape"][2] != width:
                interpreter.resize_tensor_input(source["index"], (1, len(line), width))
                interpreter.allocate_tensors()
            padded = np.zeros((1, len(line), width), np.float32)
            padded[0, :, : line.shape[1]] = line
            interpreter.set_tensor(source["index"], padded)
            interpreter.invoke()
            return interpreter.get_tensor(target["index"])[0]


def load_string_reader() -> StringReader | None:
    """Load the string network of `models_directory()`, or else the one of the repository.

    Later calls return the same one until its files are replaced. None: there is no such network.

    Raises:
        ModelLoadError: it is damaged.
    """
    for directory in (models_directory(), BUNDLED_MODELS):
        with suppress(FileNotFoundError):
            return _load(directory, (directory / STRINGS / CARD).stat().st_mtime_ns)
    return None


@lru_cache(maxsize=2)
def _load(directory: Path, modified: int) -> StringReader:
    card = read_card(directory / STRINGS / CARD)
    return StringReader(read_verified(card, TFLITE, directory))


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
