"""What people say of the labels of images: right, wrong or unclear.

They are kept in the file of corrections, in a table of their own.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_core.corrections.database import Database
from mnist_core.data import CLASSES, FRAME_SIZE
from mnist_core.errors import CorrectionsError, require_choice, require_int
from mnist_core.storage.paths import corrections_path

__all__ = ["REVIEWS", "LabelReviews"]

REVIEWS = ("right", "wrong", "unclear")

_TABLE = f"""
    CREATE TABLE IF NOT EXISTS label_reviews (
        frame BLOB NOT NULL CHECK (length(frame) = {FRAME_SIZE**2}),
        label INTEGER NOT NULL CHECK (label BETWEEN 0 AND {CLASSES - 1}),
        review TEXT NOT NULL,
        created TEXT NOT NULL,
        PRIMARY KEY (frame, label)
    ) STRICT
"""
_EXISTS = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'label_reviews')"


class LabelReviews:
    """The reviews of this machine; safe to use from any thread and process.

    Methods raise `CorrectionsError` as those of `CorrectionStore` do.

    Args:
        path: the file of corrections; None takes `corrections_path()`.
        patience: how long to wait for other writers, s.
    """

    def __init__(self, path: Path | None = None, *, patience: float = 20.0) -> None:
        self._database = Database(path or corrections_path(), patience)

    def save(self, frame: NDArray[np.uint8], label: int, review: str | None) -> None:
        """Store the review of an image's label instead of an earlier one; None removes it.

        Args:
            frame: (28, 28) uint8.
            label: 0 to 9.
            review: one of `REVIEWS`.
        """
        require_int("label", label, 0, CLASSES - 1, error=CorrectionsError)
        key = (np.ascontiguousarray(frame).tobytes(), label)
        if review is not None:
            require_choice("review", review, REVIEWS, error=CorrectionsError)
        with self._database.writing() as connection:
            connection.execute(_TABLE)
            connection.execute("DELETE FROM label_reviews WHERE frame = ? AND label = ?", key)
            if review is not None:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                connection.execute(
                    "INSERT INTO label_reviews VALUES (?, ?, ?, ?)", (*key, review, now)
                )

    def find(self, images: NDArray[np.uint8], labels: NDArray[np.integer]) -> dict[int, str]:
        """The reviews of these labels, by the index of the image.

        Args:
            images: (n, 28, 28) uint8.
            labels: (n,) digits.
        """
        reviews = self._all()
        if not reviews:
            return {}
        found = {}
        for index, (frame, label) in enumerate(zip(images, labels, strict=True)):
            review = reviews.get((frame.tobytes(), int(label)))
            if review is not None:
                found[index] = review
        return found

    def _all(self) -> dict[tuple[bytes, int], str]:
        with self._database.reading() as connection:
            if connection is None or not connection.execute(_EXISTS).fetchone()[0]:
                return {}
            rows: list[sqlite3.Row] = connection.execute(
                "SELECT frame, label, review FROM label_reviews"
            ).fetchall()
        # Another program may have written another word.
        return {(row[0], row[1]): row[2] for row in rows if row[2] in REVIEWS}
