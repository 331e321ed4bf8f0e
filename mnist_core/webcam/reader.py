"""Reads video: a region of interest in the middle of each frame, with a stable result.

    frame -> region of interest -> ink, automatic or by a fixed threshold -> digit candidates
          -> recognizer -> candidates on even paper -> vote of the last frames -> reading

A photograph is read as a whole, but a camera also sees faces, hands and the edges of paper. So a
digit has to be completely inside the region, accepted by the network, and on an even background,
which ink has and the gap between two fingers does not.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2

from mnist_core.inference.reading import Digit
from mnist_core.inference.recognizer import Recognizer
from mnist_core.inference.surfaces import best_on_surfaces
from mnist_core.preprocessing.grey import Image
from mnist_core.preprocessing.images import check_image
from mnist_core.preprocessing.surface_search import find_surfaces
from mnist_core.webcam.candidates import find_candidates
from mnist_core.webcam.look import Look, look_at
from mnist_core.webcam.overlay import draw_viewfinder
from mnist_core.webcam.region import crop_region, roi_in_pixels, to_working_size
from mnist_core.webcam.settings import MAX_SMOOTHING, WebcamSettings

__all__ = ["FrameReader", "FrameResult", "WebcamSettings"]

# The weight of a frame without a reading in the vote; others weigh their confidence, 0 to 1.
_EMPTY_VOTE = 0.5
# A new reading needs this many times the votes of the current one.
_HYSTERESIS = 1.25


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameResult:
    """The result of reading one frame.

    Attributes:
        annotated: (h, w, 3) BGR uint8: the frame, mirrored if requested, with the region, the
            digits and the reading drawn on it.
        digits: those of this frame, in reading order, and non-digits beside them; their boxes in
            pixels of `annotated`.
        reading: the number on which the last frames agree, with a "?" for a non-digit; "" for none.
        note: a sentence on what the region's border cuts beside the digits of this frame; "" for
            nothing.
        ink: (h', w') uint8, 0 or 255: the ink of the region, at the size at which it is read.
        elapsed_ms: the time taken, in milliseconds.
    """

    annotated: Image
    digits: list[Digit]
    reading: str
    note: str
    ink: Image
    elapsed_ms: float


class FrameReader:
    """Reads the frames of one video in order, in one thread at a time."""

    def __init__(self, recognizer: Recognizer) -> None:
        self.recognizer = recognizer
        self._votes: deque[tuple[str, float]] = deque(maxlen=MAX_SMOOTHING)
        self._reading = ""

    def process(self, frame: Image, settings: WebcamSettings | None = None) -> FrameResult:
        """Read a frame.

        Args:
            frame: (h, w, 3) BGR uint8; grey and BGRA are accepted, too. It is not modified.
            settings: how to read it; None uses the defaults.

        Raises:
            InvalidImageError: another shape, dtype or size.
        """
        start = time.perf_counter()
        settings = settings or WebcamSettings()
        frame = _to_bgr(check_image(frame))
        shown = cv2.flip(frame, 1) if settings.mirror else frame.copy()
        roi = roi_in_pixels(settings.roi, shown)
        cropped = crop_region(frame, roi, settings.mirror)
        digits: list[Digit] = []
        note = ""
        if settings.inference:
            look = look_at(cropped, self.recognizer, settings)
            ink = look.ink
            if look.is_doubtful:
                look = self._look_closer(cropped, look, settings)
            if settings.mirror:
                look = look.mirrored()
            digits, note = [_move(digit, roi[:2]) for digit in look.written], look.note
            self._vote(digits, settings.smoothing)
        else:
            ink = find_candidates(to_working_size(cropped), settings).ink
            self._votes.clear()
            self._reading = ""
        draw_viewfinder(shown, roi, digits, self._reading, paused=not settings.inference)
        return FrameResult(
            annotated=shown,
            digits=digits,
            reading=self._reading,
            note=note,
            ink=ink,
            elapsed_ms=1000 * (time.perf_counter() - start),
        )

    def _look_closer(self, region: Image, first: Look, settings: WebcamSettings) -> Look:
        """The best of the first look at a region and of looks at the cards and sheets in it."""
        looks, readings = [first], [first.reading]
        surfaces = []
        for surface in find_surfaces(region):
            if not surface.is_quadrilateral:
                continue  # a face, a hand
            look = look_at(surface.straighten(region), self.recognizer, settings)
            if look.written:
                looks.append(look.moved_from(surface, first.size))
                readings.append(looks[-1].reading)
                surfaces.append((surface, readings[-1]))
        best = best_on_surfaces(readings[0], surfaces)
        return next(look for look, read in zip(looks, readings, strict=True) if read is best)

    def _vote(self, digits: Sequence[Digit], frames: int) -> None:
        """Update the reading by a vote of the last frames, weighted by their confidence."""
        number = "".join(digit.text for digit in digits)
        confidence = math.prod(digit.confidence for digit in digits) if digits else _EMPTY_VOTE
        self._votes.append((number, confidence))
        votes: dict[str, float] = {}
        for past, weight in list(self._votes)[-frames:]:
            votes[past] = votes.get(past, 0.0) + weight
        best = max(votes, key=votes.__getitem__)
        if votes[best] > _HYSTERESIS * votes.get(self._reading, 0.0):
            self._reading = best


def _to_bgr(frame: Image) -> Image:
    if frame.ndim == 2:
        return cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
    return frame if frame.shape[2] == 3 else cv2.cvtColor(frame, cv2.COLOR_BGRA2BGR)


def _move(digit: Digit, by: tuple[int, int]) -> Digit:
    left, top, width, height = digit.box
    return replace(digit, box=(by[0] + left, by[1] + top, width, height))
