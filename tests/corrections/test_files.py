"""Corrections exported and imported, and files that anyone may have made."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st
from support.archives import make_npy, make_npz, make_png, make_zip, png_claiming
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
    created=st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31)).map(
        lambda time: f"{time:%Y-%m-%dT%H:%M:%S}+00:00"
    ),
)
KNOWN = ("label", "guess", "confidence", "model", "model_sha256", "source", "created")


def values(correction: Correction, names: tuple[str, ...] = KNOWN) -> list[object]:
    return [correction.frame.tolist(), *(getattr(correction, name) for name in names)]


@settings(max_examples=40)
@given(st.lists(corrections, max_size=6))
def test_to_npz_keeps_everything(given: list[Correction]) -> None:
    assert [values(c) for c in read_corrections(to_npz(given))] == [values(c) for c in given]


@settings(max_examples=40)
@given(st.lists(corrections, min_size=1, max_size=6))
def test_to_zip_keeps_frames_and_labels(given: list[Correction]) -> None:
    found = read_corrections(to_zip(given))
    assert sorted(values(c, ("label",)) for c in found) == sorted(
        values(c, ("label",)) for c in given
    )
    assert {c.source for c in found} == {"import"}


@settings(max_examples=10)
@given(st.lists(corrections, min_size=1, max_size=6))
def test_read_corrections_fills_another_store_alike(given: list[Correction]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, other = (CorrectionStore(Path(folder) / name) for name in ("one", "other"))
        store.add(*given)
        other.add(*read_corrections(to_npz(store.find(newest_first=False))))
        assert [values(c) for c in other.find()] == [values(c) for c in store.find()]
        # A second import adds nothing.
        assert not other.add(*read_corrections(to_zip(store.find())))


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_read_corrections_explains_any_bytes(content: bytes) -> None:
    with pytest.raises(CorrectionsError, match="Received"):
        read_corrections(content)


@cache
def three_saved(save: Callable[[list[Correction]], bytes]) -> bytes:
    """Computed once: the file contains the time, and what hypothesis draws depends on it."""
    return save([make_correction(n, n) for n in range(3)])


@settings(max_examples=100)
@given(st.sampled_from([to_npz, to_zip]), st.data())
def test_read_corrections_of_any_damage_is_corrections_or_an_error(
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


ONE = make_frame()[np.newaxis]
ONES = np.array([1])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"Seven.", "not a ZIP or NPZ"),
        (make_zip({}), "no PNG"),
        (make_zip({"readme.txt": b"hello"}), "no PNG"),
        (make_npz(frames=ONE), "labels"),
        (make_npz(frames=ONE[:0]), "labels"),
        (make_npz(frames=ONE, labels=np.array([])), "one value per frame"),
        (make_npz(frames=ONE, labels=np.array([1, 2])), "one value per frame"),
        (make_npz(frames=ONE, labels=np.array([11])), "number 1"),
        (make_npz(frames=ONE, labels=np.array([-1])), "number 1"),
        (make_npz(frames=ONE, labels=np.array([1.0])), "must be a whole number"),
        (make_npz(frames=ONE * 0, labels=ONES), "some ink"),
        (make_npz(frames=ONE / 255, labels=ONES), "uint8"),
        (make_npz(frames=ONE[0], labels=ONES), "28, 28"),
        (make_npz(frames=np.array(3), labels=ONES), "28, 28"),
        (make_npz(frames=ONE, labels=ONES, guess=np.array([[1]])), "one value per frame"),
        (make_npz(frames=np.array([object()]), labels=ONES), "damaged"),
        (make_zip({"12/a.png": make_png(ONE[0])}), "folder must be its label"),
        (make_zip({"a.png": make_png(ONE[0])}), "folder must be its label"),
        (make_zip({"3.png": b"x"}).replace(b"3.png", b"\0.png"), "damaged"),  # without a name
        (make_zip({"3/a.png": b"no picture"}), "not a PNG"),
        (make_zip({"3/a.png": make_png(ONE[0])[:60]}), "damaged"),
        (make_zip({"3/a.png": make_png(np.ones((30, 28), np.uint8))}), "28x30"),
        (make_zip({"3/a.png": png_claiming(60_000, 60_000)}), "60000x60000"),
        (make_zip({"3/a.png": make_png(ONE[0] * 0)}), "some ink"),
        (make_zip({"3/a.png": b"\0" * (257 * 2**20)}), "more than 268 MB"),
    ],
)
def test_read_corrections_explains_what_it_cannot_use(content: bytes, says: str) -> None:
    with pytest.raises(CorrectionsError, match="Received") as error:
        read_corrections(content)
    assert says in str(error.value)


def test_read_corrections_takes_files_of_other_programs() -> None:
    found = read_corrections(make_npz(frames=ONE, labels=ONES))
    assert [(c.label, c.guess, c.confidence, c.source) for c in found] == [
        (1, None, None, "import")
    ]
    content = make_zip(
        {
            "class-3b/7/ann.PNG": make_png(make_frame(1)),
            "class-3b\\8\\ben.png": make_png(cv2.cvtColor(make_frame(2), cv2.COLOR_GRAY2BGR)),
            "Not-A-Digit/x.png": make_png(make_frame(3)),
            "class-3b/readme.txt": b"hello",
            "__MACOSX/7/._ann.png": b"hidden",
        }
    )
    found = read_corrections(content)
    assert [c.label for c in found] == [7, 8, NOT_A_DIGIT]
    assert [(c.frame == make_frame(n)).all() for n, c in enumerate(found, 1)] == [True] * 3


def test_read_corrections_drops_invalid_extras_of_an_npz() -> None:
    (found,) = read_corrections(
        make_npz(
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


@pytest.mark.parametrize(
    "time", ["0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "soon"]
)
def test_read_corrections_replaces_a_time_that_cannot_be_shown(time: str) -> None:
    frames = make_frame()[np.newaxis]
    content = make_npz(frames=frames, labels=np.array([3], np.uint8), created=np.array([time]))
    (found,) = read_corrections(content)
    assert datetime.fromisoformat(found.created).year == datetime.now(UTC).year


def test_read_corrections_limits_their_number_before_it_reads_them() -> None:
    entry = make_npy((70_001, 28, 28), bytes(784 * 70_001))
    with pytest.raises(CorrectionsError, match=r"more than 70,000 corrections.*Received: 70,001"):
        read_corrections(make_zip({"frames.npy": entry}))
