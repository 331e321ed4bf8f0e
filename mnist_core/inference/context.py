"""What its neighbors tell about a digit: numbers, words, and marks at the border.

The digit score judges each mark alone, but an "o" is a 0 and an "l" a 1 as far as anybody can see.
In a row of marks of one size, the evidence of all is added: a number has hardly ever a mark with a
low score, and a word hardly ever only high ones. A plus is neither a letter nor a digit.

    texture   of many marks, few are digits, or all are the same one, or there are only ones among
              more non-digits: all are non-digits
    word      all marks of the row are non-digits
    number    a single mark just below the threshold is a digit among digits
    sign      a slash, a bracket or a comma beside digits is no 1, a degree no 0 (`signs`)
    low       a refused mark that is much lower than the digits beside it, or stands at the border
              and in no row with digits, is left out, not shown as "?"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnist_core.inference.reading import Digit, Mark, Reading
from mnist_core.inference.signs import refuse_signs
from mnist_core.inference.surroundings import reaches_border
from mnist_core.preprocessing.rows import are_neighbors, stands_beside
from mnist_core.preprocessing.segmentation import Reason

__all__ = ["judge_in_context"]

# The evidence of a mark for a number is its score's logit above the threshold's, less the first;
# none counts as more than a clear digit, as far above it as the second: one perfect "o" makes no
# number of a word. (Any digit is read in 7.9 and 9.6% of the words of two seeds, without this limit
# in 12.5 and 13.8%; of numbers with damaged digits, 1.9 and 0.6% are refused, 0.5 and 0% without.)
_CLEAR, _CLEAREST = 5.0, 8.5
# A row of this many marks with a refused one is a word if the sum is worse than that of one mark
# at the threshold. None counts as more than `_CLEAR` below it: a blot or a crossed-out digit stands
# in numbers, too.
_LETTERS = 3
# Words are this far apart, in shares of the height, and twice as far as letters.
_SPACE = 0.5
# The ink of a plus is in the middle rows and columns of its box, this share of them, but for this
# share of the ink.
_MIDDLE, _BESIDE = 0.4, 0.03
# Many marks with a smaller share of digits than this are dots, grain or a text, not a page. (Among
# 308 pictures without digits, two fewer are read than with 20 marks; 1,570 others are unchanged.)
_MANY, _FEW = 8, 0.25
# As many digits, all the same, are a bar code.
_SAME = 20
# A refused mark among digits is one if digit score times confidence is at least this: of digits on
# simulated photographs it takes in 0.6%, of touching pairs 8% and of letters 5%.
_LIKELY = 0.5


def judge_in_context(reading: Reading, threshold: float) -> Reading:
    """Judge the digits of a reading by their neighbors.

    Args:
        reading: as the network read it, mark by mark.
        threshold: the digit score from which on the network accepts a digit.
    """
    reading = _leave_out_at_border(reading, threshold)
    digits = list(reading.digits)
    if len(digits) < 2 or not any(digit.is_digit for digit in digits):
        return reading
    rows = _find_rows(digits)
    for row in rows:
        judged = _judge_row([digits[place] for place in row], threshold)
        for place, digit in zip(row, judged, strict=True):
            digits[place] = digit
    # Last: where most letters of words are refused, so is a 1 that stands alone.
    if _is_texture(digits):
        refused = [replace(digit, is_digit=False) for digit in digits]
        return replace(reading, digits=refused)
    kept, left_out = _leave_out_low(refuse_signs(digits), reading.size)
    return replace(reading, digits=kept, left_out=[*reading.left_out, *left_out])


def _leave_out_at_border(reading: Reading, threshold: float) -> Reading:
    """Leave out what reaches into a photograph of digits and is clearly none, such as a finger."""
    if not any(digit.is_digit for digit in reading.digits):
        return reading
    kept, left_out = [], []
    for digit in reading.digits:
        at_border = digit.unevenness > 0 and reaches_border(digit.box, reading.size)
        if at_border and not digit.is_digit and _evidence([digit], threshold)[0] <= -2 * _CLEAR:
            left_out.append(Mark(box=digit.box, reason="border"))
        else:
            kept.append(digit)
    return replace(reading, digits=kept, left_out=[*reading.left_out, *left_out])


def _is_texture(digits: Sequence[Digit]) -> bool:
    """Are there many marks, of which few are digits, or all the same digit, as in a bar code?"""
    accepted = [digit for digit in digits if digit.is_digit]
    # A 1 is a bare stroke: among more non-digits it is an edge, and so it is in a photograph with
    # any, where its background is never quite even.
    photographed = any(digit.unevenness > 0 for digit in digits)
    few = len(accepted) < len(digits) if photographed else 2 * len(accepted) < len(digits)
    if few and accepted and all(digit.is_one for digit in accepted):
        return True
    is_one_digit = len(digits) >= _SAME and len({digit.label for digit in accepted}) == 1
    is_sparse = len(digits) >= _MANY and len(accepted) < _FEW * len(digits)
    return bool(accepted) and (is_one_digit or is_sparse)


def _find_rows(digits: Sequence[Digit]) -> list[list[int]]:
    """Divide digits in reading order into rows of neighbors: the places of each row's digits."""
    rows: list[list[int]] = []
    for place, digit in enumerate(digits):
        for row in reversed(rows):
            if any(are_neighbors(digits[other].box, digit.box) for other in reversed(row)):
                row.append(place)
                break
        else:
            rows.append([place])
    return [part for row in rows for part in _split_at_spaces(row, digits)]


