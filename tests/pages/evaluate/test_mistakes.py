"""The confusion matrix of the Evaluate tab, the images of its cells, and one image in detail."""

from __future__ import annotations

import pytest
from support.evaluate_tab import open_tab

from mnist_core.evaluation.assessment import assess
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.disputed_labels import DISPUTED_LABELS
from mnist_core.evaluation.metrics import evaluate_probabilities
from mnist_core.registry.artifacts import load_predictions
from mnist_core.registry.store import load_card
from pages.evaluate.mistakes import PAGE, picture, select_images


def test_disputed_labels_are_marked_and_both_accuracies_are_shown() -> None:
    data = mnist_test()
    app = open_tab(evaluation_models=["cnn"], mistakes_chosen=(data.digest, 947))
    assert not app.exception
    captions = [caption.value for caption in app.caption]
    result = assess(load_card("cnn"), data, lambda: pytest.fail("run"))
    assert result.corrected is not None
    assert any(f"corrected labels: **{result.corrected.accuracy:.2%}**" in c for c in captions)
    assert str(DISPUTED_LABELS[947]) in captions
    marked, plain = picture(result, 947), picture(result, 948)
    assert marked.caption.startswith("8? → ")
    assert "0 chose 8, 5 chose 9" in marked.alt
    assert "?" not in plain.caption
    assert "Disputed" not in plain.alt
    app = open_tab(evaluation_data="scikit-learn digits")
    assert not any("disputed" in caption.value for caption in app.caption)


def test_confusion_matrix_cell_without_images() -> None:
    app = open_tab(mistakes_truth="4", mistakes_answer="0")
    assert not app.exception
    assert any("0 images of 4 predicted as 0" in m.value for m in app.markdown)


def test_select_boxes_choose_a_cell() -> None:
    app = open_tab(evaluation_models=["mlp"])
    result = evaluate_probabilities(load_predictions(load_card("mlp")), mnist_test().labels)
    for truth, answer, title in (
        ("any", "any", f"{len(result.errors)} errors, worst first"),
        ("4", "9", f"{result.confusion[4, 9]} images of 4 predicted as 9"),
        ("4", "4", f"{result.confusion[4, 4]} images of 4 predicted as 4"),
        ("any", "9", f"{result.confusion[:9, 9].sum()} errors predicted as 9"),
        ("4", "any", f"{982 - result.confusion[4, 4]} errors on 4"),
    ):
        app.selectbox(key="mistakes_truth").set_value(truth)
        app.selectbox(key="mistakes_answer").set_value(answer).run()
        assert not app.exception
        assert any(m.value.startswith(f"**{title}") for m in app.markdown), title
        indices = select_images(result, truth, answer)
        if truth != "any":
            assert (result.labels[indices] == int(truth)).all()
        assert any(b.key == "more" for b in app.button) is (len(indices) > PAGE)


def test_image_details() -> None:
    app = open_tab(evaluation_models=["mlp"])
    result = evaluate_probabilities(load_predictions(load_card("mlp")), mnist_test().labels)
    worst = int(result.errors[0])
    app.session_state["mistakes_chosen"] = (mnist_test().digest, worst)
    app.run()
    assert not app.exception
    truth, answer = result.labels[worst], result.predicted[worst]
    assert any(m.value.startswith(f"**{truth}**, predicted as **{answer}**") for m in app.markdown)
    # The matrix, the probabilities, and the evidence for the two most probable digits.
    assert len(app.get("plotly_chart")) == 4
    # The image stays selected for another model, but not for other data.
    app.multiselect[0].set_value(["champion"]).run()
    assert any(m.value.startswith(f"**{truth}**, predicted as") for m in app.markdown)
    app.session_state["mistakes_chosen"] = ("another digest", worst)
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
