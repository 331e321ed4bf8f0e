"""The store of corrections: what it adds, finds, changes and undoes."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

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


@pytest.fixture
def store(tmp_path: Path) -> CorrectionStore:
    return CorrectionStore(tmp_path / "new" / "folder" / "corrections.sqlite3")


def labels_of(store: CorrectionStore) -> list[int]:
    return [found.label for found in store.find(newest_first=False)]


def test_an_empty_store_can_be_read_and_has_no_file(store: CorrectionStore) -> None:
    assert store.find() == []
    assert store.counts() == {}
    frames, labels = store.arrays()
    assert (frames.shape, frames.dtype) == ((0, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((0,), np.uint8)
    assert not store.path.parent.exists()


def test_change_of_an_empty_store_is_false(store: CorrectionStore) -> None:
    changes = [store.add(), store.relabel([1], 3), store.relabel([], 3), store.delete([1, 2])]
    assert not any(changes)
    for change in changes:
        store.undo(change)
    assert store.find() == []


def test_find_returns_what_was_added(store: CorrectionStore) -> None:
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
    assert isinstance(found, Correction)


def test_add_stores_a_frame_once(store: CorrectionStore) -> None:
    store.add(make_correction(1, 3))
    assert not store.add(make_correction(1, 3))
    relabelled = store.add(make_correction(1, 5), make_correction(2, 5), make_correction(2, 6))
    assert labels_of(store) == [5, 6]
    store.undo(relabelled)
    assert labels_of(store) == [3]


def test_find_pages_and_filters_thousands(store: CorrectionStore) -> None:
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


def test_undo_takes_back_relabel_and_delete(store: CorrectionStore) -> None:
    first, second = store.add(make_correction(1, 1), make_correction(2, 2)).added
    relabelled = store.relabel([first, second, 999], 2)
    assert [found.id for found in relabelled.before] == [first]
    deleted = store.delete([first, 999])
    assert [found.id for found in store.find()] == [second]
    store.undo(deleted)
    assert labels_of(store) == [2, 2]
    store.undo(relabelled)
    assert labels_of(store) == [1, 2]


def test_undo_does_not_affect_another_correction_later(store: CorrectionStore) -> None:
    change = store.add(make_correction(1))
    store.delete(change.added)
    store.add(make_correction(2))
    store.undo(change)
    assert [found.frame.tolist() for found in store.find()] == [make_frame(2).tolist()]


def test_undo_restores_a_frame_that_was_added_again_once(store: CorrectionStore) -> None:
    deleted = store.delete(store.add(make_correction(1, 4)).added)
    store.add(make_correction(1, 9))
    store.undo(deleted)
    assert labels_of(store) == [4]


@pytest.mark.parametrize("label", [-1, 11, "3", 3.0, True, None])
def test_relabel_refuses_an_invalid_label(store: CorrectionStore, label: object) -> None:
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
def test_undo_of_all_changes_backwards_restores_the_beginning(steps: list[Step]) -> None:
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


def test_corrections_path_is_the_variable_or_in_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "mine.sqlite3"))
    assert corrections_path() == CorrectionStore().path == tmp_path / "mine.sqlite3"
    monkeypatch.setenv("MNIST_CORRECTIONS", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = corrections_path()
    assert path.is_absolute()
    assert (path.name, path.parent.name) == ("corrections.sqlite3", "digit-lab")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+00:00", "9999-12-31", ""])
def test_find_shows_corrections_whose_time_cannot_be_shown(
    store: CorrectionStore, time: str
) -> None:
    store.add(make_correction())
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE corrections SET created = ?", (time,))
    (found,) = store.find()
    assert found.created == "1970-01-01T00:00:00+00:00"
    assert store.delete([found.id or 0])
    assert store.find() == []


def test_find_tells_that_a_row_is_damaged(store: CorrectionStore) -> None:
    store.add(make_correction())
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE corrections SET source = 'a dream'")
    with pytest.raises(DamagedCorrectionsError, match="a dream"):
        store.find()


def test_too_many_corrections_are_refused(
    store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_core.storage.limits.CORRECTIONS", 1)
    store.add(make_correction())
    with pytest.raises(CorrectionsError, match=r"room for 1 corrections\. Export them"):
        store.add(make_correction(1))
    assert len(store.find()) == 1
    store.add(make_correction(label=7))  # the same frame, labeled again
    assert labels_of(store) == [7]


def test_correction_is_refused_before_the_disk_is_full(
    store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_core.storage.limits.free_bytes", lambda folder: 4 * 10**7)
    with pytest.raises(CorrectionsError, match="nearly full: 40 MB are free"):
        store.add(make_correction())
    assert store.find() == []
