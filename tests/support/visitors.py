"""Visitors of a running app without a browser: their sessions, in Streamlit's own protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect


class Visitor:
    """A visitor whose page is open.

    Attributes:
        session: the ID of the Streamlit session.
        messages: what the server has sent for the first run of the page.
    """

    def __init__(self, session: str, messages: list[ForwardMsg]) -> None:
        self.session, self.messages = session, messages


@contextmanager
def visitor(host: str, base: str = "", page: str = "") -> Iterator[Visitor]:
    """Open a page, such as "webcam", and wait for the end of its first run."""
    with connect(
        f"ws://{host}{base}/_stcore/stream", subprotocols=["streamlit"], max_size=None, proxy=None
    ) as socket:
        request = BackMsg()
        request.rerun_script.page_name = page
        socket.send(request.SerializeToString())
        messages, session = [], ""
        while not messages or messages[-1].WhichOneof("type") != "script_finished":
            messages.append(ForwardMsg())
            messages[-1].ParseFromString(socket.recv(60))
            if messages[-1].WhichOneof("type") == "new_session":
                session = messages[-1].new_session.initialize.session_id
        yield Visitor(session, messages)
