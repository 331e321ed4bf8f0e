"""Corrections out to a file and in again, and files that anyone may have made."""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st
from support.frames import make_correction, make_frame

from mnist_core.corrections.correction import SOURCES, Correction
from mnist_core.corrections.files import read_corrections, to_npz, to_zip
from mnist_core.corrections.store import CorrectionStore
from mnist_core.data import NOT_A_DIGIT
from mnist_core.errors import CorrectionsError

frames = numpy_st.arrays(np.uint8, (28, 28)).filter(np.any)
labels = st.integers(0, NOT_A_DIGIT)
corrections = st.builds(
    Correction,
    frame=frames,
    label=labels,
    guess=st.none() | labels,
    confidence=st.none() | st.floats(0, 1),
    model=st.just("") | st.from_regex(r"[a-z0-9][a-z0-9._-]{0,39}", fullmatch=True),
    model_sha256=st.just("") | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    source=st.sampled_from(SOURCES),
    created=st.datetimes().map(lambda time: f"{time:%Y-%m-%dT%H:%M:%S}+00:00".zfill(25)),
)
KNOWN = ("label", "guess", "confidence", "model", "model_sha256", "source", "created")


def values(correction: Correction, names: tuple[str, ...] = KNOWN) -> list[object]:
    return [correction.frame.tolist(), *(getattr(correction, name) for name in names)]


@settings(max_examples=40, deadline=None)
@given(st.lists(corrections, max_size=6))
def test_an_npz_brings_everything_back(given: list[Correction]) -> None:
    assert [values(c) for c in read_corrections(to_npz(given))] == [values(c) for c in given]


@settings(max_examples=40, deadline=None)
@given(st.lists(corrections, min_size=1, max_size=6))
def test_a_zip_brings_frames_and_labels_back(given: list[Correction]) -> None:
    found = read_corrections(to_zip(given))
    assert sorted(values(c, ("label",)) for c in found) == sorted(
        values(c, ("label",)) for c in given
    )
    assert {c.source for c in found} == {"import"}


@settings(max_examples=10, deadline=None)
@given(st.lists(corrections, min_size=1, max_size=6))
def test_a_store_is_the_same_after_a_file(given: list[Correction]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, other = (CorrectionStore(Path(folder) / name) for name in ("one", "other"))
        store.add(*given)
        other.add(*read_corrections(to_npz(store.find(newest_first=False))))
        assert [values(c) for c in other.find()] == [values(c) for c in store.find()]
        # Again brings nothing new.
        assert not other.add(*read_corrections(to_zip(store.find())))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_explained(content: bytes) -> None:
    with pytest.raises(CorrectionsError, match="Received"):
        read_corrections(content)


@cache
def three_saved(save: Callable[[list[Correction]], bytes]) -> bytes:
    """The same each time: what hypothesis draws depends on it, and files tell the time."""
    return save([make_correction(n, n) for n in range(3)])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([to_npz, to_zip]), st.data())
def test_a_damaged_file_brings_corrections_or_is_explained(
    save: Callable[[list[Correction]], bytes], data: st.DataObject
) -> None:
    content = bytearray(three_saved(save))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(len(content) // 2, len(content)))]
    try:
        for correction in read_corrections(bytes(content)):
            assert 0 <= correction.label <= NOT_A_DIGIT
            assert correction.frame.shape == (28, 28)
    except CorrectionsError as error:
        assert "Received" in str(error)


def npz(**arrays: object) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


def packed(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def hostile_png(width: int, height: int) -> bytes:
    """A PNG that says it is very large."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + struct.pack(">I", zlib.crc32(header))


ONE = make_frame()[np.newaxis]
ONES = np.array([1])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no NPZ or ZIP"),
        (b"Seven.", "no NPZ or ZIP"),
        (packed(), "no PNG in it"),
        (packed(**{"readme.txt": b"hello"}), "no PNG in it"),
        (npz(frames=ONE), "labels"),
        (npz(frames=ONE, labels=np.array([])), "one value a frame"),
        (npz(frames=ONE, labels=np.array([1, 2])), "one value a frame"),
        (npz(frames=ONE, labels=np.array([11])), "number 1"),
        (npz(frames=ONE, labels=np.array([-1])), "number 1"),
        (npz(frames=ONE, labels=np.array([1.0])), "whole numbers"),
        (npz(frames=ONE * 0, labels=ONES), "some ink"),
        (npz(frames=ONE / 255, labels=ONES), "uint8"),
        (npz(frames=ONE[0], labels=ONES), "28, 28"),
        (npz(frames=np.array(3), labels=ONES), "28, 28"),
        (npz(frames=ONE, labels=ONES, guess=np.array([[1]])), "one value a frame"),
        (npz(frames=np.array([object()]), labels=ONES), "damaged"),
        (packed(**{"12/a.png": png(ONE[0])}), "folder is its label"),
        (packed(**{"a.png": png(ONE[0])}), "folder is its label"),
        (packed(**{"3/a.png": b"no picture"}), "one of its PNGs is none"),
        (packed(**{"3/a.png": png(ONE[0])[:60]}), "damaged"),
        (packed(**{"3/a.png": png(np.ones((30, 28), np.uint8))}), "28x30"),
        (packed(**{"3/a.png": hostile_png(60_000, 60_000)}), "60000x60000"),
        (packed(**{"3/a.png": png(ONE[0] * 0)}), "some ink"),
        (packed(**{"3/a.png": b"\0" * (257 * 2**20)}), "too large"),
    ],
)
def test_what_cannot_be_brought_in_is_explained(content: bytes, says: str) -> None:
    with pytest.raises(CorrectionsError, match="Received") as error:
        read_corrections(content)
    assert says in str(error.value)


def test_a_labelled_set_of_anyones_is_brought_in() -> None:
    found = read_corrections(npz(frames=ONE, labels=ONES))
    assert [(c.label, c.guess, c.confidence, c.source) for c in found] == [
        (1, None, None, "import")
    ]
    content = packed(
        **{
            "class-3b/7/ann.PNG": png(make_frame(1)),
            "class-3b\\8\\ben.png": png(cv2.cvtColor(make_frame(2), cv2.COLOR_GRAY2BGR)),
            "Not-A-Digit/x.png": png(make_frame(3)),
            "class-3b/readme.txt": b"hello",
            "__MACOSX/7/._ann.png": b"a shadow",
        }
    )
    found = read_corrections(content)
    assert [c.label for c in found] == [7, 8, NOT_A_DIGIT]
    assert [(c.frame == make_frame(n)).all() for n, c in enumerate(found, 1)] == [True] * 3


def test_odd_extras_of_an_npz_are_left_out() -> None:
    (found,) = read_corrections(
        npz(
            frames=ONE,
            labels=ONES,
            guess=np.array([77]),
            confidence=np.array([9.0]),
            model=np.array(["![](http://elsewhere)"]),
            source=np.array(["elsewhere"]),
            created=np.array(["yesterday"]),
        )
    )
    assert (found.guess, found.confidence, found.source) == (None, None, "import")
    assert found.model == ""
    assert found.created[:2] == "20"
