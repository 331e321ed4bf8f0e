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

from mnist_core.inference.reading import Digit, Mark, Reading
from mnist_core.inference.recognizer import Recognizer
from mnist_core.inference.surroundings import refuse_unwritten
from mnist_core.preprocessing.framing import Box, FramedDigit, frame_found
from mnist_core.preprocessing.grey import SOFT_EDGE, Image, binarize
from mnist_core.preprocessing.images import check_image
from mnist_core.preprocessing.ink import Ink, InkMap, ink_map
from mnist_core.preprocessing.rows import are_neighbors
from mnist_core.preprocessing.segmentation import find_digits
from mnist_core.preprocessing.surface import find_surfaces
from mnist_core.webcam.overlay import draw_viewfinder
from mnist_core.webcam.region import crop_region, roi_in_pixels, to_working_size
from mnist_core.webcam.settings import MAX_SMOOTHING, WebcamSettings

__all__ = ["FrameReader", "FrameResult", "WebcamSettings"]

# Before a fixed threshold, blur by a standard deviation of this many pixels: noise is not ink.
_BLUR = 1.2
# Digits are at least this high, as a share of the region's height.
_MIN_HEIGHT = 0.1
# More candidates are a texture, not a number.
_MAX_DIGITS = 12
_ONE = 1
# On a background up to this unevenness, this share of the model's threshold is a sufficient
# digit score, except for a 1. Chosen on frames of the seeds 29 to 31, not of 28.
_EVEN, _EVEN_SCORE = 0.2, 0.5
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
        region = to_working_size(cropped)
        candidates = _find_candidates(region, settings)
        ink = candidates.ink
        digits: list[Digit] = []
        note = ""
        if settings.inference:
            written = self._read_written(candidates)
            note = _note_cut(written, candidates, settings.mirror)
            if not written:
                digits = self._read_surface(cropped, roi, settings)
            digits = digits or [_move_to_frame(d, ink.shape, roi, settings.mirror) for d in written]
            self._vote(digits, settings.smoothing)
        else:
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

    def _read_written(self, candidates: _Candidates) -> list[Digit]:
        """Read candidates; none are digits if most are not: a face, a hand, cloth."""
        threshold = self.recognizer.card.digit_threshold
        read = [
            _accept_on_even_paper(digit, threshold)
            for digit in self.recognizer.read_found(candidates.found)
        ]
        read = refuse_unwritten(read, candidates.cut + candidates.left_out)
        written = [digit for digit in read if digit.is_digit]
        if 2 * len(written) < len(candidates.found):
            return []
        return _add_refused_neighbors(written, read)

    def _read_surface(self, cropped: Image, roi: Box, settings: WebcamSettings) -> list[Digit]:
        """Read what is written on a card or sheet in the region; boxes in the shown frame."""
        for surface in find_surfaces(cropped):
            if not surface.is_quadrilateral:
                continue  # a face, a hand
            straight = to_working_size(surface.straighten(cropped))
            candidates = _find_candidates(straight, settings)
            height, width = candidates.ink.shape
            scale = surface.size[0] / width, surface.size[1] / height
            digits = []
            written = self._read_written(candidates)
            if sum(digit.is_digit for digit in written) < len(candidates.found):
                continue  # a thing with a pattern
            for digit in written:
                x, y, wide, high = digit.box
                on_surface = (
                    *(round(x * scale[0]), round(y * scale[1])),
                    *(round(wide * scale[0]), round(high * scale[1])),
                )
                moved = replace(digit, box=surface.box_in_image(on_surface))
                digits.append(_move_to_frame(moved, cropped.shape[:2], roi, settings.mirror))
            if digits:
                return digits
        return []

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


@dataclass(frozen=True, kw_only=True, eq=False)
class _Candidates:
    """What may be digits in a region; boxes in its pixels.

    Attributes:
        found: the ink of each.
        cut: boxes of what may be digits, too, but continues outside of the region.
        left_out: boxes of all other ink.
        ink: (h, w) uint8, 0 or 255.
    """

    found: list[FramedDigit]
    cut: list[Box]
    left_out: list[Box]
    ink: Image


