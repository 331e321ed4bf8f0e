"""The settings with which video is read: region of interest, threshold, smoothing and others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

from mnist_core.errors import require_choice, require_int
from mnist_core.preprocessing.grey import Ink

__all__ = ["MAX_SMOOTHING", "Roi", "WebcamSettings"]

Roi = tuple[float, float, float, float]

# The most frames that can vote on a reading.
MAX_SMOOTHING = 60


@dataclass(frozen=True, kw_only=True)
class WebcamSettings:
    """How video is read.

    Attributes:
        inference: False shows the video without reading it.
        roi: the region of interest, (left, top, width, height) as shares of the shown frame, within
            0 to 1; width and height above 0.
        threshold: the grey level that separates ink from paper, 0 to 255; None: automatic.
        ink: "light" or "dark" digits; "auto" measures it.
        smoothing: the number of frames that vote on the reading, 1 to 60; 1 does not smooth.
        mirror: show the frame mirrored; it is read unmirrored.

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
                raise ValueError(
                    f"{field} must be True or False. Received: {getattr(self, field)!r}"
                )
        if not _is_roi(self.roi):
            raise ValueError(
                "roi must be (left, top, width, height), shares of the frame within 0 to 1, with "
                f"width and height above 0. Received: {self.roi!r}"
            )
        if self.threshold is not None:
            require_int("threshold", self.threshold, 0, 255, error=ValueError)
        require_choice("ink", self.ink, get_args(Ink), error=ValueError)
        require_int("smoothing", self.smoothing, 1, MAX_SMOOTHING, error=ValueError)


def _is_roi(roi: object) -> bool:
    if not isinstance(roi, tuple) or len(roi) != 4:
        return False
    if not all(isinstance(part, (int, float)) and math.isfinite(part) for part in roi):
        return False
    left, top, width, height = roi
    # Sums of shares that sliders set may exceed 1 by a rounding error.
    inside = left + width <= 1 + 1e-9 and top + height <= 1 + 1e-9
    return bool(left >= 0 and top >= 0 and width > 0 and height > 0 and inside)
