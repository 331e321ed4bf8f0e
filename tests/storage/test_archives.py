"""Hostile and damaged ZIP and NPZ files."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.archives import (
    claim_encryption,
    claim_size,
    make_npy,
    make_npz,
    make_zip,
    npy_with_header,
    share_content,
)

from mnist_core.errors import DatasetError
from mnist_core.storage.archives import ArchiveError, open_archive, read_array


def read(content: bytes, name: str = "a.npy", **limits: int) -> np.ndarray:
    with open_archive(content, **limits) as archive:
        return read_array(archive, name)


@pytest.mark.parametrize("array", [np.arange(6).reshape(2, 3), np.zeros((0, 4)), np.array("text")])
def test_read_array_returns_what_was_saved(array: np.ndarray) -> None:
    found = read(make_npz(a=array))
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert (found == array).all()


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"digits" * 100, make_zip({"a": b"x" * 99})[:-30]],
    # A ZIP has the time in it, and test processes need the same names.
    ids=["empty", "beginning", "text", "truncated"],
)
def test_open_archive_refuses_other_files(content: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"empty|not a ZIP"), open_archive(content):
        pytest.fail("the block must not run")


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (b"", "magic string"),
        (make_npy((3,), b"\1"), "expected 3 bytes got 1"),
        (make_npy((10**6, 10**6)), "truncated"),
        (make_npy((-1,)), "negative"),
        (make_npy((1,), b"\1" * 8, "|O"), "Python objects"),
        (b"\x93NUMPY\x09\x00" + b"\0" * 80, "format version"),
        (npy_with_header("{'descr': '|u1', ((("), "damaged"),
        (npy_with_header("(" * 9000), "damaged"),
        (npy_with_header("exit()"), "damaged"),
        (npy_with_header("{'descr': '|u1', 'fortran_order': False, 'shape': (2.5,)}"), "damaged"),
        (npy_with_header("{'descr': [1], 'fortran_order': False, 'shape': (1,)}"), "damaged"),
    ],
)
def test_read_array_refuses_damaged_and_hostile_arrays(entry: bytes, problem: str) -> None:
    with pytest.raises(ArchiveError, match=problem):
        read(make_zip({"a.npy": entry}))


def test_read_array_of_a_missing_entry_is_an_archive_error() -> None:
    with pytest.raises(ArchiveError, match=r"b\.npy"):
        read(make_npz(a=np.arange(3)), "b.npy")


def test_open_archive_limits_the_unpacked_size() -> None:
    content = make_npz(a=np.zeros(10**6, np.uint8))
    assert len(content) < 10**4
    with pytest.raises(ArchiveError, match="more than 1 MB"):
        read(content, max_unpacked=10**6)
    assert read(content, max_unpacked=2 * 10**6).shape == (10**6,)


def test_read_array_unpacks_no_more_than_the_directory_claims() -> None:
    with pytest.raises(ArchiveError):
        read(claim_size(make_npz(a=np.zeros(10**6, np.uint8)), 1000))


def test_open_archive_limits_the_entries_before_it_parses_the_directory() -> None:
    with pytest.raises(ArchiveError, match="more than 100,000 entries"):
        read(b"PK\x01\x02" * 100_001)
    with pytest.raises(ArchiveError, match="more than 2 entries"):
        read(make_npz(a=1, b=2, c=3), max_entries=2)


def test_open_archive_explains_encryption() -> None:
    with pytest.raises(ArchiveError, match="encrypted"):
        read(claim_encryption(make_npz(a=np.arange(3))))


def test_open_archive_passes_other_errors_on() -> None:
    with pytest.raises(DatasetError), open_archive(make_npz(a=1)):
        raise DatasetError("the block's own")


def test_open_archive_refuses_entries_that_share_one_content() -> None:
    with pytest.raises(ArchiveError, match="share one content"):
        read(share_content({"a.npy": make_npy((3,), b"abc"), "b.npy": make_npy((3,), b"abc")}))


COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
INTACT = [make_zip({"a.npy": make_npy((99,), bytes(range(99)))}, kind) for kind in COMPRESSIONS]


@settings(max_examples=200)
@given(st.sampled_from(INTACT), st.data())
def test_read_array_of_any_damage_is_an_array_or_an_archive_error(
    intact: bytes, data: st.DataObject
) -> None:
    content = bytearray(intact)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content[: data.draw(st.integers(0, len(content)))]))
    except ArchiveError as error:
        assert str(error)
