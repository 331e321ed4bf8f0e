"""TCP_NODELAY on the connections of a server whose socket is opened as Streamlit opens its own."""

from __future__ import annotations

import asyncio
import json
import socket
from urllib.request import urlopen

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from support.servers import serving
from websockets.sync.client import connect

from pages.server.no_delay import NoDelay


def option(receive: Receive) -> int:
    """The option of the connection behind an ASGI application."""
    connection = receive.__self__.transport.get_extra_info("socket")
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def answer(request: Request) -> JSONResponse:
    return JSONResponse(option(request.receive))


async def answer_socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_json(option(websocket._receive))


@pytest.mark.parametrize("middleware", [[], [Middleware(NoDelay)]], ids=["without", "with"])
def test_small_answers_are_sent_at_once(middleware: list[Middleware]) -> None:
    routes = [Route("/", answer), WebSocketRoute("/socket", answer_socket)]
    with serving(Starlette(routes=routes, middleware=middleware)) as host:
        assert json.load(urlopen(f"http://{host}/")) == len(middleware)
        with connect(f"ws://{host}/socket", proxy=None) as ws:
            assert json.loads(ws.recv(30)) == len(middleware)


def test_other_servers_are_left_alone() -> None:
    passed = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope)

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        pass

    asyncio.run(NoDelay(app)({"type": "http"}, receive, send))
    assert passed == [{"type": "http"}]
