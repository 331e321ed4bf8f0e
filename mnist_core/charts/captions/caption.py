"""The caption of a chart, and words that several captions need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Caption", "count", "enumerate_words"]


class Caption(NamedTuple):
    """What a chart says, in plain text.

    Attributes:
        reading: a sentence that says how to read such a chart.
        result: a sentence that says what this one shows, computed from its numbers.
    """

    reading: str
    result: str

    def __str__(self) -> str:
        """Both sentences."""
        return f"{self.reading} {self.result}"


def count(number: int, noun: str) -> str:
    """A number with its noun, which takes an "s" in the plural: "1 image", "2,000 images"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def enumerate_words(words: Sequence[str]) -> str:
    """Words in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
