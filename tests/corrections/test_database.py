"""The file of corrections: concurrent use, and files that cannot be used."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from support.damaged_files import cut_off, not_sqlite, overwritten_in_the_middle
from support.frames import make_correction
from support.processes import run_in_fresh_process
from support.store_users import add_corrections, die_in_a_transaction, fill_disk

from mnist_core.corrections.store import CorrectionStore
from mnist_core.errors import CorrectionsError, DamagedCorrectionsError


@pytest.fixture
def store(tmp_path: Path) -> CorrectionStore:
    return CorrectionStore(tmp_path / "new" / "folder" / "corrections.sqlite3")


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_file_that_another_process_is_creating_can_be_used(
    writes: bool, number: int, store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.path.parent.mkdir(parents=True)
    store.path.touch()
    statements = 0

    class Interrupted(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            nonlocal statements
            statements += 1
            if statements == number:
                monkeypatch.undo()  # the other process has an ordinary connection
                CorrectionStore(store.path).add(make_correction(5, 5))
            return super().execute(*arguments)

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Interrupted))
    if writes:
        store.add(make_correction(6, 6))
        assert store.counts() == {5: 1, 6: 1}
    else:
        for _ in range(number):
            assert store.counts() in ({}, {5: 1})
        assert store.counts() == {5: 1}


def test_store_takes_writes_of_processes_and_threads_at_once(store: CorrectionStore) -> None:
    # All begin before the file exists.
    errors: list[BaseException] = []

    def write(first: int) -> None:
        try:
            for number in range(first, first + 20):
                store.add(make_correction(number, number % 10))
                store.counts()
        except BaseException as error:
            errors.append(error)

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        processes = [pool.submit(add_corrections, store.path, first, 40) for first in (0, 40)]
        # The first thread adds the same frames as a process: they are stored once.
        threads = [threading.Thread(target=write, args=(first,)) for first in (0, 80, 100, 120)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for process in processes:
            process.result()
    assert not errors, errors
    assert store.counts() == dict.fromkeys(range(10), 14)
    with sqlite3.connect(store.path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_counts_does_not_wait_for_a_writer(store: CorrectionStore) -> None:
    store.add(make_correction(1))
    with sqlite3.connect(store.path, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM corrections")
        assert store.counts() == {3: 1}
        writer.execute("ROLLBACK")


def test_add_to_a_locked_store_explains_it(store: CorrectionStore) -> None:
    store.add(make_correction(1))
    hasty = CorrectionStore(store.path, patience=0.05)
    with sqlite3.connect(store.path, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(CorrectionsError, match=r"others are writing.*Try again"):
            hasty.add(make_correction(2))
        writer.execute("ROLLBACK")
    assert store.add(make_correction(2))


def another_programs(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE corrections (wording TEXT)")


def of_a_later_version(path: Path) -> None:
    CorrectionStore(path).add(make_correction(1))
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 2")


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "damaged", "says"),
    [
        (not_sqlite, True, "damaged, or not a corrections file"),
        (cut_off, True, "damaged, or not a corrections file"),
        (overwritten_in_the_middle, True, "damaged, or not a corrections file"),
        (another_programs, False, "another program's"),
        (of_a_later_version, False, "layout 2"),
        (a_folder, False, "it is a folder"),
    ],
)
def test_an_unusable_file_is_explained_and_kept(
    tmp_path: Path, spoil: Callable[[Path], None], damaged: bool, says: str
) -> None:
    store = CorrectionStore(tmp_path / "corrections.sqlite3")
    if damaged:
        store.add(*(make_correction(number) for number in range(200)))
    spoil(store.path)
    before = store.path.read_bytes() if store.path.is_file() else None
    for action in (
        store.find,
        store.arrays,
        lambda: store.add(make_correction(1)),
        lambda: store.delete([1]),
    ):
        with pytest.raises(CorrectionsError, match=says) as error:
            action()
        assert isinstance(error.value, DamagedCorrectionsError) == damaged
        assert str(store.path) in str(error.value)
    assert (store.path.read_bytes() if store.path.is_file() else None) == before


def test_move_aside_renames_the_file_and_its_journal(store: CorrectionStore) -> None:
    store.path.parent.mkdir(parents=True)
    not_sqlite(store.path)
    store.path.with_name(f"{store.path.name}-wal").write_bytes(b"the old journal")
    content = store.path.read_bytes()
    aside = store.move_aside()
    assert aside.read_bytes() == content
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"the old journal"
    assert store.find() == []
    store.add(make_correction(1))
    assert store.counts() == {3: 1}
    assert aside.read_bytes() == content


def test_move_aside_without_a_file_explains_it(store: CorrectionStore) -> None:
    with pytest.raises(CorrectionsError, match="No such file"):
        store.move_aside()


def test_an_empty_file_is_an_empty_store(tmp_path: Path) -> None:
    store = CorrectionStore(tmp_path / "corrections.sqlite3")
    store.path.touch()
    assert store.find() == []
    store.add(make_correction(1))
    assert store.counts() == {3: 1}


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder with a store of one correction, in which this user may write nothing."""
    # Not one of pytest's folders, into which only its owner can look.
    folder = Path(tempfile.mkdtemp())
    CorrectionStore(folder / "corrections.sqlite3").add(make_correction(1))
    (folder / "corrections.sqlite3").chmod(0o444)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:  # root may write everything
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="other file permissions on this system")
def test_a_read_only_store_can_be_read_and_add_explains_it(read_only_folder: Path) -> None:
    store = CorrectionStore(read_only_folder / "corrections.sqlite3")
    assert store.counts() == {3: 1}
    for name in ("corrections.sqlite3", "other.sqlite3"):
        with pytest.raises(CorrectionsError, match="Check your rights"):
            CorrectionStore(read_only_folder / name).add(make_correction(2))


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on this system")
def test_add_on_a_full_disk_explains_it_and_loses_nothing(store: CorrectionStore) -> None:
    error, counts = run_in_fresh_process(fill_disk, store.path)
    assert "the disk is full" in error
    assert "Make room" in error
    assert counts == store.counts() == {3: 1}


def test_store_is_intact_after_a_process_is_killed_in_a_transaction(
    store: CorrectionStore,
) -> None:
    store.add(make_correction(1))
    with pytest.raises(BrokenProcessPool):
        run_in_fresh_process(die_in_a_transaction, store.path)
    assert store.counts() == {3: 1}
    assert store.add(make_correction(2))


def test_reading_a_damaged_schema_whose_message_is_not_text(store: CorrectionStore) -> None:
    store.add(make_correction())
    content = store.path.read_bytes()
    index = b"ON corrections (label, id)"
    assert index in content
    store.path.write_bytes(content.replace(index, b"ON corrections (la\xffel, id)"))
    with pytest.raises(DamagedCorrectionsError, match="Move it aside"):
        store.find()
