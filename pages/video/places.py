"""How many visitors may watch video at once; the others wait in line.

Each visitor's video takes part of a core. Beyond what the cores hold, all videos would become slow.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_core import MnistError
from mnist_core.errors import require_int

__all__ = ["Places", "keep_place", "places", "wait_for_place"]

VARIABLE = "MNIST_VIEWERS"
# Six viewers of video get 16 frames per second each on two cores (see docs/webcam.md).
_PER_CORE = 3
# Who has not been seen for this long has left the page, s.
_GONE = 10.0
# Seconds between two questions of a page.
_INTERVAL = 2.0
# How long a free place is kept for the first in line, s.
_TURN = 30.0


@dataclass
class _Waiting:
    seen: float
    offered: float | None = None


class Places:
    """The visitors who watch video and those who wait, by their sessions; any thread may ask."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock, self._lock = clock, threading.Lock()
        self._running: dict[str, float] = {}
        self._line: dict[str, _Waiting] = {}

    def ask(self, session: str, *, running: bool) -> int:
        """The number of visitors before this one; 0: it may start or go on.

        Ask regularly while the page is open: the place of a visitor who does not is given away.
        """
        with self._lock:
            now = self._clock()
            self._forget(now)
            admitted = session in self._running or self._before(session) == 0
            if running and admitted:
                self._running[session] = now
                self._line.pop(session, None)
                return 0
            if not running:
                self._running.pop(session, None)
            if session not in self._line and len(self._line) < self.limit - len(self._running):
                return 0  # There are free places: nobody has to wait in line.
            waiting = self._line.setdefault(session, _Waiting(now))
            waiting.seen = now
            before = self._before(session)
            if before == 0:
                waiting.offered = waiting.offered or now
            return before

    def in_line(self, session: str) -> bool:
        """Does this visitor wait, or have a free place kept for it?"""
        with self._lock:
            return session in self._line

    def _before(self, session: str) -> int:
        order = list(self._line)
        place = order.index(session) if session in self._line else len(order)
        return max(0, place + 1 - (self.limit - len(self._running)))

    def _forget(self, now: float) -> None:
        self._running = {key: seen for key, seen in self._running.items() if now - seen <= _GONE}
        self._line = {key: one for key, one in self._line.items() if now - one.seen <= _GONE}
        for key, one in list(self._line.items()):
            if one.offered is not None and now - one.offered > _TURN:
                self._line[key] = _Waiting(self._line.pop(key).seen)  # at the end of the line


def wait_for_place() -> bool:
    """Show, if all places are taken, how many visitors are before this one; return whether."""
    if not _before(running=st.session_state.get("video_on", False)):
        return False
    _show_line()
    return True


def keep_place(running: bool) -> None:
    """Keep the place of a visitor whose video runs, or who may start it now."""
    context = get_script_run_ctx()
    if running and _before(running=True):
        st.rerun()  # Others have started at the same moment.
    if context and (running or places().in_line(context.session_id)):
        st.fragment(_ask_again, run_every=_INTERVAL)(running)


@st.fragment(run_every=_INTERVAL)
def _show_line() -> None:
    before = _before(running=False)
    if not before:
        st.rerun()
    number = "1 visitor is" if before == 1 else f"{before} visitors are"
    st.info(
        f"**All places for video are taken ({places().limit}).** {number} before you. Stay on this "
        "page: the video can be started as soon as it is your turn. Or read a picture below.",
        icon=":material/hourglass_empty:",
    )


def _ask_again(running: bool) -> None:
    if _before(running=running):
        st.rerun()


def _before(*, running: bool) -> int:
    context = get_script_run_ctx()
    return places().ask(context.session_id, running=running) if context else 0


@st.cache_resource(show_spinner=False)
def places() -> Places:
    """The places of this server: `$MNIST_VIEWERS`, or three for each core.

    Raises:
        MnistError: `$MNIST_VIEWERS` is not a whole number from 1 to 10,000.
    """
    text = os.environ.get(VARIABLE) or str(_PER_CORE * (os.cpu_count() or 1))
    number = int(text) if text.isdecimal() else text
    require_int(f"The environment's ${VARIABLE}", number, 1, 10_000, error=MnistError)
    return Places(int(number))
