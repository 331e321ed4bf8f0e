"""A server in this process, for routes without Streamlit, and images to send to it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import uvicorn
from starlette.types import ASGIApp
from support.own_strokes import OWN_STROKES
from support.strokes import drawn_digit


def encode_digit(digit: int, format_: str = ".png") -> bytes:
    """A drawn digit of 280x280 pixels as the content of a file."""
    return cv2.imencode(format_, drawn_digit(OWN_STROKES[digit]))[1].tobytes()


@contextmanager
def serving(application: ASGIApp) -> Iterator[str]:
    """Serve on a free local port; yields the host with the port.

    The socket has no protocol number, as Streamlit's; see `NoDelay`.
    """
    listener = socket.socket(socket.AF_INET)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
