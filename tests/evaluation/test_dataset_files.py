"""Labelled images from files, which may be anything."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core import Dataset, DatasetError
from mnist_core.evaluation.dataset_files import MAX_UNPACKED, load_labelled


def npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def npy(shape: tuple[int, ...], content: bytes = b"", dtype: str = "|u1") -> bytes:
    """An array file whose header may promise more than it has."""
    header = str({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


FRAME = np.zeros((28, 28), np.uint8)
FRAME[6:22, 13:16] = 255


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"PK", "no NPZ and no ZIP"),
        (b"digits" * 100, "no NPZ and no ZIP"),
        (png(FRAME), "no NPZ and no ZIP"),
        (zipped({}), "no pictures"),
        (zipped({"3/": b"", "__MACOSX/3/a.png": b"x", "3/.DS_Store": b"x"}), "no pictures"),
        (zipped({"a.png": png(FRAME)}), "named for its digit"),
        (zipped({"ten/a.png": png(FRAME)}), "'ten/a.png'"),
        (zipped({"10/a.png": png(FRAME)}), "'10/a.png'"),
        (zipped({"3/a.png": png(FRAME)[:60]}), "3/a.png: "),
        (zipped({"3/a.png": b""}), "3/a.png: "),
        (zipped({"3/notes.txt": b"hello"}), "not a PNG, JPEG or WebP"),
        (npz(images=np.zeros((0, 28, 28)), labels=[]), "no images"),
        (npz(images=np.zeros((2, 28, 28)), labels=[1, 12]), "0 to 9"),
        (npz(images=np.zeros((2, 28, 28)), labels=[1]), "2 images"),
        (npz(pictures=FRAME), "which arrays"),
        (npz(a=FRAME, b=FRAME, c=FRAME), "arrays ['a', 'b', 'c']"),
        (npz(images=np.array([{}], object), labels=[1]), "Python objects"),
        (zipped({"images.npy": b"", "labels.npy": b""}), "damaged"),
        (zipped({"images.npy": npy((1, 28, 28)), "labels.npy": npy((1,), b"\1")}), "cut off"),
        (
            zipped({"images.npy": npy((10**6, 10**6)), "labels.npy": npy((1,), b"\1")}),
            "cut off",
        ),
    ],
)
def test_what_is_no_labelled_set_is_explained(content: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match="Received") as caught:
        load_labelled(content, "mine.zip")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "names",
    [("images", "labels"), ("x_test", "y_test"), ("X", "y"), ("data", "target"), ("p", "q")],
)
def test_an_npz_is_read_whatever_its_arrays_are_called(names: tuple[str, str]) -> None:
    content = npz(**{names[0]: np.stack([FRAME, FRAME]), names[1]: np.array([1, 7])})
    result = load_labelled(content, "mine.npz")
    assert result.name == "mine.npz"
    assert (result.images == FRAME).all()
    assert result.labels.tolist() == [1, 7]


def test_of_a_whole_mnist_the_test_half_is_taken() -> None:
    content = npz(
        x_train=np.zeros((3, 28, 28), np.uint8), y_train=np.array([1, 2, 3]), x_test=FRAME[None],
        y_test=np.array([1]),
    )  # fmt: skip
    assert load_labelled(content).labels.tolist() == [1]


def test_a_zip_of_folders_is_read_by_digit_then_name(dataset: Dataset) -> None:
    frames = dataset.x_test[:3]
    content = zipped(
        {
            "set/7/b.png": png(frames[0]),
            "set/2/z.png": png(255 - frames[1]),
            "set/1/a.PNG": png(cv2.cvtColor(frames[2], cv2.COLOR_GRAY2BGR)),
            "set/Thumbs.db": b"x",
            "__MACOSX/set/7/._b.png": b"x",
        }
    )
    result = load_labelled(content, "mine.zip")
    assert result.labels.tolist() == [1, 2, 7]
    assert (result.images == frames[::-1]).all()
    assert result.notes == ()


def test_pictures_of_any_size_are_framed() -> None:
    paper = np.full((200, 150), 240, np.uint8)
    cv2.line(paper, (75, 40), (75, 160), 20, 12)
    result = load_labelled(zipped({"1/a.png": png(paper), "0/b.png": png(paper * 0 + 240)}))
    assert result.labels.tolist() == [0, 1]
    assert not result.images[0].any()
    assert result.images[1].max() == 255
    assert "one picture no digit was found" in result.notes[0]


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(npz(images=FRAME[None], labels=[1]))
    assert load_labelled(path).name == "mine.npz"
    with pytest.raises(DatasetError, match=r"nothing\.zip"):
        load_labelled(tmp_path / "nothing.zip")


def test_a_bomb_is_not_unpacked() -> None:
    content = bytearray(zipped({"3/a.png": png(FRAME)}))
    # What the entry says it unpacks to.
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = struct.pack("<I", MAX_UNPACKED + 1)
    with pytest.raises(DatasetError, match="unpacks to more than 512 MB"):
        load_labelled(bytes(content))


def test_a_directory_of_a_million_entries_is_not_even_read() -> None:
    with pytest.raises(DatasetError, match="more than 30,000 entries"):
        load_labelled(b"PK\x01\x02" * 40_000)


def test_a_picture_of_many_pixels_in_few_bytes_is_refused() -> None:
    content = png(np.zeros((8001, 8000), np.uint8))
    assert len(content) < 10**6
    with pytest.raises(DatasetError, match="megapixels"):
        load_labelled(zipped({"3/a.png": content}))


def test_an_encrypted_archive_is_explained() -> None:
    content = bytearray(zipped({"3/a.png": png(FRAME)}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    with pytest.raises(DatasetError, match="encrypted"):
        load_labelled(bytes(content))


WHOLE = {
    "npz": npz(images=np.stack([FRAME] * 3), labels=[1, 1, 7]),
    "zip": zipped({"1/a.png": png(FRAME), "7/b.png": png(FRAME)}),
    "stored": zipped({"1/a.png": png(FRAME)}, zipfile.ZIP_STORED),
}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(WHOLE)), st.data())
def test_damage_is_explained_or_does_no_harm(kind: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[kind])
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
