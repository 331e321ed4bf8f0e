"""A correction: a frame that was read wrongly, with what it really shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE, NOT_A_DIGIT
from mnist_core.errors import CorrectionsError, InvalidImageError

__all__ = ["SOURCES", "Correction", "check_label"]

SOURCES = ("draw", "photo", "webcam", "import")


@dataclass(frozen=True, kw_only=True, eq=False)
class Correction:
    """A frame and what it really shows.

    Attributes:
        frame: (28, 28) uint8, white ink on black, as the network saw it; not blank.
        label: the digit, 0 to 9, or `NOT_A_DIGIT`.
        guess: what it was read as, in the same way; None if nobody read it.
        confidence: how surely, 0 to 1; None if nobody read it.
        model: the name of the model that guessed, or "".
        model_sha256: of its `model.tflite`, or "".
        source: where the frame came from, one of `SOURCES`.
        created: when it was corrected, ISO 8601, UTC.
        id: its number in the store; None before it is kept.

    Raises:
        InvalidImageError: the frame is none.
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
        if frame.dtype != np.uint8 or frame.shape != (FRAME_SIZE, FRAME_SIZE) or not frame.any():
            raise InvalidImageError(
                "A correction's frame is 28x28 grey levels with some ink. Pass a digit's 'frame'. "
                f"Received: shape {frame.shape}, dtype {frame.dtype}, "
                f"{'ink' if frame.any() else 'no ink'}"
            )
        check_label("label", self.label)
        if self.guess is not None:
            check_label("guess", self.guess)
        if self.confidence is not None and not (
            isinstance(self.confidence, float) and 0 <= self.confidence <= 1
        ):
            raise CorrectionsError(
                "A correction's confidence is a number from 0.0 to 1.0. Received: "
                f"{self.confidence!r}"
            )
        if self.source not in SOURCES:
            raise CorrectionsError(
                f"A correction's source is one of: {', '.join(SOURCES)}. Received: {self.source!r}"
            )


def check_label(name: str, value: object) -> None:
    """Do nothing if the value is a label: 0 to 9, or `NOT_A_DIGIT`.

    Raises:
        CorrectionsError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= NOT_A_DIGIT:
        raise CorrectionsError(
            f"A correction's {name} is a digit, 0 to 9, or {NOT_A_DIGIT} for what is no digit. "
            f"Received: {value!r}"
        )
