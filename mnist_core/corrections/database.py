"""The SQLite file of corrections: its layout, its transactions, and its errors in plain words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mnist_core.data import FRAME_SIZE, NOT_A_DIGIT
from mnist_core.errors import CorrectionsError, DamagedCorrectionsError

__all__ = ["Database"]

# SQLite's marks for a program's files ("MNCR"), and for the version of their layout.
_APPLICATION, _VERSION = 0x4D4E4352, 1
# AUTOINCREMENT never reuses an id: a late undo cannot affect another correction.
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
# One statement, as another process may be creating the tables at this moment.
_OWNER = """
    SELECT application_id, user_version, EXISTS (SELECT 1 FROM sqlite_schema)
    FROM pragma_application_id, pragma_user_version
"""
# The beginning of SQLite's name of an error, its meaning, and the remedy.
_PROBLEMS = (
    ("SQLITE_FULL", "the disk is full", "Make room"),
    ("SQLITE_IOERR", "the disk is full or failing", "Make room"),
    ("SQLITE_READONLY", "it is read-only", "Check your rights to it and its folder"),
    ("SQLITE_CANTOPEN", "it cannot be opened", "Check your rights to it and its folder"),
    ("SQLITE_BUSY", "others are writing to it", "Try again in a moment"),
)


class Database:
    """The file of corrections, opened for one transaction at a time (see `CorrectionStore`)."""

    def __init__(self, path: Path, patience: float) -> None:
        self.path = path
        self._patience = patience

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """An exclusive transaction: committed at the end, rolled back if the block raises."""
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect("mode=rwc")) as connection:
                # Another program's file must not be changed, so this comes first.
                if not self._is_ours(connection):
                    # Lets others read during a write.
                    connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                with connection:  # commits, or rolls back
                    if not self._is_ours(connection):
                        for statement in _SCHEMA:
                            connection.execute(statement)
                    yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A read-only connection; None if the file is missing or empty."""
        with self._explained():
            if not self.path.exists():
                yield None
                return
            journal = self.path.with_name(f"{self.path.name}-wal")
            # SQLite needs a journal even to read, and cannot create one in a read-only folder.
            is_immutable = not journal.exists() and not _may_write(self.path.parent)
            options = "immutable=1" if is_immutable else "mode=ro"
            with closing(self._connect(options)) as connection:
                yield connection if self._is_ours(connection) else None

    def move_aside(self) -> Path:
        """Rename the file and its journal; return the file's new path."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        aside = self.path.with_name(f"{self.path.name}.{stamp}")
        with self._explained():
            # The journal goes first: SQLite would apply it to a new file.
            for suffix in ("-wal", "-shm", ""):
                part = self.path.with_name(self.path.name + suffix)
                if part.exists() or not suffix:
                    part.rename(aside.with_name(aside.name + suffix))
        return aside

    def _connect(self, options: str) -> sqlite3.Connection:
        if self.path.is_dir():
            raise self._error("it is a folder", "Name a file in it")
        address = f"{self.path.absolute().as_uri()}?{options}"
        # isolation_level=None: transactions begin and end only where this module says so.
        connection = sqlite3.connect(address, self._patience, isolation_level=None, uri=True)
        connection.row_factory = sqlite3.Row
        return connection

    def _is_ours(self, connection: sqlite3.Connection) -> bool:
        """True for a file of corrections, False for an empty one; others raise an error."""
        application, version, has_tables = connection.execute(_OWNER).fetchone()
        if (application, version) == (_APPLICATION, _VERSION):
            return True
        if application == _APPLICATION:
            raise self._error(f"another version wrote it, in layout {version}", "Update this one")
        if application or has_tables:
            raise self._error("it is another program's", "Leave it where it is")
        return False

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the errors of SQLite and the system into `CorrectionsError`."""
        try:
            yield
        # A damaged schema can be quoted in a message that is not UTF-8.
        except (sqlite3.Error, UnicodeError) as error:
            name = getattr(error, "sqlite_errorname", "")
            for start, problem, remedy in _PROBLEMS:
                if name.startswith(start):
                    raise self._error(f"{problem}: {error}", remedy) from error
            raise self._error(
                f"it is damaged, or not a corrections file: {error}",
                "Move it aside to begin a new one",
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
