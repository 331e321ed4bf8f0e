"""The sockets: answers to the newest message, limits, and why they are closed."""

from __future__ import annotations

import gc
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from support.servers import encode_digit, serving
from support.sockets import SESSION, answer, open_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from mnist_core import InvalidImageError
from pages.server import guard, sockets
from pages.server.limits import RateLimit
from pages.server.strokes import strokes

FAST = RateLimit(per_second=10_000, burst=100)


@pytest.fixture(scope="module")
def server(sessions: set[str]) -> Iterator[str]:
    """A server with the strokes, and with a socket that counts bytes."""

    def count(content: bytes) -> Mapping[str, Any]:
        if content == b"wrong":
            raise InvalidImageError("This is wrong.")
        if content == b"crash":
            raise ZeroDivisionError
        return {"received": len(content)}

    async def counting(websocket: WebSocket) -> None:
        await sockets.serve(websocket, count, FAST)

    routes = [WebSocketRoute("/strokes", strokes), WebSocketRoute("/count", counting)]
    with serving(Starlette(routes=routes)) as host:
        yield host


def close_code(ws: ClientConnection) -> int:
    """Wait until the server closes the socket."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            ws.recv(30)
    assert caught.value.rcvd
    return caught.value.rcvd.code


def test_messages_are_numbered_and_errors_sent_back(server: str) -> None:
    with open_socket(server, "count") as ws:
        assert answer(ws, b"a") == {"frame": 0, "received": 1}
        assert answer(ws, b"wrong") == {"frame": 1, "error": "This is wrong."}
        assert answer(ws, bytes(sockets.MAX_BYTES)) == {"frame": 2, "received": 1_000_000}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("a text", 1003),
        (bytes(sockets.MAX_BYTES + 1), 1009),
        (bytes(5 * sockets.MAX_BYTES), 1009),
        (b"crash", 1011),
    ],
    ids=["text", "giant", "more than giant", "a fault of the server"],
)
def test_socket_is_closed(server: str, message: str | bytes, code: int) -> None:
    with open_socket(server, "count") as ws:
        ws.send(message)
        assert close_code(ws) == code


def test_idle_socket_is_closed(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "IDLE", 0.3)
    monkeypatch.setattr(sockets, "_CHECK", 0.05)
    with open_socket(server, "count") as ws:
        for _ in range(4):
            time.sleep(0.1)
            answer(ws, b"a")  # it is not idle while something is sent
        assert close_code(ws) == 1000


def test_slow_message_does_not_keep_a_socket_open(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "IDLE", 0.3)
    monkeypatch.setattr(sockets, "_CHECK", 0.05)

    def slowly() -> Iterator[bytes]:
        for _ in range(100):
            yield b"a"
            time.sleep(0.05)

    with open_socket(server, "count") as ws:
        with pytest.raises(ConnectionClosed):
            ws.send(slowly())
        assert close_code(ws) == 1000


def test_socket_is_closed_with_its_page(
    server: str, sessions: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "_CHECK", 0.05)
    with open_socket(server, "count") as waiting, open_socket(server, "count") as busy:
        answer(busy, b"a")
        sessions.remove(SESSION)
        try:
            busy.send(b"a")
            assert close_code(busy) == 1008
            assert close_code(waiting) == 1008
        finally:
            sessions.add(SESSION)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("session=another", {}),
        ("", {}),
        (f"session={SESSION}", {"Origin": "https://evil.example"}),
        (f"session={SESSION}", {"Origin": "null"}),
    ],
)
def test_strangers_are_refused(
    server: str, query: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "is_url_from_allowed_origins", lambda _: False)
    with pytest.raises(InvalidStatus) as caught:
        connect(f"ws://{server}/count?{query}", additional_headers=headers, proxy=None)
    assert caught.value.response.status_code == 403


def test_only_the_newest_message_is_answered_and_others_do_not_wait(sessions: set[str]) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(content: bytes) -> Mapping[str, Any]:
        started.set()
        assert go_on.wait(30)
        return {"content": content.decode()}

    async def slow_socket(websocket: WebSocket) -> None:
        await sockets.serve(websocket, slow, FAST)

    async def fast_socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("here")

    routes = [WebSocketRoute("/slow", slow_socket), WebSocketRoute("/fast", fast_socket)]
    with serving(Starlette(routes=routes)) as server, open_socket(server, "slow") as ws:
        for content in (b"0", b"1", b"2", b"3"):
            ws.send(content)
            assert started.wait(30)
        with open_socket(server, "fast") as other:
            assert other.recv(30) == "here", "the event loop goes on while an image is read"
        go_on.set()
        assert json.loads(ws.recv(30)) == {"frame": 0, "content": "0"}
        assert json.loads(ws.recv(30)) == {"frame": 3, "content": "3"}


def test_answers_are_no_more_than_the_limit_allows(sessions: set[str]) -> None:
    limit = RateLimit(per_second=20, burst=1)

    async def limited(websocket: WebSocket) -> None:
        await sockets.serve(websocket, lambda _: {}, limit)

    app = Starlette(routes=[WebSocketRoute("/limited", limited)])
    with (
        serving(app) as server,
        open_socket(server, "limited") as one,
        open_socket(server, "limited") as two,
    ):
        start = time.monotonic()
        for _ in range(5):
            answer(one, b"")
            answer(two, b"")  # a second socket of the same visitor shares the limit
        assert time.monotonic() - start >= 9 / 20 - 0.01


def resources() -> tuple[int, int, int]:
    """This process's threads, open files, and kilobytes of memory."""
    gc.collect()
    (line,) = [x for x in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in x]
    return (
        threading.active_count(),
        len(list(Path("/proc/self/fd").iterdir())),
        int(line.split()[1]),
    )


def visit(server: str, number: int, image: bytes) -> None:
    """Connect by hand, which is quick, and leave in one of several ways."""
    host, _, port = server.partition(":")
    session = SESSION if number % 5 else "another"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            f"GET /strokes?model=mlp&session={session} HTTP/1.1\r\nHost: {server}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        if number % 7:  # else it is cut before it is open
            status = b"101" if number % 5 else b"403"
            assert connection.recv(1000).startswith(b"HTTP/1.1 " + status)
        if number % 10 == 1:  # cut while an image is read
            # A binary frame, masked with zeros (RFC 6455, 5.2).
            connection.sendall(b"\x82\xfe" + len(image).to_bytes(2) + bytes(4) + image)
        if number % 2 == 0:  # closed politely, with 1000
            connection.sendall(b"\x88\x82" + bytes(4) + (1000).to_bytes(2))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_closed_connections_leave_nothing_behind(server: str, count: int) -> None:
    image = encode_digit(4)
    assert 126 <= len(image) < 2**16
    for number in range(200):
        visit(server, number, image)
    time.sleep(0.5)
    threads, files, kilobytes = resources()
    threads += os.cpu_count() or 1  # those that read stay for a while
    for number in range(count):
        visit(server, number, image)
    end = time.monotonic() + 30
    while (now := resources())[0] > threads or now[1] > files:
        assert time.monotonic() < end, (threads, files, now)
        time.sleep(0.2)
    assert now[2] - kilobytes < 10_000
