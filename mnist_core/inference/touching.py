"""A second opinion on ink that the recognizer doubts, and the digits of ink that has several.

    suspicious   refused, not certain, or wider than high
    one digit    if the string network, too, reads one: the product of both networks' probabilities.
                 A non-digit that both rather take for the same digit is that digit
    several      if the string network reads several that are certain on average, and more certain
                 than one digit would be. The ink is cut between them, and the recognizer reads the
                 pieces, too. Pieces that are no more likely digits than not are non-digits
    stacked      ink as high as two digits or more is cut across. All of its pieces must be digits,
                 in rows with others, and more certain than the whole

The certainty of a digit is its score times its confidence; that of a refused one is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnist_core.inference.reading import Digit
from mnist_core.inference.strings import StringReader, Symbol
from mnist_core.preprocessing.cutting import cut_ink, cut_rows
from mnist_core.preprocessing.framing import FramedDigit, frame_piece
from mnist_core.preprocessing.rows import are_neighbors, reading_order

__all__ = ["split_touching"]

# Of 2,000 single digits of MNIST and of other writers, 80% are more certain than this and not wider
# than high; of 2,000 pairs that touch, 1%.
_CERTAIN = 0.99
# The mean certainty of digits that touch. 97% of 1,800 strings of two to four digits that touch are
# above it, and 17 of 4,000 scribbles and letters.
_CERTAIN_STRING = 0.8
_LIKELY = 0.5
# The weight of one network's probabilities beside the other's, as an exponent. Of 445 uncertain
# digits of MNIST and of other writers, 51 are incorrect with it, 55 without. It was
# trained on whole digits, so it counts as little for pieces: 98.9% of 2,900 are correct, 98.6% are
# without it, 98.2% with 0.8.
_WEIGHT = 0.3
# More suspicious marks are a texture or a text, and would take a tenth of a second.
_MOST = 100


def split_touching(
    found: Sequence[FramedDigit],
    digits: Sequence[Digit],
    load_reader: Callable[[], StringReader | None],
    read_framed: Callable[[Sequence[FramedDigit]], list[Digit]],
) -> list[Digit]:
    """Ask the string network about suspicious digits; replace those that are rather several.

    Args:
        found: the ink of the digits.
        digits: the recognizer's results, one for each.
        load_reader: loads the string network; called if a digit is suspicious. None: there is none.
        read_framed: recognizes digits.
    """
    suspicious = [_is_suspicious(ink, digit) for ink, digit in zip(found, digits, strict=True)]
    reader = load_reader() if 0 < sum(suspicious) <= _MOST else None
    if reader is None:
        return list(digits)
    result: list[Digit] = []
    whole: list[tuple[int, FramedDigit]] = []
    for ink, digit, doubtful in zip(found, digits, suspicious, strict=True):
        parts = _reconsider(ink, digit, reader, read_framed) if doubtful else [digit]
        if len(parts) == 1:
            whole.append((len(result), ink))
        result += parts
    return _split_stacks(result, whole, reader, read_framed)


def _split_stacks(
    digits: list[Digit],
    whole: Sequence[tuple[int, FramedDigit]],
    reader: StringReader,
    read_framed: Callable[[Sequence[FramedDigit]], list[Digit]],
) -> list[Digit]:
    """Cut ink that is as high as several of the digits, which touch from line to line."""
    read = [digit.box for digit in digits if digit.is_digit]
    if not read:
        return digits
    height = float(np.median([box[3] for box in read]))
    pieces: dict[int, list[Digit]] = {}
    for place, stack in whole:
        count = round(stack.box[3] / height)
        if count < 2:
            continue
        cut = [frame_piece(stack, piece) for piece in cut_rows(stack.ink, count)]
        parts: list[Digit] = []
        for ink, digit in zip(cut, read_framed(cut), strict=True):
            doubtful = _is_suspicious(ink, digit)
            parts += _reconsider(ink, digit, reader, read_framed) if doubtful else [digit]
        certainty = float(np.mean([part.certainty for part in parts]))
        if all(part.is_digit for part in parts) and certainty > digits[place].certainty:
            pieces[place] = [replace(part, is_piece=True) for part in parts]
    # Each is in a row with others: the two halves of an "h" are not.
    for place, parts in list(pieces.items()):
        others = [part.box for other in pieces if other != place for part in pieces[other]]
        if not all(any(are_neighbors(p.box, box) for box in read + others) for p in parts):
            del pieces[place]
    if not pieces:
        return digits
    digits = [part for place, digit in enumerate(digits) for part in pieces.get(place, [digit])]
    return [digits[index] for index in reading_order([digit.box for digit in digits])]


def _reconsider(
    found: FramedDigit,
    digit: Digit,
    reader: StringReader,
    read_framed: Callable[[Sequence[FramedDigit]], list[Digit]],
) -> list[Digit]:
    """The digit, as both networks see it, or those that it consists of."""
    symbols = reader.read(found.ink)
    if len(symbols) == 1:
        return [_confirm(digit, symbols[0])]
    several = _read_pieces(found, symbols, read_framed)
    mean = float(np.mean([part.digit_score * part.confidence for part in several] or [0]))
    return several if mean > max(digit.certainty, _CERTAIN_STRING) else [digit]


def _is_suspicious(found: FramedDigit, digit: Digit) -> bool:
    height, width = found.ink.shape
    return not digit.is_digit or digit.confidence < _CERTAIN or width >= height


def _confirm(digit: Digit, symbol: Symbol) -> Digit:
    """One digit as both networks see it; unchanged if the string network sees none."""
    if symbol.digit_score < _LIKELY:
        return digit
    # A refusal is overruled if both rather take it for the same digit, and one is certain.
    agree = symbol.label == digit.label and digit.digit_score >= _LIKELY
    sure = agree and symbol.digit_score * float(symbol.probabilities.max()) >= _CERTAIN_STRING
    probabilities = _combine(digit.probabilities, symbol.probabilities)
    return _with(digit, probabilities, digit.digit_score, is_digit=digit.is_digit or sure)


def _read_pieces(
    found: FramedDigit,
    symbols: Sequence[Symbol],
    read_framed: Callable[[Sequence[FramedDigit]], list[Digit]],
) -> list[Digit]:
    """The digits of ink in one piece; empty if it cannot be cut into as many."""
    pieces = cut_ink(found.ink, [symbol.column for symbol in symbols]) if symbols else []
    if not pieces or len(pieces) < len(symbols):
        return []
    parts = read_framed([frame_piece(found, piece) for piece in pieces])
    combined = []
    for part, symbol in zip(parts, symbols, strict=True):
        probabilities = _combine(symbol.probabilities, part.probabilities)
        likely = symbol.digit_score * float(probabilities.max()) >= _LIKELY
        read = _with(part, probabilities, symbol.digit_score, is_digit=likely)
        # If a piece looks unusual, that is the cut's doing, not the hand's.
        combined.append(replace(read, is_unusual=False, is_piece=True))
    return combined


def _combine(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """The product of two networks' probabilities, the second with less weight."""
    # No probability of 0 excludes a digit alone.
    product = first * np.maximum(second, np.finfo(np.float32).eps) ** np.float32(_WEIGHT)
    probabilities: NDArray[np.float32] = product / product.sum()
    return probabilities


def _with(
    digit: Digit, probabilities: NDArray[np.float32], score: float, *, is_digit: bool
) -> Digit:
    return replace(
        digit,
        label=int(probabilities.argmax()),
        confidence=float(probabilities.max()),
        probabilities=probabilities,
        digit_score=score,
        is_digit=is_digit,
    )
