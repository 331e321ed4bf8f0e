"""Sends small answers at once.

Streamlit opens its listening socket without a protocol number, and asyncio therefore leaves Nagle's
algorithm on (github.com/Kludex/uvicorn/issues/3149): the body of each answer but the first on a
connection waits for the client's delayed acknowledgment of its header, 40 ms on Linux.
"""

from __future__ import annotations

import socket

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["NoDelay"]


class NoDelay:
    """ASGI middleware that sets TCP_NODELAY on the connections of HTTP requests and sockets."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the option where the server is uvicorn; go on in any case."""
        # `receive` is a method of uvicorn's connection. ASGI has no other way to it.
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        connection = transport.get_extra_info("socket") if transport else None
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self._app(scope, receive, send)
