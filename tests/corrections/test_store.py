"""The store of corrections: what it keeps, who may use it at once, what it says of bad files."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.frames import make_correction, make_frame

from mnist_core.corrections.correction import Correction
from mnist_core.corrections.store import Change, CorrectionStore
from mnist_core.data import NOT_A_DIGIT
from mnist_core.errors import CorrectionsError, DamagedCorrectionsError
from mnist_core.storage.paths import corrections_path

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path: Path) -> CorrectionStore:
    return CorrectionStore(tmp_path / "new" / "folder" / "corrections.sqlite3")


def labels_of(store: CorrectionStore) -> list[int]:
    return [found.label for found in store.find(newest_first=False)]


def test_an_empty_store_has_no_file_and_answers_all_the_same(store: CorrectionStore) -> None:
    assert store.find() == []
    assert store.counts() == {}
    frames, labels = store.arrays()
    assert (frames.shape, frames.dtype) == ((0, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((0,), np.uint8)
    assert not store.path.parent.exists()


def test_nothing_done_to_an_empty_store_is_no_change(store: CorrectionStore) -> None:
    changes = [store.add(), store.relabel([1], 3), store.relabel([], 3), store.delete([1, 2])]
    assert not any(changes)
    for change in changes:
        store.undo(change)
    assert store.find() == []


def test_one_comes_back_as_it_was(store: CorrectionStore) -> None:
    given = make_correction(
        7,
        9,
        guess=NOT_A_DIGIT,
        confidence=0.25,
        model="cnn",
        model_sha256="ab" * 32,
        source="webcam",
    )
    change = store.add(given)
    (found,) = CorrectionStore(store.path).find()
    assert (found.frame == given.frame).all()
    for name in ("label", "guess", "confidence", "model", "model_sha256", "source", "created"):
        assert getattr(found, name) == getattr(given, name)
    assert change.added == (found.id,)


def test_the_same_frame_is_not_counted_twice(store: CorrectionStore) -> None:
    store.add(make_correction(1, 3))
    assert not store.add(make_correction(1, 3))
    relabelled = store.add(make_correction(1, 5), make_correction(2, 5), make_correction(2, 6))
    assert labels_of(store) == [5, 6]
    store.undo(relabelled)
    assert labels_of(store) == [3]


def test_thousands_are_paged_filtered_and_counted(store: CorrectionStore) -> None:
    store.add(*(make_correction(number, number % 11) for number in range(3000)))
    assert sum(store.counts().values()) == 3000
    assert store.counts()[NOT_A_DIGIT] == 272
    newest = store.find(limit=3)
    assert [found.frame[0, :2].tolist() for found in newest] == [
        [n & 255, n >> 8] for n in (2999, 2998, 2997)
    ]
    sevens = store.find([7], newest_first=False, limit=5, offset=10)
    assert {found.label for found in sevens} == {7}
    assert (sevens[0].frame == make_frame(7 + 110)).all()
    assert len(store.find([3, NOT_A_DIGIT])) == 273 + 272
    assert store.find([]) == []
    assert store.find(offset=3000) == []
    assert store.find(limit=0) == []
    frames, labels = store.arrays()
    assert frames.shape == (3000, 28, 28)
    assert labels[:12].tolist() == [*range(11), 0]
    everything = [found.id for found in store.find()]
    change = store.delete(everything)
    assert store.counts() == {}
    store.undo(change)
    assert [found.id for found in store.find()] == everything


def test_relabel_and_delete_can_be_undone(store: CorrectionStore) -> None:
    first, second = store.add(make_correction(1, 1), make_correction(2, 2)).added
    relabelled = store.relabel([first, second, 999], 2)
    assert [found.id for found in relabelled.before] == [first]
    deleted = store.delete([first, 999])
    assert [found.id for found in store.find()] == [second]
    store.undo(deleted)
    assert labels_of(store) == [2, 2]
    store.undo(relabelled)
    assert labels_of(store) == [1, 2]


def test_a_late_undo_does_not_hit_another_correction(store: CorrectionStore) -> None:
    change = store.add(make_correction(1))
    store.delete(change.added)
    store.add(make_correction(2))
    store.undo(change)
    assert [found.frame.tolist() for found in store.find()] == [make_frame(2).tolist()]


def test_a_deleted_frame_that_came_back_is_there_once_after_undo(store: CorrectionStore) -> None:
    deleted = store.delete(store.add(make_correction(1, 4)).added)
    store.add(make_correction(1, 9))
    store.undo(deleted)
    assert labels_of(store) == [4]


@pytest.mark.parametrize("label", [-1, 11, "3", 3.0, True, None])
def test_no_label_is_refused_and_nothing_altered(store: CorrectionStore, label: object) -> None:
    change = store.add(make_correction(1))
    with pytest.raises(CorrectionsError, match="Received"):
        store.relabel(change.added, label)  # type: ignore[arg-type]
    assert labels_of(store) == [3]


Step = tuple[str, int, int]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "relabel", "delete"]), st.integers(0, 4), st.integers(0, 10)
        ),
        max_size=12,
    )
)
def test_undoing_all_changes_backwards_leads_to_the_beginning(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = CorrectionStore(Path(folder) / "corrections.sqlite3")
        store.add(*(make_correction(number, number) for number in range(3)))

        def state() -> list[tuple[object, ...]]:
            return [(found.id, found.label, found.frame.tobytes()) for found in store.find()]

        changes: list[tuple[list[tuple[object, ...]], Change]] = []
        for action, number, label in steps:
            before = state()
            if action == "add":
                change = store.add(make_correction(number, label))
            elif action == "relabel":
                change = store.relabel([number + 1], label)
            else:
                change = store.delete([number + 1])
            assert bool(change) == (state() != before)
            changes.append((before, change))
        for before, change in reversed(changes):
            store.undo(change)
            assert state() == before


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_file_that_another_begins_at_this_moment_is_no_other_programs(
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
                monkeypatch.undo()  # the other has a usual connection
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


WRITE = """
import sys
sys.path[:0] = sys.argv[1:3]
from pathlib import Path
from support.frames import make_correction
from mnist_core.corrections.store import CorrectionStore
store = CorrectionStore(Path(sys.argv[3]))
first = int(sys.argv[4])
for number in range(first, first + 40):
    store.add(make_correction(number, number % 10))
