"""Shows what a fragment has written although the next run has begun.

A thread of Streamlit runs what a visitor asks for, and reports to the session on the event loop. If
the next request arrives when the thread has ended but the loop has not handled its last reports,
the session starts another thread and ignores them: "Ignoring event from non-current ScriptRunner".
What the fragment wrote is lost, and a click seems to do nothing. The panel beside the video asks
four times a second, so that happens on a busy machine.
"""

from __future__ import annotations

import logging
from typing import Any

from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import ScriptRunnerEvent

__all__ = ["accept_late_events"]

_CREATE, _HANDLE = "_create_scriptrunner", "_handle_scriptrunner_event_on_event_loop"
_logger = logging.getLogger(__name__)


def accept_late_events() -> None:
    """Let each session handle what its last thread still reports; call it once.

    The loop is first in, first out: these reports come before those of the next thread. Streamlit
    1.67 has no public way to do this.
    """
    create, handle = (getattr(AppSession, name, None) for name in (_CREATE, _HANDLE))
    if create is None or handle is None:
        _logger.warning(
            "Streamlit's session has no %s or %s: clicks can be lost.", _CREATE, _HANDLE
        )
        return

    def create_runner(session: Any, data: Any) -> None:
        # None if the session has stopped the thread: then a run of the whole page follows.
        session.ended_runner = session._scriptrunner
        create(session, data)

    def handle_event(session: Any, sender: Any, event: ScriptRunnerEvent, *details: Any) -> None:
        if sender is not None and sender is getattr(session, "ended_runner", None):
            if event is ScriptRunnerEvent.SHUTDOWN:
                session.ended_runner = None
            else:
                sender = session._scriptrunner
        handle(session, sender, event, *details)

    setattr(AppSession, _CREATE, create_runner)
    setattr(AppSession, _HANDLE, handle_event)
