"""A reverse proxy that serves an app below a path, and hides that path from it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def below_path(host: str, path: str) -> Iterator[str]:
    """Serve `host` below a path, such as "/lab"; yields the address. All else is answered by 404.

    Each connection serves one request, or one WebSocket.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):  # the end
            while True:
                client, _ = listener.accept()
                threading.Thread(target=_serve, args=(client, host, path), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
    finally:
        listener.close()


def _serve(client: socket.socket, host: str, path: str) -> None:
    with client, suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            received = client.recv(65536)
            if not received:
                return
            head += received
        first, _, rest = head.partition(b"\r\n")
        method, target, version = first.split(b" ")
        if target != path.encode() and not target.startswith(f"{path}/".encode()):
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        if b"upgrade: websocket" not in rest.lower():
            rest = rest.replace(b"Connection: keep-alive", b"Connection: close")
        target = target[len(path) :] or b"/"
        name, _, port = host.partition(":")
        with socket.create_connection((name, int(port))) as server:
            server.sendall(b" ".join((method, target, version)) + b"\r\n" + rest)
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
