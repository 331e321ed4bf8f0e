"""Reading video: a box in the middle of the picture, frame after frame, steadily.

    frame -> box -> ink, automatic or by a threshold -> digits -> those that can be meant
          -> LiteRT -> those on paper -> a vote over the last frames -> reading

Photographs are read whole; in front of a camera there are faces, hands and the edges of paper too.
So only what lies wholly inside the box counts, what the network takes for a digit, and what has
something even around it, as ink has and the gap between two fingers has not.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.inference.recognizer import Digit, Recognizer
from mnist_core.preprocessing.framing import Box, FramedDigit, frame_digit
from mnist_core.preprocessing.images import check_image
from mnist_core.preprocessing.ink import Ink, InkMap, ink_map
from mnist_core.preprocessing.segmentation import find_digits
from mnist_core.webcam.background import background_nonuniformity
from mnist_core.webcam.overlay import draw_viewfinder
from mnist_core.webcam.settings import MAX_SMOOTHING, Roi, WebcamSettings

__all__ = ["FrameReader", "FrameResult", "WebcamSettings"]

# The box is shrunk to this many pixels before anything else: a number of eight digits can still be
# read, and a frame takes milliseconds.
_WORKING_SIDE = 256
# A threshold by hand is for a picture blurred by so many pixels, or every grain would be ink.
_BLUR = 1.2
# Ink weaker than this is no ink in the processed view; `find_digits` sees it so.
_SHOWN = 48
# What is lower than this share of the box's height is not held into the camera to be read.
_MIN_HEIGHT = 0.1
# More pieces than this are a texture, not a number.
_MAX_DIGITS = 12
# The number has this share of all ink in the box, or there is more in it than a sheet of paper.
_TIDY = 0.85
# How uneven it may be around digits: on the whole where there is nothing else, else around each.
# Chosen between what was measured of simulated frames: 99 % of the digits written were below 0.61,
# and what was none was above 1.07. But most of what is none is taken for a 1, a bare stroke: a
# number of them alone was above 1.03, and among other things above 0.26, but for one frame each.
_UNEVEN, _UNEVEN_AMONG_OTHERS = 1.1, 0.7
_UNEVEN_STROKES, _UNEVEN_STROKE_AMONG_OTHERS = 0.9, 0.25
_STROKE = 1
# Where it is so even around it, somebody wrote it: then this share of the model's threshold is
# score enough, but for a bare stroke. Chosen on frames of the seeds 29 to 31, not of 28.
_EVEN, _DOUBTFUL = 0.2, 0.5
# The vote of a frame without a reading; others weigh what they are sure of, 0 to 1.
_EMPTY_VOTE = 0.5
# Another reading needs so many times the votes of the one that stands.
_HYSTERESIS = 1.25


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameResult:
    """What a frame showed.

    Attributes:
        annotated: (h, w, 3) BGR uint8: the frame, mirrored if asked for, with the box, the digits
            and the reading drawn on it.
        digits: those of this frame, in reading order; their boxes in pixels of `annotated`.
        reading: the number that the last frames agree on; "" for none.
        ink: (h', w') uint8, 0 or 255: what the threshold made of the region of interest, at the
            size at which it is read.
        elapsed_ms: how long all of it took.
    """

    annotated: NDArray[np.uint8]
    digits: list[Digit]
    reading: str
    ink: NDArray[np.uint8]
    elapsed_ms: float


class FrameReader:
    """Reads the frames of one video, one after the other; not for several threads at once."""

    def __init__(self, recognizer: Recognizer) -> None:
        self.recognizer = recognizer
        self._votes: deque[tuple[str, float]] = deque(maxlen=MAX_SMOOTHING)
        self._reading = ""

    def process(
        self, frame: NDArray[np.uint8], settings: WebcamSettings | None = None
    ) -> FrameResult:
        """Read a frame.

        Args:
            frame: (h, w, 3) BGR uint8; grey and BGRA are taken as well. It is not changed.
            settings: how to read it; None takes the defaults.

        Raises:
            InvalidImageError: not such a frame.
        """
        start = time.perf_counter()
        settings = settings or WebcamSettings()
        frame = _as_bgr(check_image(frame))
        shown = cv2.flip(frame, 1) if settings.mirror else frame.copy()
        roi = _pixels(settings.roi, shown)
        box = _cut(frame, roi, settings.mirror)
        found, ink = _find(box, settings)
        digits: list[Digit] = []
        if settings.inference:
            read = self.recognizer.read_framed(found)
            written = _written(read, box, ink, self.recognizer.card.digit_threshold)
            # More that is none than that is one: a face, a hand, cloth.
            if 2 * len(written) >= len(found):
                digits = [_placed(digit, ink, roi, settings.mirror) for digit in written]
            self._vote(digits, settings.smoothing)
        else:
            self._votes.clear()
            self._reading = ""
        draw_viewfinder(shown, roi, digits, self._reading, paused=not settings.inference)
        return FrameResult(
            annotated=shown,
            digits=digits,
            reading=self._reading,
            ink=ink,
            elapsed_ms=1000 * (time.perf_counter() - start),
        )

    def _vote(self, digits: Sequence[Digit], frames: int) -> None:
        """Let the last frames decide what is read, each by how sure it is."""
        number = "".join(digit.text for digit in digits)
        sure = math.prod(digit.confidence for digit in digits) if digits else _EMPTY_VOTE
        self._votes.append((number, sure))
        votes: dict[str, float] = {}
        for past, weight in list(self._votes)[-frames:]:
            votes[past] = votes.get(past, 0.0) + weight
        best = max(votes, key=votes.__getitem__)
        if votes[best] > _HYSTERESIS * votes.get(self._reading, 0.0):
            self._reading = best


def _as_bgr(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if frame.ndim == 2:
        return cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
    return frame if frame.shape[2] == 3 else cv2.cvtColor(frame, cv2.COLOR_BGRA2BGR)


def _pixels(roi: Roi, frame: NDArray[np.uint8]) -> Box:
    """The region of interest in pixels of the shown frame: at least one, and within it."""
    height, width = frame.shape[:2]
    left, top = min(width - 1, round(roi[0] * width)), min(height - 1, round(roi[1] * height))
    right, bottom = round((roi[0] + roi[2]) * width), round((roi[1] + roi[3]) * height)
    return left, top, max(1, min(width, right) - left), max(1, min(height, bottom) - top)


def _cut(frame: NDArray[np.uint8], roi: Box, mirror: bool) -> NDArray[np.uint8]:
    """What the camera saw of the region of interest, grey, no larger than is worth reading."""
    left, top, width, height = roi
    if mirror:
        left = frame.shape[1] - left - width
    box = cv2.cvtColor(frame[top : top + height, left : left + width], cv2.COLOR_BGR2GRAY)
    scale = min(1.0, _WORKING_SIDE / max(width, height))
    if scale == 1:
        return box
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # As good as means of areas, in a quarter of their time: blurred, every pixel counts.
    smooth = cv2.GaussianBlur(_halved(box), (3, 3), 0)
    return cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR)


def _halved(box: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Halved as often as its longer side stays as large as it is read, or larger."""
    while min(box.shape) > 1 and max(box.shape) >= 2 * _WORKING_SIDE:
        size = (box.shape[1] // 2, box.shape[0] // 2)
        box = cv2.resize(box, size, interpolation=cv2.INTER_AREA)
    return box


def _find(
    box: NDArray[np.uint8], settings: WebcamSettings
) -> tuple[list[FramedDigit], NDArray[np.uint8]]:
    """What could be digits, with boxes in pixels of the ink that comes with them."""
    if settings.threshold is None:
        found = ink_map(box, settings.ink)
    else:
        found = InkMap(ink=_threshold(box, settings.threshold, settings.ink), drawn=False)
    height, width = found.ink.shape
    _, shown = cv2.threshold(found.ink, _SHOWN - 1, 255, cv2.THRESH_BINARY)
    if not settings.inference:
        return [], shown
    pieces = [
        piece
        for piece in find_digits(found.ink, drawn=found.drawn)
        if _is_inside(piece.box, width, height) and piece.box[3] >= _MIN_HEIGHT * height
    ]
    if len(pieces) > _MAX_DIGITS:
        pieces = []
    return [FramedDigit(box=piece.box, frame=frame_digit(piece)) for piece in pieces], shown


def _written(
    read: list[Digit], box: NDArray[np.uint8], ink: NDArray[np.uint8], threshold: float
) -> list[Digit]:
    """Those that are ink on something even, by what is around them, and digits by their score.

    Args:
        read: what could be digits.
        box: (h, w) uint8: what was seen.
        ink: (h, w) uint8, 0 or 255.
        threshold: a digit by its score alone has this one or more.
    """
    digits, around = [], []
    for digit in read:
        if not digit.is_digit and (
            digit.label == _STROKE or digit.digit_score < _DOUBTFUL * threshold
        ):
            continue
        uneven = background_nonuniformity(box, ink, digit.box)
        if digit.is_digit or uneven <= _EVEN:
            digits.append(replace(digit, is_digit=True))
            around.append(uneven)
    if not digits:
        return []
    own = sum(
        cv2.countNonZero(ink[top : top + height, left : left + width])
        for left, top, width, height in (digit.box for digit in digits)
    )
    if own >= _TIDY * cv2.countNonZero(ink):
        strokes = all(digit.label == _STROKE for digit in digits)
        most = _UNEVEN_STROKES if strokes else _UNEVEN
        return digits if sum(around) <= most * len(around) else []
    return [
        digit
        for digit, uneven in zip(digits, around, strict=True)
        if uneven
        <= (_UNEVEN_STROKE_AMONG_OTHERS if digit.label == _STROKE else _UNEVEN_AMONG_OTHERS)
    ]


def _placed(digit: Digit, ink: NDArray[np.uint8], roi: Box, mirror: bool) -> Digit:
    """The same with its box in the shown frame."""
    left, top, across, down = digit.box
    if mirror:
        left = ink.shape[1] - left - across
    wide, high = roi[2] / ink.shape[1], roi[3] / ink.shape[0]
    box = (
        roi[0] + round(left * wide),
        roi[1] + round(top * high),
        max(1, round(across * wide)),
        max(1, round(down * high)),
    )
    return replace(digit, box=box)


def _threshold(box: NDArray[np.uint8], level: int, ink: Ink) -> NDArray[np.uint8]:
    """What is darker, or lighter, than a grey level; "auto" takes what there is less of."""
    _, light = cv2.threshold(cv2.GaussianBlur(box, (0, 0), _BLUR), level, 255, cv2.THRESH_BINARY)
    if ink == "auto":
        ink = "light" if 2 * cv2.countNonZero(light) <= light.size else "dark"
    return light if ink == "light" else cv2.bitwise_not(light)


def _is_inside(box: Box, width: int, height: int) -> bool:
    """Is it clear of the border? What touches it goes on outside."""
    left, top, across, down = box
    return left > 0 and top > 0 and left + across < width and top + down < height
