"""One visitor's video: what the thread of the frames and the thread of the page share."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from mnist_core.errors import MnistError
from mnist_core.inference.recognizer import Recognizer
from mnist_core.webcam.reader import FrameReader, FrameResult, WebcamSettings

__all__ = ["LiveReader", "LiveState", "PastReading"]

# Readings remembered; frames and seconds that the rate is taken over.
_HISTORY, _FRAMES, _WINDOW = 20, 60, 2.0
# A gap this many times the usual one between frames has lost frames in it.
_GAP = 1.5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PastReading:
    """A number that was read.

    Attributes:
        reading: the number.
        confidence: the highest at which it was read, of its least certain digit, 0 to 1.
        at: when it was read first.
    """

    reading: str
    confidence: float
    at: datetime


@dataclass(frozen=True, kw_only=True, eq=False)
class LiveState:
    """How the video stands.

    Attributes:
        result: of the newest frame; None before the first one.
        frames: how many were read so far.
        skipped: how many came while another one was read, and were left out.
        fps: frames read per second, lately.
        milliseconds: how long reading a frame takes, the median of the last ones.
        history: numbers read, the newest first.
        error: why the newest frame could not be read; None if it was.
    """

    result: FrameResult | None = None
    frames: int = 0
    skipped: int = 0
    fps: float = 0.0
    milliseconds: float = 0.0
    history: tuple[PastReading, ...] = ()
    error: str | None = None


class LiveReader:
    """Reads the frames of one visitor's video, in whichever thread they come.

    The page sets `settings` and `recognizer` and asks for `state`; none of them waits for a frame.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self.settings = WebcamSettings()
        self._reader = FrameReader(recognizer)
        # Frames are read one at a time; what is told of them is held by a lock of its own, so that
        # the page never waits for a reading.
        self._reading, self._telling = threading.Lock(), threading.Lock()
        self._state = LiveState()
        self._arrivals: deque[float] = deque(maxlen=_FRAMES)
        self._times: deque[float] = deque(maxlen=_FRAMES)
        self._gaps: deque[float] = deque(maxlen=_FRAMES)
        self._last_time: float | None = None

    @property
    def recognizer(self) -> Recognizer:
        """What reads. Another one begins anew with the next frame."""
        return self._reader.recognizer

    @recognizer.setter
    def recognizer(self, recognizer: Recognizer) -> None:
        if recognizer is not self._reader.recognizer:
            self._reader = FrameReader(recognizer)

    @property
    def state(self) -> LiveState:
        """How the video stands now."""
        with self._telling:
            now = time.monotonic()
            recent = sum(now - arrival <= _WINDOW for arrival in self._arrivals)
            # The first second has not seen two seconds' frames yet.
            span = min(_WINDOW, now - self._arrivals[0]) if self._arrivals else _WINDOW
            return replace(
                self._state,
                fps=recent / max(span, 0.5),
                milliseconds=float(np.median(self._times)) if self._times else 0.0,
            )

    def process(self, frame: NDArray[np.uint8], at: float | None = None) -> NDArray[np.uint8]:
        """Read a frame and draw on it.

        A frame that cannot be read comes back as it is, and `state.error` says why: the video goes
        on whatever is held into the camera.

        Args:
            frame: (h, w, 3) BGR uint8.
            at: its time in the video, in seconds, if that is known.

        Returns:
            (h, w, 3) BGR uint8.
        """
        with self._reading:
            try:
                result = self._reader.process(frame, self.settings)
            except MnistError as error:
                self._tell_error(str(error))
                return frame
            except Exception:
                _log.exception("A frame could not be read")
                self._tell_error("This frame could not be read; the server's log says why.")
                return frame
        self._tell(result, at)
        return result.annotated

    def restart(self) -> None:
        """Forget the last video: its rate and what was read, but not the history."""
        with self._telling:
            self._state = LiveState(history=self._state.history)
            for numbers in (self._arrivals, self._times, self._gaps):
                numbers.clear()
            self._last_time = None

    def forget(self) -> None:
        """Empty the history."""
        with self._telling:
            self._state = replace(self._state, history=())

    def _tell_error(self, error: str) -> None:
        with self._telling:
            self._state = replace(self._state, error=error)

    def _tell(self, result: FrameResult, at: float | None) -> None:
        with self._telling:
            self._arrivals.append(time.monotonic())
            self._times.append(result.elapsed_ms)
            before = self._state
            self._state = replace(
                before,
                result=result,
                frames=before.frames + 1,
                skipped=before.skipped + self._left_out(at),
                history=_remembered(before, result),
                error=None,
            )

    def _left_out(self, at: float | None) -> int:
        """How many frames are missing between the last one and this one."""
        last, self._last_time = self._last_time, at
        if at is None or last is None or at <= last:
            return 0
        gap = at - last
        self._gaps.append(gap)
        # The shortest of the usual gaps is the camera's: a slow reader makes the others longer.
        usual = float(np.quantile(self._gaps, 0.1))
        return round(gap / usual) - 1 if gap > _GAP * usual else 0


def _remembered(before: LiveState, result: FrameResult) -> tuple[PastReading, ...]:
    """The history after a frame."""
    if not result.reading:
        return before.history
    shown = "".join(digit.text for digit in result.digits)
    sure = min((digit.confidence for digit in result.digits), default=0.0)
    if before.result is not None and before.result.reading == result.reading and before.history:
        newest, *others = before.history
        if shown == newest.reading and sure > newest.confidence:
            return (replace(newest, confidence=sure), *others)
        return before.history
    past = PastReading(
        reading=result.reading,
        confidence=sure if shown == result.reading else 0.0,
        at=datetime.now(UTC),
    )
    return (past, *before.history)[:_HISTORY]