"""


def test_processes_and_threads_may_write_at_once(store: CorrectionStore) -> None:
    # All begin on a store that is not there yet.
    paths = (str(ROOT), str(ROOT / "tests"), str(store.path))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, *paths, str(first)], stderr=subprocess.PIPE, text=True
        )
        for first in (0, 40)
    ]
    errors: list[BaseException] = []

    def write(first: int) -> None:
        try:
            for number in range(first, first + 20):
                store.add(make_correction(number, number % 10))
                store.counts()
        except BaseException as error:
            errors.append(error)

    # The first thread's frames are also a process's: they are kept once.
    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 80, 100, 120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    complaints = [process.communicate()[1] for process in processes]
    assert not errors, errors
    assert [process.returncode for process in processes] == [0, 0], complaints
    assert store.counts() == dict.fromkeys(range(10), 14)
    with sqlite3.connect(store.path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_reader_does_not_wait_for_a_writer(store: CorrectionStore) -> None:
    store.add(make_correction(1))
    with sqlite3.connect(store.path, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM corrections")
        assert store.counts() == {3: 1}
        writer.execute("ROLLBACK")


def test_a_store_that_stays_locked_is_explained(
    store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(make_correction(1))
    monkeypatch.setattr("mnist_core.corrections.store._PATIENCE", 0.05)
    with sqlite3.connect(store.path, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(CorrectionsError, match=r"others are writing.*Try again"):
            store.add(make_correction(2))
        writer.execute("ROLLBACK")
    assert store.add(make_correction(2))


def not_sqlite(path: Path) -> None:
    path.write_bytes(b"Seven. " * 400)


def cut_off(path: Path) -> None:
    CorrectionStore(path).add(*(make_correction(number) for number in range(200)))
    os.truncate(path, path.stat().st_size // 2)


def overwritten_in_the_middle(path: Path) -> None:
    CorrectionStore(path).add(*(make_correction(number) for number in range(200)))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa7" * (path.stat().st_size - 4096))


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
        (not_sqlite, True, "damaged, or no such file"),
        (cut_off, True, "damaged, or no such file"),
        (overwritten_in_the_middle, True, "damaged, or no such file"),
        (another_programs, False, "another program's"),
        (of_a_later_version, False, "layout 2"),
        (a_folder, False, "it is a folder"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained_and_kept(
    tmp_path: Path, spoil: Callable[[Path], None], damaged: bool, says: str
) -> None:
    store = CorrectionStore(tmp_path / "corrections.sqlite3")
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


def test_a_damaged_file_is_moved_aside_when_asked(store: CorrectionStore) -> None:
    store.path.parent.mkdir(parents=True)
    not_sqlite(store.path)
    store.path.with_name(f"{store.path.name}-wal").write_bytes(b"of the old one")
    content = store.path.read_bytes()
    aside = store.move_aside()
    assert aside.read_bytes() == content
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"of the old one"
    assert store.find() == []
    store.add(make_correction(1))
    assert store.counts() == {3: 1}
    assert aside.read_bytes() == content


def test_nothing_to_move_aside_is_explained(store: CorrectionStore) -> None:
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
    # Not pytest's: others than root may not even look into those.
    folder = Path(tempfile.mkdtemp())
    CorrectionStore(folder / "corrections.sqlite3").add(make_correction(1))
    (folder / "corrections.sqlite3").chmod(0o444)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:  # nothing is read-only to root
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights to files are other on this system")
def test_a_read_only_folder_is_read_and_writing_is_explained(read_only_folder: Path) -> None:
    store = CorrectionStore(read_only_folder / "corrections.sqlite3")
    assert store.counts() == {3: 1}
    for name in ("corrections.sqlite3", "other.sqlite3"):
        with pytest.raises(CorrectionsError, match="Check your rights"):
            CorrectionStore(read_only_folder / name).add(make_correction(2))


FULL = """
import resource, sys
sys.path[:0] = sys.argv[1:3]
from pathlib import Path
from support.frames import make_correction
from mnist_core.corrections.store import CorrectionStore
from mnist_core.errors import CorrectionsError
store = CorrectionStore(Path(sys.argv[3]))
store.add(make_correction(1))
# A file may not grow over this any more: as on a full disk, writing fails half way.
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    store.add(*(make_correction(number) for number in range(1000)))
except CorrectionsError as error:
    print(error)
