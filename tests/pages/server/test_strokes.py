"""The socket for drawings: what it reads, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from support.own_strokes import OWN_STROKES
from support.servers import encode_digit, serving
from support.sockets import answer, open_socket
from support.strokes import drawn_digit

from mnist_core import InvalidImageError
from pages.server.strokes import decode_drawing, strokes


@pytest.fixture(scope="module")
def server(sessions: set[str]) -> Iterator[str]:
    with serving(Starlette(routes=[WebSocketRoute("/strokes", strokes)])) as host:
        yield host


def test_strokes_are_read_by_the_chosen_model(server: str) -> None:
    with (
        open_socket(server, "strokes?model=mlp") as one,
        open_socket(server, "strokes?model=cnn") as other,
    ):
        for frame, digit in enumerate((4, 7)):
            for ws, model in ((one, "mlp"), (other, "cnn")):
                reading = answer(ws, encode_digit(digit))
                assert reading["frame"] == frame
                assert reading["text"] == str(digit)
                assert reading["model"] == model
                assert reading["milliseconds"] > 0
                (found,) = reading["digits"]
                assert found["probabilities"][digit] == found["confidence"]


def test_strokes_without_such_a_model_are_explained(server: str) -> None:
    with open_socket(server, "strokes?model=none") as ws:
        assert "Received: 'none'" in answer(ws, encode_digit(4))["error"]


@settings(max_examples=50)
@given(content=st.binary(max_size=200))
@example(content=b"")
@example(content=encode_digit(3)[:500])
def test_garbage_is_answered_by_a_sentence_and_the_socket_stays_open(
    server: str, content: bytes
) -> None:
    with open_socket(server, "strokes?model=mlp") as ws:
        assert "Received: " in answer(ws, content)["error"]
        assert answer(ws, encode_digit(3))["text"] == "3"


def grey(digit: int) -> bytes:
    image = drawn_digit(OWN_STROKES[digit])
    height, width = image.shape
    return b"GREY" + width.to_bytes(2) + height.to_bytes(2) + image.tobytes()


def test_grey_levels_are_read_as_a_file_is(server: str) -> None:
    with open_socket(server, "strokes?model=mlp") as ws:
        readings = [answer(ws, content) for content in (grey(5), encode_digit(5))]
    for reading in readings:
        del reading["milliseconds"], reading["frame"]
    assert readings[0] == readings[1]
    assert readings[0]["text"] == "5"


@given(
    width=st.integers(0, 2**16 - 1), height=st.integers(0, 2**16 - 1), levels=st.binary(max_size=99)
)
@example(width=9, height=11, levels=bytes(99))
@example(width=0, height=0, levels=b"")
def test_number_of_grey_levels_must_be_that_of_the_pixels(
    width: int, height: int, levels: bytes
) -> None:
    content = b"GREY" + width.to_bytes(2) + height.to_bytes(2) + levels
    if levels and width * height == len(levels):
        assert decode_drawing(content).shape == (height, width)
    else:
        with pytest.raises(InvalidImageError, match=f"Received: {width}x{height} pixels and"):
            decode_drawing(content)


@pytest.mark.parametrize("end", range(8))
def test_short_head_of_grey_levels_is_explained(end: int) -> None:
    with pytest.raises(InvalidImageError):
        decode_drawing(b"GREY\0\1\0\1"[:end])


@pytest.mark.parametrize("size", [(1000, 1001), (2**31, 2**31)])
def test_small_file_of_many_pixels_is_not_decoded(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.server.strokes.load_image", lambda _: pytest.fail("decoded"))
    content = bytearray(encode_digit(3))
    content[16:24] = b"".join(side.to_bytes(4) for side in size)
    with pytest.raises(InvalidImageError, match=f"Received: {size[0]}x{size[1]} pixels"):
        decode_drawing(bytes(content))


def test_other_files_are_no_drawings() -> None:
    with pytest.raises(InvalidImageError, match="PNG file or grey levels"):
        decode_drawing(encode_digit(3, ".jpg"))
