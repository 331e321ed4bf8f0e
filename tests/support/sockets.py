"""WebSockets of a visitor: connecting, and a message with its answer."""

from __future__ import annotations

import json
from typing import Any

from websockets.sync.client import ClientConnection, connect

# The ID of the visitor's session.
SESSION = "a-session"


def open_socket(host: str, path: str, session: str = SESSION, **options: Any) -> ClientConnection:
    """Connect to an address that needs the ID of a session."""
    separator = "&" if "?" in path else "?"
    return connect(f"ws://{host}/{path}{separator}session={session}", proxy=None, **options)


def answer(ws: ClientConnection, message: bytes) -> dict[str, Any]:
    """Send a message and wait for its answer."""
    ws.send(message)
    return json.loads(ws.recv(30))
