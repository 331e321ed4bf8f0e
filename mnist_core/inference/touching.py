"""Digits that touch: where the recognizer doubts that ink is one digit, it is read as several.

    suspicious  refused, not certain, or wider than high
    hypotheses  one digit, as the recognizer reads it; the digits that the string network reads
    quality     of one digit: digit score times confidence, 0 if refused; of several: that of the
                least certain one
    best        several digits, if all are more likely digits than not, and more certain than one

Ink is cut between the places that the string network found. The recognizer reads the pieces, too,
but it was not trained on ink that was cut: the string network weighs more where much was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from mnist_core.inference.reading import Digit
from mnist_core.inference.strings import StringReader, Symbol
from mnist_core.preprocessing.cutting import cut_ink
from mnist_core.preprocessing.framing import FramedDigit, frame_piece

__all__ = ["split_touching"]

# Of 2,000 single digits of MNIST and of other writers, 80% are more certain than this and not wider
# than high; of 2,000 pairs that touch, 1%.
_CERTAIN = 0.99
# A digit is more likely than not …
_LIKELY = 0.5


def split_touching(
    found: Sequence[FramedDigit],
    digits: Sequence[Digit],
    load_reader: Callable[[], StringReader | None],
    read_framed: Callable[[Sequence[FramedDigit]], list[Digit]],
) -> list[Digit]:
    """Replace each digit that is rather several by these.

    Args:
        found: the ink of the digits.
        digits: the recognizer's results, one for each.
        load_reader: loads the string network; called if a digit is suspicious. None: there is none.
        read_framed: recognizes digits.
    """
    suspicious = [_is_suspicious(ink, digit) for ink, digit in zip(found, digits, strict=True)]
    reader = load_reader() if any(suspicious) else None
    if reader is None:
        return list(digits)
    result: list[Digit] = []
    for ink, digit, doubtful in zip(found, digits, suspicious, strict=True):
        several = _read_several(ink, reader, read_framed) if doubtful else []
        worst = min((_quality(part) for part in several), default=0.0)
        result += several if worst > max(_quality(digit), _LIKELY) else [digit]
    return result


def _is_suspicious(found: FramedDigit, digit: Digit) -> bool:
    height, width = found.ink.shape
    return not digit.is_digit or digit.confidence < _CERTAIN or width >= height


def _quality(digit: Digit) -> float:
    return digit.digit_score * digit.confidence * digit.is_digit


def _read_several(
    found: FramedDigit,
    reader: StringReader,
    read_framed: Callable[[Sequence[FramedDigit]], list[Digit]],
) -> list[Digit]:
    """The digits of ink in one piece; empty if it has fewer than two."""
    symbols = reader.read(found.ink)
    if len(symbols) < 2:
        return []
    pieces = cut_ink(found.ink, [symbol.column for symbol in symbols])
    if len(pieces) < len(symbols):
        return []
    parts = read_framed([frame_piece(found, piece) for piece in pieces])
    return [_combine(part, symbol) for part, symbol in zip(parts, symbols, strict=True)]


def _combine(part: Digit, symbol: Symbol) -> Digit:
    """What both networks say of one digit: the product of their probabilities."""
    logarithms = np.log(symbol.probabilities + 1e-9) + _WEIGHT * np.log(part.probabilities + 1e-9)
    probabilities = np.exp(logarithms - logarithms.max())
    probabilities = (probabilities / probabilities.sum()).astype(np.float32)
    return replace(
        part,
        label=int(probabilities.argmax()),
        confidence=float(probabilities.max()),
        probabilities=probabilities,
        digit_score=symbol.digit_score,
        is_digit=symbol.digit_score >= _LIKELY,
    )


_WEIGHT = 0.3
