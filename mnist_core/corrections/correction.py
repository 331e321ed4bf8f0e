"""A correction: a frame, what it really shows, and what a model read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import NOT_A_DIGIT, check_frames
from mnist_core.errors import (
    CorrectionsError,
    InvalidImageError,
    require_choice,
    require_int,
    require_number,
)

__all__ = ["SOURCES", "Correction", "check_label", "showable_time"]

SOURCES = ("draw", "photo", "webcam", "import")


@dataclass(frozen=True, kw_only=True, eq=False)
class Correction:
    """A frame, what it really shows, and what a model read.

    Attributes:
        frame: (28, 28) uint8, white ink on black, as the network saw it; not blank.
        label: what it shows, 0 to 9 or `NOT_A_DIGIT`.
        guess: what the model read, 0 to 9 or `NOT_A_DIGIT`; None: unknown.
        confidence: the model's, 0 to 1; None: unknown.
        model: the model's name, or "".
        model_sha256: digest of its `model.tflite`, or "".
        source: where the frame came from, one of `SOURCES`.
        created: time of the correction, ISO 8601, UTC, of a year from 1970 to 2999.
        id: its number in the store; None before it is stored.

    Raises:
        InvalidImageError: the frame is of another shape or dtype, or blank.
        CorrectionsError: another value is out of its range.
    """

    frame: NDArray[np.uint8]
    label: int
    guess: int | None = None
    confidence: float | None = None
    model: str = ""
    model_sha256: str = ""
    source: str = "draw"
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    id: int | None = None

    def __post_init__(self) -> None:
        frame = np.asarray(self.frame)
        check_frames(frame[np.newaxis])
        if not frame.any():
            raise InvalidImageError(
                "A correction's frame must have some ink. Pass a digit's 'frame'. Received: a "
                "blank frame"
            )
        check_label("label", self.label)
        if self.guess is not None:
            check_label("guess", self.guess)
        if self.confidence is not None:
            require_number(
                "A correction's confidence", self.confidence, 0, 1, error=CorrectionsError
            )
        require_choice("A correction's source", self.source, SOURCES, error=CorrectionsError)
        if showable_time(self.created) is None:
            raise CorrectionsError(
                "A correction's time must be in ISO 8601, of a year from 1970 to 2999. Leave it "
                f"out. Received: {str(self.created)[:40]!r}"
            )


def showable_time(text: object) -> datetime | None:
    """The time of an ISO 8601 text, in UTC; None if it is none, or not of the years 1970 to 2999.

    Python cannot show a time of year 1 or 9999 in every time zone.
    """
    try:
        time = datetime.fromisoformat(str(text))
        time = time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if 1970 <= time.year <= 2999 else None


def check_label(name: str, value: object) -> None:
    """Raise an error unless the value is a label: 0 to 9, or `NOT_A_DIGIT` (10).

    Raises:
        CorrectionsError: it is not.
    """
    require_int(f"A correction's {name}", value, 0, NOT_A_DIGIT, error=CorrectionsError)
