"""Visitors who draw, without a browser: a page in Streamlit's protocol and a socket for strokes."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from support.own_strokes import OWN_STROKES
from support.strokes import Stroke, draw_strokes, place_strokes
from websockets.asyncio.client import ClientConnection, connect

# A digit is drawn for a second in every period, s; a screen shows this many states of it.
STROKE, PERIOD, FRAMES = 1.0, 3.0, 60


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A digit while it is drawn.

    Attributes:
        label: 0 to 9.
        frames: grey levels of 280x280 pixels, as the socket takes them; the last one is complete.
        canvas: the complete drawing as the canvas sends it, a data URL of RGBA pixels.
    """

    label: int
    frames: Sequence[bytes]
    canvas: str


def drawings() -> list[Drawing]:
    """The ten digits."""
    return [_drawing(label, strokes) for label, strokes in OWN_STROKES.items()]


def _drawing(label: int, strokes: Sequence[Stroke]) -> Drawing:
    placed = place_strokes(strokes, side=180, center=(140, 140))
    images = [draw_strokes(_part(placed, frame / FRAMES)) for frame in range(1, FRAMES + 1)]
    rgba = cv2.cvtColor(images[-1], cv2.COLOR_GRAY2RGBA)
    return Drawing(
        label=label,
        frames=[b"GREY" + (280).to_bytes(2) * 2 + image.tobytes() for image in images],
        canvas=f"data:image/png;base64,{base64.b64encode(_png(rgba)).decode()}",
    )


def _png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def _part(strokes: Sequence[Stroke], share: float) -> list[Stroke]:
    """The first part of strokes, by their number of points."""
    left = max(1, round(share * sum(len(stroke) for stroke in strokes)))
    part = []
    for stroke in strokes:
        if left > 0:
            part.append(stroke[:left])
        left -= len(stroke)
    return part


@dataclass
class Visitor:
    """One visitor, and what he has measured after the first period.

    Attributes:
        host: the app's, with its port.
        answers: milliseconds from each message to its answer.
        finals: milliseconds from the end of each drawing to the reading on the page.
        strokes: seconds of drawing.
        wrong: number of final readings that are not the digit drawn.
    """

    host: str
    answers: list[float] = field(default_factory=list)
    finals: list[float] = field(default_factory=list)
    strokes: float = 0.0
    wrong: int = 0

    @property
    def rate(self) -> float:
        """Readings per second while drawing."""
        return len(self.answers) / self.strokes

    async def open(self, *, live: bool = True) -> None:
        """Open the Draw page, and, if `live`, the socket beside it."""
        self._page = await connect(
            f"ws://{self.host}/_stcore/stream",
            subprotocols=["streamlit"],
            max_size=None,
            proxy=None,
        )
        self._canvas = self._fragment = session = ""
        request = BackMsg()
        request.rerun_script.page_name = ""
        for message in await self._run(request):
            if message.WhichOneof("type") == "new_session":
                session = message.new_session.initialize.session_id or session
            component = message.delta.new_element.bidi_component
            if "canvas" in component.component_name:
                self._canvas, self._fragment = component.id, message.delta.fragment_id
        assert self._canvas
        assert self._fragment
        self._socket: ClientConnection | None = None
        if live:
            self._socket = await connect(
                f"ws://{self.host}/live/strokes?session={session}", proxy=None
            )

    async def close(self) -> None:
        """Leave."""
        if self._socket:
            await self._socket.close()
        await self._page.close()

    async def draw_until(self, end: float, pictures: Sequence[Drawing], delay: float) -> None:
        """Draw a digit in each period; `end` is of `time.perf_counter`, `delay` is in seconds."""
        await asyncio.sleep(delay)
        number = round(10 * delay)
        counted = False
        while (start := time.perf_counter()) < end - PERIOD:
            picture = pictures[number % len(pictures)]
            answers = await self._draw(picture, start)
            ended = time.perf_counter()
            reading = await self.read_on_page(picture, f"{number}")
            if counted:
                self.answers += answers
                self.strokes += ended - start
                self.finals.append(1000 * (time.perf_counter() - ended))
                self.wrong += reading != str(picture.label)
            number, counted = number + 1, True
            await asyncio.sleep(max(0, start + PERIOD - time.perf_counter()))

    async def _draw(self, picture: Drawing, start: float) -> list[float]:
        """Send the newest state of a drawing, wait for the answer, and so on; milliseconds."""
        assert self._socket
        answers, last = [], -1
        while (passed := time.perf_counter() - start) < STROKE:
            frame = int(passed / STROKE * FRAMES)
            if frame == last:
                await asyncio.sleep((frame + 1) * STROKE / FRAMES - passed)
                continue
            last, sent = frame, time.perf_counter()
            await self._socket.send(picture.frames[frame])
            assert "text" in json.loads(await self._socket.recv())
            answers.append(1000 * (time.perf_counter() - sent))
        return answers

    async def read_on_page(self, picture: Drawing, name: str) -> str:
        """Send what the canvas sends at the end of a stroke; the number that is then shown."""
        request = BackMsg()
        request.rerun_script.fragment_id = self._fragment
        state = request.rerun_script.widget_states.widgets.add(id=self._canvas)
        drawing = {"raw": {"objects": [name]}, "data": picture.canvas}
        state.json_value = json.dumps({"drawing": drawing})
        for message in await self._run(request):
            html = message.delta.new_element.html.body
            # After the place for an unfinished stroke's reading.
            if 'class="live"' in html and "</p><p>" in html:
                return html.partition("</p><p>")[2].removesuffix("</p>")
        return ""

    async def _run(self, request: BackMsg) -> list[ForwardMsg]:
        """What the page shows in a run."""
        await self._page.send(request.SerializeToString())
        messages: list[ForwardMsg] = []
        while not messages or messages[-1].WhichOneof("type") != "script_finished":
            message = ForwardMsg()
            message.ParseFromString(await self._page.recv())
            messages.append(message)
        return messages
