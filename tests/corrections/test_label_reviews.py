"""Reviews of labels, in the file of corrections."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mnist_core.corrections.correction import Correction
from mnist_core.corrections.label_reviews import LabelReviews
from mnist_core.corrections.store import CorrectionStore
from mnist_core.errors import CorrectionsError

IMAGES = np.arange(3, dtype=np.uint8)[:, None, None] + np.ones((3, 28, 28), np.uint8)
LABELS = np.array([4, 5, 6])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "corrections.sqlite3"


def test_review_is_found_changed_and_removed(path: Path) -> None:
    reviews = LabelReviews(path)
    assert reviews.find(IMAGES, LABELS) == {}
    reviews.save(IMAGES[1], 5, "wrong")
    reviews.save(IMAGES[2], 6, "unclear")
    assert LabelReviews(path).find(IMAGES, LABELS) == {1: "wrong", 2: "unclear"}
    reviews.save(IMAGES[1], 5, "right")
    reviews.save(IMAGES[2], 6, None)
    assert reviews.find(IMAGES, LABELS) == {1: "right"}
    # It belongs to this image with this label, wherever it is in the set.
    assert reviews.find(IMAGES[::-1], LABELS[::-1]) == {1: "right"}
    assert reviews.find(IMAGES, LABELS + 1) == {}


def test_reviews_and_corrections_share_a_file(path: Path) -> None:
    correction = Correction(frame=IMAGES[0], label=4, source="draw")
    store, reviews = CorrectionStore(path), LabelReviews(path)
    store.add(correction)
    assert reviews.find(IMAGES, LABELS) == {}
    reviews.save(IMAGES[0], 4, "right")
    assert store.counts() == {4: 1}
    assert reviews.find(IMAGES, LABELS) == {0: "right"}


@pytest.mark.parametrize(("label", "review"), [(4, "maybe"), (10, "right"), (-1, "right")])
def test_impossible_review_is_refused(path: Path, label: int, review: str) -> None:
    with pytest.raises(CorrectionsError, match=r"^(label|review) must be"):
        LabelReviews(path).save(IMAGES[0], label, review)
    assert LabelReviews(path).find(IMAGES, LABELS) == {}


def test_foreign_words_are_left_out_and_damage_is_said(path: Path) -> None:
    reviews = LabelReviews(path)
    reviews.save(IMAGES[0], 4, "right")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE label_reviews SET review = 'so-so'")
    assert reviews.find(IMAGES, LABELS) == {}
    path.write_bytes(b"SQLite format 3\0" + b"\1" * 2000)
    with pytest.raises(CorrectionsError, match="damaged"):
        reviews.find(IMAGES, LABELS)


def test_several_threads_review_at_once(path: Path) -> None:
    def save(number: int) -> None:
        LabelReviews(path).save(IMAGES[number % 3], int(LABELS[number % 3]), "unclear")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(save, range(24)))
    assert LabelReviews(path).find(IMAGES, LABELS) == dict.fromkeys(range(3), "unclear")
