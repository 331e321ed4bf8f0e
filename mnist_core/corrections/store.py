"""Store corrections in an SQLite file on this machine; nothing is sent anywhere.

Every call opens the file for one short transaction, so any number of threads and processes can use
it at once.

>>> store = CorrectionStore()
>>> change = store.add(Correction(frame=digit.frame, label=9, guess=digit.label, source="draw"))
>>> store.undo(change)
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mnist_core.corrections.correction import Correction, check_label, showable_time
from mnist_core.corrections.database import Database
from mnist_core.data import FRAME_SIZE, LabelledArrays
from mnist_core.errors import CorrectionsError, DamagedCorrectionsError, MnistError, foreign_bytes
from mnist_core.storage import limits
from mnist_core.storage.paths import corrections_path

__all__ = ["Change", "CorrectionStore"]

_COLUMNS = (
    "id", "frame", "label", "guess", "confidence", "model", "model_sha256", "source", "created",
)  # fmt: skip
_INSERT = f"INSERT INTO corrections ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * 9)})"
_WITH_IDS = "WHERE id IN (SELECT value FROM json_each(?))"
_SELECT = f"SELECT * FROM corrections {_WITH_IDS} ORDER BY id"
_RELABEL = f"UPDATE corrections SET label = ? {_WITH_IDS}"
_UNKNOWN_TIME = "1970-01-01T00:00:00+00:00"
_DELETE = f"DELETE FROM corrections {_WITH_IDS}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Change:
    """What a call changed in the store, for `CorrectionStore.undo`; False if nothing.

    Attributes:
        added: the ids of new corrections.
        before: relabeled and deleted corrections as they were.
    """

    added: tuple[int, ...] = ()
    before: tuple[Correction, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.before)


class CorrectionStore:
    """The corrections of this machine; safe to use from any thread and process.

    The file is created by the first write. Every method raises `CorrectionsError` if the file
    cannot be read or written, stays locked or is another program's, and `DamagedCorrectionsError`
    if it is damaged; the file is left as it is.

    Args:
        path: its file; None takes `corrections_path()`.
        patience: how long to wait for other writers, s; a write takes milliseconds.
    """

    def __init__(self, path: Path | None = None, *, patience: float = 20.0) -> None:
        self.path = path or corrections_path()
        self._database = Database(self.path, patience)

    def add(self, *corrections: Correction) -> Change:
        """Add corrections, all or none; a frame that is already stored only gets the new label."""
        added: list[int] = []
        before: dict[int, Correction] = {}
        with self._database.writing() as connection:
            for correction in corrections:
                row = connection.execute(
                    "SELECT * FROM corrections WHERE frame = ?", (correction.frame.tobytes(),)
                ).fetchone()
                if row is None:
                    added.append(_insert(connection, replace(correction, id=None)))
                elif row["label"] != correction.label:
                    _relabel(connection, [row["id"]], correction.label)
                    # Undoing deletes what this call added, so its first label does not matter.
                    if row["id"] not in added:
                        before.setdefault(row["id"], _correction(row))
            if added:
                self._check_room(connection)
        return Change(added=tuple(added), before=tuple(before.values()))

    def _check_room(self, connection: sqlite3.Connection) -> None:
        """Refuse what was added if there are too many corrections, or the disk is nearly full."""
        (number,) = connection.execute("SELECT count(*) FROM corrections").fetchone()
        if number > limits.CORRECTIONS:
            raise CorrectionsError(
                f"There is room for {limits.CORRECTIONS:,} corrections. Export them on the Train "
                f"tab and delete some. Received: {number:,}"
            )
        if (free := limits.free_bytes(self.path.parent)) < limits.FREE_BYTES_FOR_CORRECTIONS:
            raise CorrectionsError(
                f"The disk is nearly full: {free / 1e6:.0f} MB are free. Make room, then save the "
                f"correction again. Received: {self.path.parent}"
            )

    def find(
        self,
        labels: Iterable[int] | None = None,
        *,
        newest_first: bool = True,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Correction]:
        """List corrections in the order in which they were added.

        Args:
            labels: only these, 0 to 9 or `NOT_A_DIGIT`; None for all.
            newest_first: False begins with the oldest.
            limit: the largest number to return; None for all.
            offset: the number to skip first.
        """
        query = "SELECT * FROM corrections"
        values: list[object] = []
        if labels is not None:
            query += " WHERE label IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(list(labels)))
        query += f" ORDER BY id {'DESC' if newest_first else 'ASC'} LIMIT ? OFFSET ?"
        values += [-1 if limit is None else max(0, limit), max(0, offset)]
        with self._database.reading() as connection:
            rows = connection.execute(query, values).fetchall() if connection else []
        return [_correction(row) for row in rows]

    def counts(self) -> dict[int, int]:
        """The number of corrections per label; labels without any are left out."""
        query = "SELECT label, count(*) FROM corrections GROUP BY label ORDER BY label"
        with self._database.reading() as connection:
            return dict(connection.execute(query).fetchall()) if connection else {}

    def arrays(self) -> LabelledArrays:
        """The frames and labels of all corrections, oldest first; there may be none."""
        found = self.find(newest_first=False)
        frames = np.array([correction.frame for correction in found], np.uint8)
        labels = np.array([correction.label for correction in found], np.uint8)
        return LabelledArrays(frames.reshape(-1, FRAME_SIZE, FRAME_SIZE), labels)

    def relabel(self, ids: Iterable[int], label: int) -> Change:
        """Give corrections another label; unknown ids are ignored."""
        check_label("label", label)
        with self._database.writing() as connection:
            before = [found for found in _by_id(connection, ids) if found.label != label]
            _relabel(connection, [found.id for found in before], label)
        return Change(before=tuple(before))

    def delete(self, ids: Iterable[int]) -> Change:
        """Delete corrections; unknown ids are ignored."""
        with self._database.writing() as connection:
            before = _by_id(connection, ids)
            _delete(connection, [found.id for found in before])
        return Change(before=tuple(before))

    def undo(self, change: Change) -> None:
        """Undo a change; later changes to other corrections remain."""
        with self._database.writing() as connection:
            _delete(connection, change.added)
            for correction in change.before:
                # Its frame may have been added again meanwhile, under another id.
                frame = correction.frame.tobytes()
                connection.execute("DELETE FROM corrections WHERE frame = ?", (frame,))
                _insert(connection, correction)

    def move_aside(self) -> Path:
        """Rename an unusable file, so that a new one can be created; return its new path."""
        return self._database.move_aside()


def _insert(connection: sqlite3.Connection, correction: Correction) -> int:
    values = [getattr(correction, name) for name in _COLUMNS]
    values[1] = correction.frame.tobytes()
    added = connection.execute(_INSERT, values).lastrowid
    assert added is not None
    return added


def _relabel(connection: sqlite3.Connection, ids: Iterable[int | None], label: int) -> None:
    connection.execute(_RELABEL, (label, json.dumps(list(ids))))


def _delete(connection: sqlite3.Connection, ids: Iterable[int | None]) -> None:
    connection.execute(_DELETE, (json.dumps(list(ids)),))


def _by_id(connection: sqlite3.Connection, ids: Iterable[int]) -> list[Correction]:
    return [_correction(row) for row in connection.execute(_SELECT, (json.dumps(list(ids)),))]


def _correction(row: sqlite3.Row) -> Correction:
    """The correction of a row; the time of one that cannot be shown becomes the beginning of 1970.

    Raises:
        DamagedCorrectionsError: another value is invalid, which this package never stores.
    """
    with foreign_bytes(_damaged):
        frame = np.frombuffer(row["frame"], np.uint8).reshape(FRAME_SIZE, FRAME_SIZE)
        values = {**dict(row), "frame": frame}
        if showable_time(values["created"]) is None:
            values["created"] = _UNKNOWN_TIME
        try:
            return Correction(**values)
        except MnistError as error:
            raise _damaged(error) from error


def _damaged(error: Exception) -> DamagedCorrectionsError:
    return DamagedCorrectionsError(
        f"The file of corrections is damaged: {error} Move it aside to begin a new one."
    )
