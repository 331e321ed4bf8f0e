"""A damaged database is told by name where it is shown, and hides nothing else of its page.

What else can happen to the files: tests/corrections/test_database.py, tests/tuning/test_study.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from support.apps import alts, run_page, run_script, texts
from support.damaged_files import cut_off
from support.frames import make_correction
from support.searches import search

from mnist_core.corrections.label_reviews import LabelReviews
from mnist_core.corrections.store import CorrectionStore
from mnist_core.evaluation.datasets import mnist_test
from pages.widgets.show_errors import plain

TRAIN = "from pages.train import tab; tab.show()"


@pytest.fixture
def damaged(store: CorrectionStore) -> Path:
    """The file of corrections and label reviews, damaged."""
    store.add(*(make_correction(number) for number in range(200)))
    LabelReviews(store.path).save(mnist_test().images[947], 8, "wrong")
    cut_off(store.path)
    return store.path


def errors_about(app: AppTest, path: Path) -> int:
    assert not app.exception
    return sum(plain(str(path)) in error.value for error in app.error)


def test_corrections_on_train(damaged: Path, runs: Path) -> None:
    app = run_script(TRAIN)
    assert errors_about(app, damaged) == 1
    # The rest of the tab works: a training can be started, without corrections.
    assert not app.button(key="train_start").disabled
    assert app.checkbox(key="train_corrections").disabled
    assert app.selectbox(key="shelf").options


def test_corrections_as_data_of_evaluate(damaged: Path) -> None:
    app = run_page("train_evaluate", tab="Evaluate", evaluation_data="My corrections")
    assert errors_about(app, damaged) == 1
    app.selectbox(key="evaluation_data").set_value("MNIST test").run()
    assert errors_about(app, damaged) == 0
    assert "Accuracy" in [metric.label for metric in app.metric]


def test_label_reviews_on_evaluate(damaged: Path) -> None:
    state = {"labels_chosen": (mnist_test().digest, 947)}
    app = run_page("train_evaluate", tab="Evaluate", evaluation_view="Labels", **state)
    assert errors_about(app, damaged) == 1
    # The labels are still ranked and shown.
    assert "of 10,000 labels as probably wrong" in texts(app, "caption")
    assert "Labeled **8**" in texts(app, "markdown")
    assert "Reviewed" not in texts(app, "markdown")
    assert alts(app)


def test_searches_on_train(runs: Path, own_models: Path) -> None:
    search(trials=2)
    database = runs / "searches.sqlite3"
    cut_off(database)
    app = run_script(TRAIN)
    assert not app.error  # nothing is read until a search is chosen
    app.selectbox(key="search").set_value("best").run()
    assert errors_about(app, database) == 1
    assert "best-1" in [row["model"] for row in app.dataframe[-1].value.to_dict("records")]
