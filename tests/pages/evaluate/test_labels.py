"""The Labels view of the Evaluate tab."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from support.apps import button_group
from support.evaluate_tab import open_tab

from mnist_core.corrections.label_reviews import LabelReviews
from mnist_core.corrections.store import CorrectionStore
from mnist_core.errors import CorrectionsError
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.disputed_labels import DISPUTED_LABELS
from mnist_core.registry.store import load_card
from pages.widgets import rights


def open_view(*models: str, image: int | None = None) -> AppTest:
    state = {} if image is None else {"labels_chosen": (mnist_test().digest, image)}
    return open_tab(evaluation_view="Labels", evaluation_models=list(models), **state)


def text(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption))


def test_view_explains_the_ranking() -> None:
    assert "Choose several models" in text(open_view("cnn"))
    several = text(open_view("cnn", "mlp"))
    assert "The 2 chosen models judge together" in several
    assert "of 10,000 labels as probably wrong" in several


def test_review_is_stored_and_changes_the_accuracy(store: CorrectionStore) -> None:
    app = open_view("cnn", image=947)
    assert "Labeled **8**" in text(app)
    assert str(DISPUTED_LABELS[947]) in text(app)
    assert "Reviewed" not in text(app)
    data, reviews = mnist_test(), LabelReviews(store.path)
    button_group(app, "Is 8 the right label?").set_value("wrong")
    app.run()
    assert not app.exception
    assert reviews.find(data.images, data.labels) == {947: "wrong"}
    accuracy = load_card("cnn").test_accuracy
    correct = round(accuracy * 10_000)
    assert "Reviewed: 0 right, 1 wrong, 0 unclear." in text(app)
    assert f"**{accuracy:.2%}** with all labels" in text(app)
    assert f"**{correct / 9_999:.2%}** without the 1 wrong or unclear" in text(app)
    # Another visitor sees it; pressing it again takes it back.
    other = open_view("cnn", image=947)
    assert button_group(other, "Is 8 the right label?").value == "wrong"
    button_group(other, "Is 8 the right label?").set_value(None)
    other.run()
    assert not other.exception
    assert reviews.find(data.images, data.labels) == {}


def test_right_label_stays_in_the_accuracy(store: CorrectionStore) -> None:
    data = mnist_test()
    LabelReviews(store.path).save(data.images[0], 7, "right")
    app = open_view("mlp")
    assert "Reviewed: 1 right, 0 wrong, 0 unclear." in text(app)
    assert "with all labels" not in text(app)


def test_unusable_file_of_corrections_is_explained(store: CorrectionStore) -> None:
    store.path.write_bytes(b"no database")
    app = open_view("mlp")
    assert not app.exception
    assert any("file of corrections" in error.value for error in app.error)


def test_review_that_cannot_be_stored_is_explained(
    store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_view("mlp", image=3)
    monkeypatch.setattr(LabelReviews, "save", fail)
    button_group(app, "Is 0 the right label?").set_value("wrong")
    app.run()
    assert not app.exception
    assert [error.value for error in app.error] == ["The disk is full."]


def fail(*arguments: object) -> None:
    raise CorrectionsError("The disk is full.")


def test_visitor_who_may_not_correct_cannot_review(
    store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rights, "refusal", lambda action: "Correcting is off here.")
    group = button_group(open_view("mlp", image=3), "Is 0 the right label?")
    assert group.proto.disabled
    assert group.help == "Correcting is off here."
