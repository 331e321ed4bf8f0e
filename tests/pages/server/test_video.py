"""The socket for video without WebRTC."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from support.servers import encode_digit, serving
from support.sheets import sheet
from support.sockets import SESSION, answer, open_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mnist_core import InvalidImageError, Recognizer
from mnist_core.webcam.session import LiveReader
from mnist_core.webcam.settings import WebcamSettings
from pages.server import guard, sockets, video
from pages.video.places import Places

WATCHES_ONLY = "another-session"


def message(frame: np.ndarray, at: int = 0) -> bytes:
    return at.to_bytes(4) + cv2.imencode(".jpg", frame)[1].tobytes()


THREE = message(sheet(3)[72:408, 160:480])


@pytest.fixture(scope="module")
def readers() -> Iterator[dict[str, LiveReader]]:
    """The visitors' readers; both visitors have a page, one of them the Webcam page."""
    known: dict[str, LiveReader] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guard, "has_session", (SESSION, WATCHES_ONLY).__contains__)
        patch.setattr(video, "reader_of", known.get)
        yield known


@pytest.fixture(scope="module")
def server(readers: dict[str, LiveReader]) -> Iterator[str]:
    with serving(Starlette(routes=[WebSocketRoute("/video", video.video)])) as host:
        yield host


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Places:
    places = Places(1)
    monkeypatch.setattr(video, "places", lambda: places)
    return places


@pytest.fixture
def live(readers: dict[str, LiveReader], recognizer: Recognizer, places: Places) -> LiveReader:
    live = readers[SESSION] = LiveReader(recognizer)
    live.settings = WebcamSettings(smoothing=1)
    return live


def test_frames_are_read_by_the_visitors_own_reader(server: str, live: LiveReader) -> None:
    live.settings = WebcamSettings(smoothing=5, roi=(0.2, 0.1, 0.6, 0.8))
    with open_socket(server, "video") as ws:
        for _ in range(3):
            result = answer(ws, THREE)
        assert result["frame"] == 2
        assert result["text"] == result["reading"] == "3"
        (digit,) = result["digits"]
        assert digit["probabilities"][3] == digit["confidence"]
        assert result["milliseconds"] > 0
        assert result["roi"] == [0.2, 0.1, 0.6, 0.8]
        other = answer(ws, message(sheet(8)[72:408, 160:480]))
    assert (other["text"], other["reading"]) == ("8", "3"), "the last frames vote"
    state = live.state
    assert state.frames == 4
    assert [past.reading for past in state.history] == ["3"]


def test_settings_of_the_page_apply_to_the_next_frame(server: str, live: LiveReader) -> None:
    with open_socket(server, "video") as ws:
        (plain,) = answer(ws, THREE)["digits"]
        live.settings = WebcamSettings(smoothing=1, mirror=True)
        mirrored = answer(ws, THREE)
        assert mirrored["mirror"] is True
        assert mirrored["text"] == "3", "it is read unmirrored"
        left, _, width, _ = plain["box"]
        assert abs(mirrored["digits"][0]["box"][0] - (320 - left - width)) <= 1
        live.settings = WebcamSettings(inference=False)
        paused = answer(ws, THREE)
        assert (paused["inference"], paused["reading"], paused["digits"]) == (False, "", [])
        assert live.state.result is not None
        assert live.state.result.ink.any(), "the ink is shown"


def test_times_of_frames_tell_how_many_were_skipped(server: str, live: LiveReader) -> None:
    with open_socket(server, "video") as ws:
        for number in (0, 1, 2, 3, 6, 7, 8, 10):
            answer(ws, (33 * number).to_bytes(4) + THREE[4:])
    assert live.state.skipped == 3


def test_frames_take_one_of_the_places(server: str, live: LiveReader, places: Places) -> None:
    with open_socket(server, "video") as ws:
        places.ask("somebody", running=True)
        assert "All places for video are taken" in answer(ws, THREE)["error"]
        assert live.state.frames == 0
        places.ask("somebody", running=False)
        assert answer(ws, THREE)["text"] == "3"
    assert places.ask("somebody", running=False) == 1


def test_visitor_without_the_webcam_page_is_told(server: str, places: Places) -> None:
    with open_socket(server, "video", WATCHES_ONLY) as ws:
        assert "Open the Webcam page first" in answer(ws, THREE)["error"]


@settings(max_examples=30)
@given(content=st.binary(max_size=200))
@example(content=b"")
@example(content=THREE[:12])
@example(content=THREE[:3000])
@example(content=bytes(4) + encode_digit(3))
def test_garbage_is_answered_by_a_sentence(content: bytes) -> None:
    with pytest.raises(InvalidImageError, match="Received: "):
        video.decode_frame(content)


def test_garbage_leaves_the_socket_open_and_giant_messages_close_it(
    server: str, live: LiveReader
) -> None:
    with open_socket(server, "video") as ws:
        assert "JPEG file" in answer(ws, b"garbage")["error"]
        assert answer(ws, THREE)["text"] == "3"
        ws.send(THREE + bytes(sockets.MAX_BYTES))
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(30)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009


def test_small_file_of_many_pixels_is_refused() -> None:
    content = message(np.zeros((1001, 1000, 3), np.uint8))
    assert len(content) < 50_000
    with pytest.raises(InvalidImageError, match=r"at most 1,000,000 pixels.*1000x1001"):
        video.decode_frame(content)


def test_foreign_page_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "is_url_from_allowed_origins", lambda _: False)
    with pytest.raises(InvalidStatus) as caught:
        open_socket(server, "video", additional_headers={"Origin": "https://evil.example"})
    assert caught.value.response.status_code == 403
