"""What was read in an image: the digits, and the ink that was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.rows import stands_beside
from mnist_core.preprocessing.segmentation import Box, Mark

__all__ = ["Digit", "Mark", "Reading", "certain_area", "explained_area", "mean_certainty"]

# Marks are noted from this share of the digits' height on, as a decimal point has, and, without
# digits, of the image's longer side. Smaller ones are dust and noise.
_NOTED, _NOTED_ALONE = 0.08, 0.05
# More places are not listed.
_MAX_PLACES = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Digit:
    """A digit, or a non-digit such as a letter, that was found in an image and classified.

    Attributes:
        label: the most probable digit, 0 to 9; only a guess where `is_digit` is False.
        confidence: the probability of `label`, 0 to 1.
        probabilities: (10,) float32, calibrated; their sum is 1.
        box: (x, y, width, height) in pixels of the image that was read.
        frame: (28, 28) uint8, white ink on black, the input of the network.
        digit_score: the network's confidence that this is a digit at all, 0 to 1.
        is_digit: False for a non-digit: its `digit_score` is below the model's threshold, or it
            stands in a word. In a number, a score just below the threshold is enough.
        is_unusual: for a digit, that its `digit_score` is below the model's `ordinary_threshold`:
            it is written in a way that the network has seldom seen.
        is_piece: True for one of several digits that touch: its ink, and so its box, was cut from
            theirs.
        unevenness: of its background in a photograph, as a share of the ink's contrast; 0 in a
            drawing.
    """

    label: int
    confidence: float
    probabilities: NDArray[np.float32]
    box: Box
    frame: NDArray[np.uint8]
    digit_score: float
    is_digit: bool
    is_unusual: bool = False
    is_piece: bool = False
    unevenness: float = 0.0

    @property
    def text(self) -> str:
        """The digit as text; "?" for a non-digit."""
        return str(self.label) if self.is_digit else "?"

    @property
    def tag(self) -> str:
        """The text, with an asterisk if there is a remark on the digit."""
        return f"{self.text}*" if self.remark else self.text

    @property
    def remark(self) -> str:
        """How the digit is written, to show behind it; "" for an ordinary one or a non-digit."""
        return "written in a way I seldom see" if self.is_digit and self.is_unusual else ""

    @property
    def guess(self) -> str:
        """An explanation to show beside a "?", such as "looks most like an 8, 63.0%"."""
        article = "an" if self.label == 8 else "a"
        return f"looks most like {article} {self.label}, {self.confidence:.1%}"

    @property
    def certainty(self) -> float:
        """The digit score times the confidence, 0 to 1; 0 for a non-digit."""
        return self.digit_score * self.confidence * self.is_digit

    @property
    def is_one(self) -> bool:
        """Is the label 1? A 1 is a bare stroke, as edges, creases and grains are."""
        return self.label == 1

    @property
    def runner_up(self) -> int:
        """The second most probable digit."""
        return int(np.argsort(self.probabilities)[-2])

    def as_json(self) -> dict[str, Any]:
        """All but the frame, for `json.dumps`; numbers have four decimals."""
        return {
            "label": self.label,
            "confidence": round(self.confidence, 4),
            "probabilities": [round(float(p), 4) for p in self.probabilities],
            "box": self.box,
            "digit_score": round(self.digit_score, 4),
            "is_digit": self.is_digit,
            "is_unusual": self.is_digit and self.is_unusual,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """The result of reading an image.

    Attributes:
        digits: in reading order; empty for an image without ink.
        left_out: the marks of ink that are not read.
        hypothesis: the way in which the ink was found (see `selection`).
        size: (width, height) of the image, in pixels.
        considered: the readings that competed, as the network read them mark by mark.
        complete: False if the image is so cluttered that not all ways to read it were tried.
    """

    digits: Sequence[Digit]
    left_out: Sequence[Mark] = field(default=())
    hypothesis: str = "normal"
    size: tuple[int, int]
    considered: Sequence[Reading] = field(default=())
    complete: bool = True

    @property
    def text(self) -> str:
        """The digits as text, with a "?" for each non-digit."""
        return "".join(digit.text for digit in self.digits)

    @property
    def remark(self) -> str:
        """The digits that are written in an unusual way, such as "1, written …"; "" for none."""
        remarks = [digit.remark for digit in self.digits if digit.remark]
        if not remarks:
            return ""
        if len(self.digits) == 1:
            return f"{self.text}, {remarks[0]}"
        return f"{''.join(digit.tag for digit in self.digits)}, *{remarks[0]}"

    @property
    def noted(self) -> list[Mark]:
        """The marks that were left out and are large enough to be writing."""
        heights = [digit.box[3] for digit in self.digits if digit.is_digit]
        least = _NOTED * float(np.median(heights)) if heights else _NOTED_ALONE * max(self.size)
        return [mark for mark in self.left_out if max(mark.box[2:]) >= least]

    @property
    def note(self) -> str:
        """What was left out and where, and what was not tried; "" without either."""
        hurried = "" if self.complete else "The image is cluttered: it was read in one way only."
        return " ".join(filter(None, (self._note_on_marks(), hurried)))

    def _note_on_marks(self) -> str:
        counts = Counter(self._place(mark) for mark in self.noted)
        if not counts:
            return ""
        total = sum(counts.values())
        places = ", ".join(counts) if len(counts) <= _MAX_PLACES else "in several places"
        return f"{'One mark was' if total == 1 else f'{total} marks were'} left out: {places}."

    def as_json(self) -> dict[str, Any]:
        """The text, the digits, what was left out and the note on it, for `json.dumps`."""
        return {
            "text": self.text,
            "digits": [digit.as_json() for digit in self.digits],
            "left_out": [{"box": mark.box, "reason": mark.reason} for mark in self.left_out],
            "note": self.note,
        }

    def _place(self, mark: Mark) -> str:
        """Where a mark is, such as "at the left border" or "after the 4"."""
        x, y, width, height = mark.box
        if mark.reason == "border":
            gaps = {
                "left": x,
                "top": y,
                "right": self.size[0] - x - width,
                "bottom": self.size[1] - y - height,
            }
            return f"at the {min(gaps, key=gaps.__getitem__)} border"
        beside = [digit for digit in self.digits if stands_beside(mark.box, digit.box)]
        before = [digit for digit in beside if digit.box[0] <= x]
        if before:
            return f"after the {max(before, key=lambda digit: digit.box[0]).text}"
        if beside:
            return f"before the {min(beside, key=lambda digit: digit.box[0]).text}"
        return "beside the digits" if self.digits else "too small or too thin"

    @property
    def quality(self) -> float:
        """The mean certainty of the digits, 0 to 1, weighted by the areas of their boxes.

        The certainty is the digit score times the confidence; that of a non-digit is 0.
        """
        return mean_certainty(self.digits)


def mean_certainty(digits: Sequence[Digit]) -> float:
    """The certainty of digits, 0 to 1, averaged over the areas of their boxes; 0 without any."""
    if not digits:
        return 0.0
    areas = [digit.box[2] * digit.box[3] for digit in digits]
    return float(np.average([digit.certainty for digit in digits], weights=areas))


def explained_area(digits: Sequence[Digit]) -> int:
    """The area of the boxes of digits, without non-digits, in pixels.

    No box counts as wider than high: a line that a digit touches belongs to its box.
    """
    boxes = [digit.box for digit in digits if digit.is_digit]
    return sum(min(width, height) * height for _, _, width, height in boxes)


def certain_area(reading: Reading) -> float:
    """The area of the digits' boxes times their quality: much is read, and little refused."""
    return reading.quality * explained_area(reading.digits)
