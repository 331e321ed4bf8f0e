"""The common part of the sockets: messages in, an answer to the newest one out.

    ws://HOST/BASE/live/NAME?session=ID     wss: where the page is https

`BASE` is `server.baseUrlPath` or the prefix of a proxy, `ID` is the visitor's Streamlit session
(`get_script_run_ctx().session_id` of `streamlit.runtime.scriptrunner`), and each socket has
parameters of its own. Connecting is refused with HTTP 403 (in a browser, close code 1006) for a
foreign `Origin` or `Host` and without an open session. A message is one binary frame of at most
1 MB. Each message is answered by one text frame, JSON:

    {"frame": 0, ...}                            the result, see the socket's own module
    {"frame": 1, "error": "This file is ..."}    it cannot be read; the socket stays open

`frame` is the number of the message on this socket, from 0. Send one message, wait for its answer,
then send the newest content. Who sends more, or more often than the limit, gets answers to the
newest messages only; the numbers of the others are missing. The server closes the socket with

    1000  nothing was sent for 60 s
    1003  a text message
    1008  the session's page was closed
    1009  a message above 1 MB
    1011  a fault of the server; its log has the details

Nothing that arrives is kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from mnist_core import MnistError
from pages.server import guard
from pages.server.limits import RateLimit
from pages.server.readers import in_thread

__all__ = ["IDLE", "MAX_BYTES", "Answer", "serve"]

# A drawing of 560x280 pixels is 6 kB as PNG and 157 kB as grey levels; a video frame of 640x480 is
# 60 kB as JPEG.
MAX_BYTES = 1_000_000
IDLE = 60.0
# How often a waiting socket looks whether its page is still open.
_CHECK = 5.0

Answer = Callable[[bytes], Mapping[str, Any]]


class _Closed(Exception):  # noqa: N818 (not a failure)
    """The socket is to be closed with this code, or was closed by the visitor if it is None."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        self.code, self.reason = code, reason


class _Inbox:
    """The newest message of a socket; older ones that nobody has taken are dropped."""

    def __init__(self) -> None:
        self._arrived = asyncio.Event()
        self._message: bytes | None = None
        self._closed: _Closed | None = None
        self._count = 0

    def put(self, message: bytes) -> None:
        self._message = message
        self._count += 1
        self._arrived.set()

    def close(self, closed: _Closed) -> None:
        self._closed = closed
        self._arrived.set()

    async def wait(self) -> None:
        """Wait until there is a message; raises `_Closed` if there will be none."""
        await self._arrived.wait()
        if self._closed:
            raise self._closed

    def take(self) -> tuple[int, bytes]:
        """The newest message and its number; `wait` has returned before."""
        assert self._message is not None
        message, self._message = self._message, None
        self._arrived.clear()
        return self._count - 1, message


async def serve(websocket: WebSocket, answer: Answer, limit: RateLimit) -> None:
    """Answer the newest messages of a socket until it is closed.

    Args:
        websocket: not accepted yet.
        answer: content of a message -> what is sent back as JSON; it is called in a thread and may
            raise an `MnistError`, whose text is sent back.
        limit: how often a visitor, known by the session, is answered.
    """
    session = websocket.query_params.get("session", "")
    if not (await guard.is_allowed(websocket) and guard.has_session(session)):
        await websocket.close(1008)
        return
    await websocket.accept()
    inbox = _Inbox()
    receiving = asyncio.create_task(_receive(websocket, inbox))
    try:
        await _answer_newest(websocket, session, inbox, answer, limit)
    except _Closed as closed:
        if closed.code is not None:
            with suppress(WebSocketDisconnect, RuntimeError):
                await websocket.close(closed.code, closed.reason)
    except WebSocketDisconnect:
        pass  # while an answer was sent
    except Exception:
        await websocket.close(1011, "The server failed.")
        raise  # for the log
    finally:
        receiving.cancel()


async def _receive(websocket: WebSocket, inbox: _Inbox) -> None:
    while True:
        message = await websocket.receive()
        content = message.get("bytes")
        if message["type"] == "websocket.disconnect":
            inbox.close(_Closed(None))
        elif content is None:
            inbox.close(_Closed(1003, "Send images as binary messages."))
        elif len(content) > MAX_BYTES:
            inbox.close(_Closed(1009, f"A message has at most {MAX_BYTES:,} bytes."))
        else:
            inbox.put(content)
            continue
        return


async def _answer_newest(
    websocket: WebSocket, session: str, inbox: _Inbox, answer: Answer, limit: RateLimit
) -> None:
    while True:
        await _wait(inbox, session)
        while wait := limit.ask(session):
            await asyncio.sleep(wait)
        number, content = inbox.take()
        result: Mapping[str, Any]
        try:
            result = await in_thread(answer, content)
        except MnistError as error:
            result = {"error": str(error)}
        await websocket.send_json({"frame": number, **result})


async def _wait(inbox: _Inbox, session: str) -> None:
    """Wait for a message; raise `_Closed` if none comes in time or the page is closed."""
    end = time.monotonic() + IDLE
    arrived = False
    while not arrived:
        with suppress(TimeoutError):
            await asyncio.wait_for(inbox.wait(), _CHECK)
            arrived = True
        if not guard.has_session(session):
            raise _Closed(1008, "The page is closed.")
        if not arrived and time.monotonic() >= end:
            raise _Closed(1000, "Nothing was sent.")