print(store.counts())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on this system")
def test_a_full_disk_is_explained_and_loses_nothing(store: CorrectionStore) -> None:
    paths = (str(ROOT), str(ROOT / "tests"), str(store.path))
    result = subprocess.run(
        [sys.executable, "-c", FULL, *paths], capture_output=True, text=True, check=True
    )
    assert "the disk is full" in result.stdout
    assert "Make room" in result.stdout
    assert result.stdout.splitlines()[-1] == "{3: 1}"
    assert store.counts() == {3: 1}


def test_a_process_that_is_killed_in_a_transaction_leaves_a_whole_store(
    store: CorrectionStore,
) -> None:
    store.add(make_correction(1))
    program = (
        "import os, signal, sqlite3, sys\n"
        "database = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "database.execute('BEGIN IMMEDIATE')\n"
        "database.execute('DELETE FROM corrections')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(store.path)], check=False)
    assert store.counts() == {3: 1}
    assert store.add(make_correction(2))


def test_the_file_is_where_the_environment_says_or_among_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "mine.sqlite3"))
    assert corrections_path() == CorrectionStore().path == tmp_path / "mine.sqlite3"
    monkeypatch.setenv("MNIST_CORRECTIONS", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = corrections_path()
    assert path.is_absolute()
    assert (path.name, path.parent.name) == ("corrections.sqlite3", "digit-lab")


def test_what_is_found_is_a_correction(store: CorrectionStore) -> None:
    store.add(make_correction(1))
    (found,) = store.find()
    assert isinstance(found, Correction)
    assert isinstance(found.id, int)
