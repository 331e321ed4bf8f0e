"""One visitor's video: the state that the video's thread and the page's thread share."""

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
from mnist_core.webcam.reader import FrameReader, FrameResult
from mnist_core.webcam.settings import WebcamSettings

__all__ = ["LiveReader", "LiveState", "PastReading"]

# The length of the history; the frames, and the seconds, over which statistics are taken.
_HISTORY, _FRAMES, _WINDOW = 20, 60, 2.0
# Frames were skipped in a gap of more than this many usual gaps.
_LONG_GAP = 1.5
# The region of interest of a frame that is already cut to it.
_ALL = (0.0, 0.0, 1.0, 1.0)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PastReading:
    """A number that was read.

    Attributes:
        reading: the number.
        confidence: of its least certain digit, 0 to 1, in the frame where that was highest.
        at: the time at which it was first read, UTC.
    """

    reading: str
    confidence: float
    at: datetime


@dataclass(frozen=True, kw_only=True, eq=False)
class LiveState:
    """A snapshot of the video's state.

    Attributes:
        result: of the newest frame; None before the first one, and after two seconds without one.
        frames: the number of frames read.
        skipped: the number of frames that were left out because another one was being read.
        fps: frames read per second, over the last two seconds.
        milliseconds: the median time of reading one of the last 60 frames.
        history: the numbers read, the newest first, at most 20.
        error: why the newest frame could not be read; None if it could.
        interrupted: frames came, but none in the last two seconds.
    """

    result: FrameResult | None = None
    frames: int = 0
    skipped: int = 0
    fps: float = 0.0
    milliseconds: float = 0.0
    history: tuple[PastReading, ...] = ()
    error: str | None = None
    interrupted: bool = False


class LiveReader:
    """Reads the frames of one visitor's video, from any thread.

    The page sets `settings` and `recognizer` and gets `state`; none of them waits for a frame.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self.settings = WebcamSettings()
        self._reader = FrameReader(recognizer)
        # Frames are read one at a time. Their statistics have a lock of their own, so that the page
        # never waits while a frame is read.
        self._reader_lock, self._state_lock = threading.Lock(), threading.Lock()
        self._state = LiveState()
        self._arrivals: deque[float] = deque(maxlen=_FRAMES)
        self._times: deque[float] = deque(maxlen=_FRAMES)
        self._gaps: deque[float] = deque(maxlen=_FRAMES)
        self._last_time: float | None = None
        self._last_arrival: float | None = None

    @property
    def recognizer(self) -> Recognizer:
        """The model that reads. A new one takes over at the next frame, without earlier votes."""
        return self._reader.recognizer

    @recognizer.setter
    def recognizer(self, recognizer: Recognizer) -> None:
        if recognizer is not self._reader.recognizer:
            self._reader = FrameReader(recognizer)

    @property
    def state(self) -> LiveState:
        """The current state of the video."""
        with self._state_lock:
            now = time.monotonic()
            recent = sum(now - arrival <= _WINDOW for arrival in self._arrivals)
            # A video that has just begun has no two seconds of frames yet.
            span = min(_WINDOW, now - self._arrivals[0]) if self._arrivals else _WINDOW
            interrupted = self._last_arrival is not None and now - self._last_arrival > _WINDOW
            return replace(
                self._state,
                result=None if interrupted else self._state.result,
                interrupted=interrupted,
                fps=recent / max(span, 0.5),
                milliseconds=float(np.median(self._times)) if self._times else 0.0,
            )

    def process(self, frame: NDArray[np.uint8], at: float | None = None) -> NDArray[np.uint8]:
        """Read a frame and draw on it.

        A frame that cannot be read is returned unchanged, and `state.error` gives the reason: the
        video continues in any case.

        Args:
            frame: (h, w, 3) BGR uint8.
            at: its time in the video, in seconds, if known.

        Returns:
            (h, w, 3) BGR uint8.
        """
        result = self._read(frame, self.settings, at)
        return frame if result is None else result.annotated

    def process_region(
        self, region: NDArray[np.uint8], at: float | None = None
    ) -> FrameResult | None:
        """Read a frame that is already cut to the region of interest.

        Args:
            region: (h, w, 3) BGR uint8, as the camera saw it: not mirrored.
            at: see `process`.

        Returns:
            The result, with boxes in pixels of the region; None if it cannot be read, and
            `state.error` gives the reason.
        """
        return self._read(region, replace(self.settings, roi=_ALL), at)

    def restart(self) -> None:
        """Begin a new video: reset everything but the history."""
        with self._state_lock:
            self._state = LiveState(history=self._state.history)
            for numbers in (self._arrivals, self._times, self._gaps):
                numbers.clear()
            self._last_time = self._last_arrival = None

    def clear_history(self) -> None:
        """Delete the numbers read so far."""
        with self._state_lock:
            self._state = replace(self._state, history=())

    def _read(
        self, frame: NDArray[np.uint8], settings: WebcamSettings, at: float | None
    ) -> FrameResult | None:
        with self._reader_lock:
            self._last_arrival = time.monotonic()
            try:
                result = self._reader.process(frame, settings)
            except MnistError as error:
                self._set_error(str(error))
                return None
            except Exception:
                _log.exception("A frame could not be read")
                self._set_error("This frame could not be read. The server's log has the reason.")
                return None
        self._record(result, at)
        return result

    def _set_error(self, error: str) -> None:
        with self._state_lock:
            self._state = replace(self._state, error=error)

    def _record(self, result: FrameResult, at: float | None) -> None:
        with self._state_lock:
            self._arrivals.append(time.monotonic())
            self._times.append(result.elapsed_ms)
            before = self._state
            self._state = replace(
                before,
                result=result,
                frames=before.frames + 1,
                skipped=before.skipped + self._count_skipped(at),
                history=_updated_history(before, result),
                error=None,
            )

    def _count_skipped(self, at: float | None) -> int:
        """Count the frames that are missing between the last one and this one."""
        last, self._last_time = self._last_time, at
        if at is None or last is None or at <= last:
            return 0
        gap = at - last
        self._gaps.append(gap)
        # The shortest gaps are the camera's: a slow reader makes the others longer.
        usual = float(np.quantile(self._gaps, 0.1))
        return round(gap / usual) - 1 if gap > _LONG_GAP * usual else 0


def _updated_history(before: LiveState, result: FrameResult) -> tuple[PastReading, ...]:
    """The history after a frame. Its digits may differ from the reading, which is voted on."""
    if not result.reading:
        return before.history
    confidence = 0.0
    if "".join(digit.text for digit in result.digits) == result.reading:
        confidence = min(digit.confidence for digit in result.digits)
    if before.result is not None and before.result.reading == result.reading and before.history:
        newest, *others = before.history
        if confidence > newest.confidence:
            newest = replace(newest, confidence=confidence)
        return (newest, *others)
    past = PastReading(reading=result.reading, confidence=confidence, at=datetime.now(UTC))
    return (past, *before.history)[:_HISTORY]
