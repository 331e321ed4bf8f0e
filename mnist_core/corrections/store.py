"""Where corrections are kept: an SQLite file of this machine; nothing in it is sent anywhere.

Every call opens the file, does one short transaction and closes it again, so any number of threads
and processes can use it at once.

>>> store = CorrectionStore()
>>> change = store.add(Correction(frame=digit.frame, label=9, guess=digit.label, source="draw"))
>>> store.undo(change)
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_core.corrections.correction import Correction, check_label
from mnist_core.data import FRAME_SIZE, NOT_A_DIGIT
from mnist_core.errors import CorrectionsError, DamagedCorrectionsError
from mnist_core.storage.paths import corrections_path

__all__ = ["Change", "CorrectionStore"]

# How long to wait for others that write, in seconds: a write takes milliseconds.
_PATIENCE = 20.0
# What tells this file from other programs' SQLite files ("MNCR"), and its layout from later ones.
_APPLICATION, _VERSION = 0x4D4E4352, 1
# No id is ever given twice: a change that is undone late cannot hit another correction.
_SCHEMA = (
    f"""
    CREATE TABLE corrections (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        frame BLOB NOT NULL UNIQUE CHECK (length(frame) = {FRAME_SIZE**2}),
        label INTEGER NOT NULL CHECK (label BETWEEN 0 AND {NOT_A_DIGIT}),
        guess INTEGER CHECK (guess BETWEEN 0 AND {NOT_A_DIGIT}),
        confidence REAL CHECK (confidence BETWEEN 0 AND 1),
        model TEXT NOT NULL,
        model_sha256 TEXT NOT NULL,
        source TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX by_label ON corrections (label, id)",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)
_COLUMNS = (
    "id", "frame", "label", "guess", "confidence", "model", "model_sha256", "source", "created",
)  # fmt: skip
_WHOSE = """
    SELECT application_id, user_version, EXISTS (SELECT 1 FROM sqlite_schema)
    FROM pragma_application_id, pragma_user_version
"""
# The beginning of SQLite's name of an error, what it means, and what to do.
_PROBLEMS = (
    ("SQLITE_FULL", "the disk is full", "Make room"),
    ("SQLITE_IOERR", "the disk is full or failing", "Make room"),
    ("SQLITE_READONLY", "it may not be written", "Check your rights to it and its folder"),
    ("SQLITE_CANTOPEN", "it cannot be opened", "Check your rights to it and its folder"),
    ("SQLITE_BUSY", "others are writing to it", "Try again in a moment"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Change:
    """What a call did to the store, so that it can be undone.

    Attributes:
        added: the ids of corrections that were not there before.
        before: corrections as they were, of those that were relabelled or deleted.
    """

    added: tuple[int, ...] = ()
    before: tuple[Correction, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.before)


class CorrectionStore:
    """The corrections of this machine; safe to use from any thread and process.

    A store that nobody has written to is empty and has no file yet. Every method raises
    `CorrectionsError` where the file cannot be read or written, stays locked or is another
    program's, and `DamagedCorrectionsError` where it is damaged; it is left as it is.

    Args:
        path: its file; None takes `corrections_path()`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or corrections_path()

    def add(self, *corrections: Correction) -> Change:
        """Keep corrections, all or none; a frame that is there already gets the new label only."""
        added: list[int] = []
        before: dict[int, Correction] = {}
        with self._writing() as database:
            for correction in corrections:
                # By frame, so that one that is shown again is not counted twice.
                row = database.execute(
                    "SELECT * FROM corrections WHERE frame = ?", (correction.frame.tobytes(),)
                ).fetchone()
                if row is None:
                    added.append(_insert(database, replace(correction, id=None)))
                elif row["label"] != correction.label:
                    _relabel(database, [row["id"]], correction.label)
                    # What this call itself added needs no way back but being deleted.
                    if row["id"] not in added:
                        before.setdefault(row["id"], _correction(row))
        return Change(added=tuple(added), before=tuple(before.values()))

    def find(
        self,
        labels: Iterable[int] | None = None,
        *,
        newest_first: bool = True,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Correction]:
        """Corrections in the order in which they were made.

        Args:
            labels: only these, 0 to 9 or `NOT_A_DIGIT`; None for all.
            newest_first: False begins with the oldest.
            limit: at most so many; None for all.
            offset: how many to leave out first.
        """
        query = "SELECT * FROM corrections"
        values: list[object] = []
        if labels is not None:
            query += " WHERE label IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(list(labels)))
        query += f" ORDER BY id {'DESC' if newest_first else 'ASC'} LIMIT ? OFFSET ?"
        values += [-1 if limit is None else max(0, limit), max(0, offset)]
        with self._reading() as database:
            rows = database.execute(query, values).fetchall() if database else []
        return [_correction(row) for row in rows]

    def counts(self) -> dict[int, int]:
        """How many corrections each label has; labels without any are left out."""
        query = "SELECT label, count(*) FROM corrections GROUP BY label ORDER BY label"
        with self._reading() as database:
            return dict(database.execute(query).fetchall()) if database else {}

    def arrays(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """All frames, (n, 28, 28), and their labels, (n,), uint8, oldest first; n may be 0."""
        found = self.find(newest_first=False)
        frames = np.array([correction.frame for correction in found], np.uint8)
        labels = np.array([correction.label for correction in found], np.uint8)
        return frames.reshape(-1, FRAME_SIZE, FRAME_SIZE), labels

    def relabel(self, ids: Iterable[int], label: int) -> Change:
        """Give corrections another label; ids that are not there are passed over."""
        check_label("label", label)
        with self._writing() as database:
            before = [found for found in _by_id(database, ids) if found.label != label]
            _relabel(database, [found.id for found in before], label)
        return Change(before=tuple(before))

    def delete(self, ids: Iterable[int]) -> Change:
        """Delete corrections; ids that are not there are passed over."""
        with self._writing() as database:
            before = _by_id(database, ids)
            _delete(database, [found.id for found in before])
        return Change(before=tuple(before))

    def undo(self, change: Change) -> None:
        """Take a change back. What happened to other corrections since then stays."""
        with self._writing() as database:
            _delete(database, change.added)
            for correction in change.before:
                # Its frame may have come back under another id meanwhile.
                frame = correction.frame.tobytes()
                database.execute("DELETE FROM corrections WHERE frame = ?", (frame,))
                _insert(database, correction)

    def move_aside(self) -> Path:
        """Rename a file that cannot be used, so that a new one can begin; return its new path."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        aside = self.path.with_name(f"{self.path.name}.{stamp}")
        with self._explained():
            # Its journal goes first and with it: a new file must never be mended with it.
            for suffix in ("-wal", "-shm", ""):
                part = self.path.with_name(self.path.name + suffix)
                if part.exists() or not suffix:
                    part.rename(aside.with_name(aside.name + suffix))
        return aside

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction in which nobody else writes; made good at the end, or never begun."""
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect("mode=rwc")) as database:
                # Nothing is altered before it is known to be ours.
                if not self._is_ours(database):
                    # Readers go on while one writes.
                    database.execute("PRAGMA journal_mode = WAL")
                database.execute("BEGIN IMMEDIATE")
                try:
                    if not self._is_ours(database):
                        for statement in _SCHEMA:
                            database.execute(statement)
                    yield database
                except BaseException:
                    database.rollback()
                    raise
                database.commit()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The file, not to be altered; None where there is nothing in it yet."""
        with self._explained():
            if not self.path.exists():
                yield None
                return
            journal = self.path.with_name(f"{self.path.name}-wal")
            # SQLite reads beside a journal, which it cannot make in a folder that is read-only.
            alone = not journal.exists() and not _may_write(self.path.parent)
            with closing(self._connect("immutable=1" if alone else "mode=ro")) as database:
                yield database if self._is_ours(database) else None

    def _connect(self, options: str) -> sqlite3.Connection:
        if self.path.is_dir():
            raise self._error("it is a folder", "Name a file in it")
        address = f"{self.path.absolute().as_uri()}?{options}"
        # Without an isolation level transactions begin and end where this module says so.
        database = sqlite3.connect(address, _PATIENCE, isolation_level=None, uri=True)
        database.row_factory = sqlite3.Row
        return database

    def _is_ours(self, database: sqlite3.Connection) -> bool:
        """False for a file with nothing in it; raises for one that is not to be touched."""
        # One statement: another process may be making the tables at this moment.
        application, version, filled = database.execute(_WHOSE).fetchone()
        if (application, version) == (_APPLICATION, _VERSION):
            return True
        if application == _APPLICATION:
            raise self._error(f"another version wrote it, in layout {version}", "Update this one")
        if application or filled:
            raise self._error("it is another program's", "Leave it where it is")
        return False

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What SQLite and the system complain of, as a `CorrectionsError`."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            for start, problem, remedy in _PROBLEMS:
                if name.startswith(start):
                    raise self._error(f"{problem}: {error}", remedy) from error
            raise self._error(
                f"it is damaged, or no such file: {error}",
                "Move it aside to begin anew",
                DamagedCorrectionsError,
            ) from error
        except OSError as error:
            problem = error.strerror or str(error)
            raise self._error(problem, "Check your rights to it and its folder") from error

    def _error(
        self, problem: str, remedy: str, kind: type[CorrectionsError] = CorrectionsError
    ) -> CorrectionsError:
        return kind(
            f"The file of corrections cannot be used ({problem}). {remedy}, or name another file "
            f"by $MNIST_CORRECTIONS; this one was left as it is. Received: {self.path}"
        )


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _insert(database: sqlite3.Connection, correction: Correction) -> int:
    values = [getattr(correction, name) for name in _COLUMNS]
    values[1] = correction.frame.tobytes()
    places = ", ".join("?" * len(_COLUMNS))
    query = f"INSERT INTO corrections ({', '.join(_COLUMNS)}) VALUES ({places})"
    added = database.execute(query, values).lastrowid
    assert added is not None
    return added


def _relabel(database: sqlite3.Connection, ids: Iterable[int | None], label: int) -> None:
    query = "UPDATE corrections SET label = ? WHERE id IN (SELECT value FROM json_each(?))"
    database.execute(query, (label, json.dumps(list(ids))))


def _delete(database: sqlite3.Connection, ids: Iterable[int | None]) -> None:
    query = "DELETE FROM corrections WHERE id IN (SELECT value FROM json_each(?))"
    database.execute(query, (json.dumps(list(ids)),))


def _by_id(database: sqlite3.Connection, ids: Iterable[int]) -> list[Correction]:
    query = "SELECT * FROM corrections WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    return [_correction(row) for row in database.execute(query, (json.dumps(list(ids)),))]


def _correction(row: sqlite3.Row) -> Correction:
    frame = np.frombuffer(row["frame"], np.uint8).reshape(FRAME_SIZE, FRAME_SIZE)
    return Correction(**{**dict(row), "frame": frame})