def _find_candidates(region: Image, settings: WebcamSettings) -> _Candidates:
    """Find what may be digits in the region."""
    if settings.threshold is None:
        inked = ink_map(region, settings.ink)
    else:
        inked = InkMap(ink=_apply_threshold(region, settings.threshold, settings.ink), grey=region)
    solid = binarize(inked.ink, SOFT_EDGE - 1)
    if not settings.inference:
        return _Candidates(found=[], cut=[], left_out=[], ink=solid)
    found = find_digits(inked.ink, drawn=inked.drawn)
    digits, cut, left_out = [], [], [mark.box for mark in found.left_out]
    for digit in found.digits:
        if not _is_inside(digit.box, solid.shape):
            cut.append(digit.box)
        elif digit.box[3] >= _MIN_HEIGHT * len(solid):
            digits.append(digit)
        else:
            left_out.append(digit.box)
    if len(digits) > _MAX_DIGITS:
        digits = []
    return _Candidates(found=frame_found(inked, digits), cut=cut, left_out=left_out, ink=solid)


def _note_cut(written: list[Digit], candidates: _Candidates, mirror: bool) -> str:
    """A sentence on what the border cuts of the row of digits: a number must not get shorter."""
    height, width = candidates.ink.shape
    cut = [
        (width - box[0] - box[2] if mirror else box[0], *box[1:])
        for box in candidates.cut
        if any(are_neighbors(box, digit.box) for digit in written)
    ]
    marks = [Mark(box=box, reason="border") for box in cut]
    return Reading(digits=written, left_out=marks, size=(width, height)).note


def _accept_on_even_paper(digit: Digit, threshold: float) -> Digit:
    """Accept a digit with a lower score than the model's threshold if its background is even."""
    even = digit.unevenness <= _EVEN and digit.label != _ONE
    accepted = even and digit.digit_score >= _EVEN_SCORE * threshold
    return replace(digit, is_digit=digit.is_digit or accepted)


def _add_refused_neighbors(written: list[Digit], read: list[Digit]) -> list[Digit]:
    """Add what was read as no digit but stands in the row of one: a number must not get shorter.

    `read` are all candidates in reading order, from which `written` were chosen.
    """
    accepted = {digit.box: digit for digit in written}
    return [
        accepted.get(digit.box, digit)
        for digit in read
        if digit.box in accepted
        or (not digit.is_digit and any(are_neighbors(digit.box, box) for box in accepted))
    ]


def _move_to_frame(digit: Digit, shape: tuple[int, ...], roi: Box, mirror: bool) -> Digit:
    """Convert the box of a digit from pixels of a region of (h, w) to pixels of the shown frame."""
    left, top, width, height = digit.box
    if mirror:
        left = shape[1] - left - width
    scale_x, scale_y = roi[2] / shape[1], roi[3] / shape[0]
    box = (
        roi[0] + round(left * scale_x),
        roi[1] + round(top * scale_y),
        max(1, round(width * scale_x)),
        max(1, round(height * scale_y)),
    )
    return replace(digit, box=box)


def _apply_threshold(region: Image, level: int, ink: Ink) -> Image:
    """Return 255 where it is lighter, or darker, than a level; "auto" takes the smaller part."""
    light = binarize(cv2.GaussianBlur(region, (0, 0), _BLUR), level)
    if ink == "auto":
        ink = "light" if 2 * cv2.countNonZero(light) <= light.size else "dark"
    return light if ink == "light" else cv2.bitwise_not(light)


def _is_inside(box: Box, shape: tuple[int, ...]) -> bool:
    """Is a box clear of the image's border? What touches it may continue outside."""
    left, top, width, height = box
    return left > 0 and top > 0 and left + width < shape[1] and top + height < shape[0]