def _split_at_spaces(row: list[int], digits: Sequence[Digit]) -> list[list[int]]:
    """Divide a row where its gaps are wide, as between a word and a number."""
    row = sorted(row, key=lambda place: digits[place].box[0])
    boxes = np.array([digits[place].box for place in row])
    gaps = boxes[1:, 0] - (boxes[:-1, 0] + boxes[:-1, 2])
    if len(gaps) < _LETTERS - 1:
        return [row]
    letters = float(np.quantile(gaps, 0.5, method="lower"))
    space = max(_SPACE * float(np.median(boxes[:, 3])), 2 * letters)
    ends = np.flatnonzero(gaps > space) + 1
    return [row[start:end] for start, end in pairwise([0, *ends.tolist(), len(row)])]


def _judge_row(row: list[Digit], threshold: float) -> list[Digit]:
    """Judge a row of digits together."""
    marks = [digit for digit in row if digit.is_digit or not _is_plus(digit.frame)]
    refused = [digit for digit in marks if not digit.is_digit]
    if not refused or len(refused) == len(marks):
        return row  # nothing to change
    evidence = _evidence(marks, threshold)
    if len(marks) >= _LETTERS and evidence.sum() < -_CLEAR:
        return [replace(digit, is_digit=False) for digit in row]
    if len(refused) == 1 < len(row) - 1:
        return [
            replace(digit, is_digit=digit.is_digit or _is_likely(digit, threshold)) for digit in row
        ]
    return row


def _evidence(marks: Sequence[Digit], threshold: float) -> NDArray[np.float64]:
    """How much each mark speaks for a number: see `_CLEAR`."""
    # Nearer to 0 or 1 than float32 resolves, their logit is not known.
    eps = float(np.finfo(np.float32).eps)
    scores = np.clip([threshold, *(mark.digit_score for mark in marks)], eps, 1 - eps)
    limit, *logits = np.log(scores / (1 - scores))
    evidence: NDArray[np.float64] = np.clip(logits - limit, -_CLEAR, _CLEAREST) - _CLEAR
    return evidence


def _is_plus(frame: NDArray[np.uint8]) -> bool:
    """Is nearly all ink in the middle rows and the middle columns of its box?"""
    rows, columns = np.flatnonzero(frame.max(axis=1)), np.flatnonzero(frame.max(axis=0))
    if not len(rows):
        return False
    ink = frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(float)
    sides = [round(side * (1 - _MIDDLE) / 2) for side in ink.shape]
    away = [
        np.minimum(np.arange(n), np.arange(n)[::-1]) < m
        for n, m in zip(ink.shape, sides, strict=True)
    ]
    return bool(ink[np.ix_(*away)].sum() < _BESIDE * ink.sum())


def _is_likely(digit: Digit, threshold: float) -> bool:
    if digit.digit_score >= threshold:
        return False  # refused for its surroundings
    return digit.digit_score * digit.confidence >= min(_LIKELY, threshold)


def _leave_out_low(digits: list[Digit], size: tuple[int, int]) -> tuple[list[Digit], list[Mark]]:
    """Leave out refused marks that are not as high as digits: commas, and what the border cuts."""
    accepted = [digit for digit in digits if digit.is_digit]
    kept, left_out = [], []
    for digit in digits:
        reason = _reason(digit, accepted, size) if accepted and not digit.is_digit else None
        if reason is None:
            kept.append(digit)
        else:
            left_out.append(Mark(box=digit.box, reason=reason))
    return kept, left_out


def _reason(mark: Digit, accepted: Sequence[Digit], size: tuple[int, int]) -> Reason | None:
    """Why a refused mark is left out; None if it is not."""
    if any(are_neighbors(mark.box, digit.box) for digit in accepted):
        return None
    if reaches_border(mark.box, size):
        return "border"
    beside = (digit for digit in accepted if stands_beside(mark.box, digit.box))
    return "speck" if any(mark.box[3] < digit.box[3] for digit in beside) else None
