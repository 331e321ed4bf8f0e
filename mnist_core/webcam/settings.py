"""How video is read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mnist_core.preprocessing.grey import Ink

__all__ = ["MAX_SMOOTHING", "Roi", "WebcamSettings"]

Roi = tuple[float, float, float, float]

# Frames that can vote on a reading.
MAX_SMOOTHING = 60


@dataclass(frozen=True, kw_only=True)
class WebcamSettings:
    """How video is read.

    Attributes:
        inference: False lets the video go on without being read.
        roi: the region of interest, (left, top, width, height) in fractions of the shown frame,
            within 0 to 1; width and height above 0.
        threshold: 0 to 255, the grey level that parts ink from paper; None: automatic.
        ink: "light" or "dark" digits; "auto" finds out.
        smoothing: how many frames vote on the reading, 1 to 60; 1 does not smooth.
        mirror: show the frame as a mirror does. It is read as it is.

    Raises:
        ValueError: a value is out of its range.
    """

    inference: bool = True
    roi: Roi = (0.25, 0.15, 0.5, 0.7)
    threshold: int | None = None
    ink: Ink = "auto"
    smoothing: int = 8
    mirror: bool = False

    def __post_init__(self) -> None:
        for field in ("inference", "mirror"):
            if not isinstance(getattr(self, field), bool):
                raise ValueError(f"{field} is True or False. Received: {getattr(self, field)!r}")
        if not _is_roi(self.roi):
            raise ValueError(
                "roi is (left, top, width, height), fractions of the frame within 0 to 1, width "
                f"and height above 0. Received: {self.roi!r}"
            )
        if self.threshold is not None and not _is_whole(self.threshold, 0, 255):
            raise ValueError(
                f"threshold is a whole number from 0 to 255, or None. Received: {self.threshold!r}"
            )
        if self.ink not in ("auto", "light", "dark"):
            raise ValueError(f"ink is 'auto', 'light' or 'dark'. Received: {self.ink!r}")
        if not _is_whole(self.smoothing, 1, MAX_SMOOTHING):
            raise ValueError(
                f"smoothing is a whole number of frames, 1 to {MAX_SMOOTHING}. "
                f"Received: {self.smoothing!r}"
            )


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_roi(roi: object) -> bool:
    if not isinstance(roi, tuple) or len(roi) != 4:
        return False
    if not all(isinstance(part, (int, float)) and math.isfinite(part) for part in roi):
        return False
    left, top, width, height = roi
    # Fractions that sliders add up are a rounding error off.
    within = left + width <= 1 + 1e-9 and top + height <= 1 + 1e-9
    return bool(left >= 0 and top >= 0 and width > 0 and height > 0 and within)
