"""The time that a reading may take, so that no picture occupies a core for minutes.

Thousands of dots, rings or blots have that many shapes to compare, and each is small. So the loops
over marks ask whether time is left; outside of a `time_budget` it always is. Counted is the
processor time of the thread: on a busy machine, a picture is read later, but not refused.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mnist_core.errors import ClutteredImageError

__all__ = ["READING_SECONDS", "check_time", "time_budget", "uncounted"]

# Processor time of a reading, s; one step of it takes at most 0.2 s more. Photographs of 1,200x900
# pixels take 0.3 s, a page of 500 digits 0.5 s.
READING_SECONDS = 0.8

_end: ContextVar[float] = ContextVar("end", default=float("inf"))


@contextmanager
def time_budget(seconds: float) -> Iterator[None]:
    """Limit the processor time of this thread in the block; `check_time` raises beyond it."""
    token = _end.set(time.thread_time() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


@contextmanager
def uncounted() -> Iterator[None]:
    """Do not count what is done once, such as loading a network: it says nothing of a picture."""
    start = time.thread_time()
    try:
        yield
    finally:
        _end.set(_end.get() + time.thread_time() - start)


def check_time() -> None:
    """Ask whether time is left; call it for each mark.

    Raises:
        ClutteredImageError: the time is used up.
    """
    if time.thread_time() > _end.get():
        raise ClutteredImageError(
            "The image is too cluttered to read: it has too many marks. Crop it to the digits, or "
            "photograph them on plain paper."
        )
