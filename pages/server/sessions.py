"""Forgets the sessions of visitors who have left, also if nobody comes after them.

Streamlit keeps a session for `server.disconnectedSessionTTL` (two minutes) after its page was
closed, for a browser that comes back, and removes older ones only when the next page is closed. So
what the last visitors of a day have uploaded would stay in memory all night, with their sockets.
"""

from __future__ import annotations

import asyncio
import gc
import logging

from streamlit.runtime import Runtime

from pages.widgets import memory

__all__ = ["forget_left", "keep_forgetting"]

# Seconds from one look to the next.
_INTERVAL = 30.0
_logger = logging.getLogger(__name__)


async def keep_forgetting() -> None:
    """Forget the sessions of visitors who have left, until the task is cancelled."""
    while True:
        await asyncio.sleep(_INTERVAL)
        try:
            forget_left(Runtime.instance())
        except AttributeError:
            # Another version of Streamlit stores them elsewhere; it still forgets them later.
            _logger.warning("Streamlit's closed sessions were not found.")
            return


def forget_left(runtime: Runtime) -> int:
    """Forget sessions that nobody can come back to; return their number.

    Call it in the server's event loop. Streamlit has no public function for this.
    """
    storage = runtime._session_mgr._session_storage  # type: ignore[attr-defined]
    expired = storage._cache.expire()
    number = len(expired)
    if number:
        del expired
        # A session refers to itself in cycles. Its sockets and uploads are closed with it.
        gc.collect()
        memory.give_back()
    return number
