"""Labeled images from files, which may hold anything."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_STORED

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.archives import claim_encryption, claim_size, make_npy, make_npz, make_png, make_zip

from mnist_core import Dataset, DatasetError
from mnist_core.evaluation.dataset_files import load_labelled

FRAME = np.zeros((28, 28), np.uint8)
FRAME[6:22, 13:16] = 255


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"PK", "not a ZIP or NPZ"),
        (b"digits" * 100, "not a ZIP or NPZ"),
        (make_png(FRAME), "not a ZIP or NPZ"),
        (make_zip({}), "no pictures"),
        (make_zip({"3/": b"", "__MACOSX/3/a.png": b"x", "3/.DS_Store": b"x"}), "no pictures"),
        (make_zip({"a.png": make_png(FRAME)}), "named for its digit"),
        (make_zip({"ten/a.png": make_png(FRAME)}), "'ten/a.png'"),
        (make_zip({"10/a.png": make_png(FRAME)}), "'10/a.png'"),
        (make_zip({"3/a.png": make_png(FRAME)[:60]}), "3/a.png: "),
        (make_zip({"3/a.png": b""}), "3/a.png: "),
        (make_zip({"3/notes.txt": b"hello"}), "This is a text file"),
        (make_zip({"3.png": b"x"}).replace(b"3.png", b"\0.png"), "damaged"),  # without a name
        (make_npz(images=np.zeros((0, 28, 28)), labels=[]), "no images"),
        (make_npz(images=np.zeros((2, 28, 28)), labels=[1, 12]), "0 to 9"),
        (make_npz(images=np.zeros((2, 28, 28)), labels=[1]), "2 images"),
        (make_npz(pictures=FRAME), "which arrays"),
        (make_npz(a=FRAME, b=FRAME, c=FRAME), "arrays ['a', 'b', 'c']"),
        (make_npz(images=np.array([{}], object), labels=[1]), "Python objects"),
        (make_zip({"images.npy": b"", "labels.npy": b""}), "damaged"),
        (
            make_zip({"images.npy": make_npy((1, 28, 28)), "labels.npy": make_npy((1,), b"\1")}),
            "truncated",
        ),
        (
            make_zip({"images.npy": make_npy((10**6, 10**6)), "labels.npy": make_npy((1,), b"\1")}),
            "truncated",
        ),
    ],
)
def test_load_labelled_explains_what_it_cannot_use(content: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match="Received") as caught:
        load_labelled(content, "mine.zip")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "names",
    [("images", "labels"), ("x_test", "y_test"), ("X", "y"), ("data", "target"), ("p", "q")],
)
def test_load_labelled_finds_the_arrays_of_an_npz_by_common_names(names: tuple[str, str]) -> None:
    content = make_npz(**{names[0]: np.stack([FRAME, FRAME]), names[1]: np.array([1, 7])})
    result = load_labelled(content, "mine.npz")
    assert result.name == "mine.npz"
    assert (result.images == FRAME).all()
    assert result.labels.tolist() == [1, 7]


def test_load_labelled_prefers_the_test_images_of_an_npz() -> None:
    content = make_npz(
        x_train=np.zeros((3, 28, 28), np.uint8), y_train=np.array([1, 2, 3]), x_test=FRAME[None],
        y_test=np.array([1]),
    )  # fmt: skip
    assert load_labelled(content).labels.tolist() == [1]


def test_load_labelled_sorts_a_zip_by_digit_then_name(dataset: Dataset) -> None:
    frames = dataset.x_test[:3]
    content = make_zip(
        {
            "set/7/b.png": make_png(frames[0]),
            "set/2/z.png": make_png(255 - frames[1]),
            "set/1/a.PNG": make_png(cv2.cvtColor(frames[2], cv2.COLOR_GRAY2BGR)),
            "set/Thumbs.db": b"x",
            "__MACOSX/set/7/._b.png": b"x",
        }
    )
    result = load_labelled(content, "mine.zip")
    assert result.labels.tolist() == [1, 2, 7]
    assert (result.images == frames[::-1]).all()
    assert result.notes == ()


def test_load_labelled_frames_pictures_of_any_size() -> None:
    paper = np.full((200, 150), 240, np.uint8)
    cv2.line(paper, (75, 40), (75, 160), 20, 12)
    result = load_labelled(
        make_zip({"1/a.png": make_png(paper), "0/b.png": make_png(paper * 0 + 240)})
    )
    assert result.labels.tolist() == [0, 1]
    assert not result.images[0].any()
    assert result.images[1].max() == 255
    assert "one picture no digit was found" in result.notes[0]


def test_load_labelled_takes_a_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(make_npz(images=FRAME[None], labels=[1]))
    assert load_labelled(path).name == "mine.npz"
    with pytest.raises(DatasetError, match=r"nothing\.zip"):
        load_labelled(tmp_path / "nothing.zip")


def test_load_labelled_limits_the_unpacked_size() -> None:
    with pytest.raises(DatasetError, match="unpacks to more than 512 MB"):
        load_labelled(claim_size(make_zip({"3/a.png": make_png(FRAME)}), 512_000_001))


def test_load_labelled_limits_the_entries() -> None:
    with pytest.raises(DatasetError, match="more than 30,000 entries"):
        load_labelled(b"PK\x01\x02" * 40_000)


def test_load_labelled_refuses_a_picture_of_many_pixels_in_few_bytes() -> None:
    content = make_png(np.zeros((8001, 8000), np.uint8))
    assert len(content) < 10**6
    with pytest.raises(DatasetError, match="megapixels"):
        load_labelled(make_zip({"3/a.png": content}))


def test_load_labelled_explains_encryption() -> None:
    with pytest.raises(DatasetError, match="encrypted"):
        load_labelled(claim_encryption(make_zip({"3/a.png": make_png(FRAME)})))


INTACT = {
    "npz": make_npz(images=np.stack([FRAME] * 3), labels=[1, 1, 7]),
    "zip": make_zip({"1/a.png": make_png(FRAME), "7/b.png": make_png(FRAME)}),
    "stored": make_zip({"1/a.png": make_png(FRAME)}, ZIP_STORED),
}


@settings(max_examples=150)
@given(st.sampled_from(list(INTACT)), st.data())
def test_load_labelled_of_any_damage_is_a_set_or_an_error(kind: str, data: st.DataObject) -> None:
    content = bytearray(INTACT[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for damaged in (bytes(content), bytes(content[:cut])):
        try:
            result = load_labelled(damaged)
        except DatasetError as error:
            assert "Received" in str(error)
        else:
            assert len(result.images) == len(result.labels) > 0
