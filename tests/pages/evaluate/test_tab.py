"""The Evaluate tab without a browser: metrics, choices and errors."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from support.apps import run_page

from mnist_core import load_mnist, load_recognizer
from mnist_core.evaluation.assessment import assess
from mnist_core.evaluation.calibration import reliability
from mnist_core.evaluation.comparison import compare
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.disputed_labels import DISPUTED_LABELS
from mnist_core.evaluation.metrics import evaluate_probabilities
from mnist_core.registry.artifacts import load_predictions
from mnist_core.registry.card import PREDICTIONS
from mnist_core.registry.store import load_card
from mnist_core.robustness.measurement import RobustnessJob
from pages.evaluate.mistakes import PAGE, picture, select_images
from pages.evaluate.tab import VIEWS

# Labels are a gallery; the others are measured on request.
WITHOUT_CHARTS = ("Labels", "Robustness", "Break it")
GOOD = (load_mnist().x_test[:30], load_mnist().y_test[:30])


def open_tab(**state: object) -> AppTest:
    """The tab with some choices made."""
    return run_page("train_evaluate", **({"tab": "Evaluate"} | state))


def npz(images: np.ndarray, labels: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, images=images, labels=labels)
    return file.getvalue()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.parametrize("name", ["champion", "cnn", "mlp"])
def test_tiles_match_the_stored_predictions(name: str) -> None:
    app = open_tab(evaluation_models=[name])
    assert not app.exception
    assert not app.error
    card = load_card(name)
    low, high = card.test_interval
    result = evaluate_probabilities(load_predictions(card), mnist_test().labels)
    assert metrics(app) == {
        "Accuracy": f"{card.test_accuracy:.2%}",
        "95% CI": f"{low:.2%} to {high:.2%}",
        "Errors": f"{len(result.errors)} of 10,000",
        "Top-2 accuracy": f"{result.top2_accuracy:.2%}",
        "ECE": f"{reliability(result).ece:.2%}",
    }


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
    app = run_page("train_evaluate", tab="Evaluate", evaluation_data="scikit-learn digits")
    assert not any("disputed" in caption.value for caption in app.caption)


def test_mnist_test_needs_no_inference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "mnist_core.inference.recognizer.Recognizer.__init__", lambda *a: pytest.fail("run")
    )
    assert not open_tab().exception


@pytest.mark.parametrize("view", VIEWS)
def test_view_opens(view: str) -> None:
    app = open_tab(evaluation_view=view)
    assert not app.exception
    assert not app.error
    assert app.get("plotly_chart") or view in WITHOUT_CHARTS


def test_comparison_of_several_models() -> None:
    app = open_tab(evaluation_models=["cnn", "mlp", "champion"])
    assert not app.exception
    table, pairs = app.dataframe[0].value, app.dataframe[1].value
    assert list(table["Model"]) == ["cnn", "mlp", "champion"]
    assert list(table["Accuracy"]) == pytest.approx(
        [100 * load_card(name).test_accuracy for name in table["Model"]]
    )
    assert list(pairs["Models"]) == [
        "cnn vs. mlp", "cnn vs. champion", "mlp vs. champion",
    ]  # fmt: skip
    assert (pairs["95% CI low"] <= pairs["Difference"]).all()
    assert (pairs["Difference"] <= pairs["95% CI high"]).all()
    answers = {
        name: evaluate_probabilities(load_predictions(load_card(name)), mnist_test().labels)
        for name in table["Model"]
    }
    expected = [compare(answers[a], answers[b]).p_value for a, b in combinations(answers, 2)]
    assert list(pairs["McNemar's p"]) == [f"{p:.2g}" for p in expected]


def test_tab_without_a_chosen_model() -> None:
    app = open_tab(evaluation_models=[])
    assert not app.exception
    assert app.info[0].value == "Choose at least one model above."
    assert not app.metric


def test_coverage_slider_shows_coverage_and_accuracy() -> None:
    app = open_tab(evaluation_view="Calibration", evaluation_models=["mlp"])
    card = load_card("mlp")
    result = evaluate_probabilities(load_predictions(card), mnist_test().labels)
    for percent in (0.0, 90.0, 99.5):
        app.slider(key="coverage").set_value(percent).run()
        assert not app.exception
        (text,) = (m.value for m in app.markdown if "Coverage" in m.value)
        accepted = result.confidences >= percent / 100
        assert f"({accepted.sum():,} of 10,000 images)" in text
        assert f"accuracy **{result.correct[accepted].mean():.2%}**" in text


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


@pytest.mark.parametrize("source", ["MNIST validation", "scikit-learn digits"])
def test_other_data_are_classified(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A few images are enough here.
    monkeypatch.setattr("sklearn.datasets.load_digits", small_digits)
    app = open_tab(evaluation_data=source, evaluation_models=["mlp"])
    assert not app.exception
    assert not app.error
    if source == "MNIST validation":
        assert metrics(app)["Accuracy"] == f"{load_card('mlp').validation_accuracy:.2%}"
    assert app.caption


def small_digits() -> object:
    from sklearn.utils import Bunch

    return Bunch(images=np.kron(np.eye(8), [[16.0]])[None].repeat(3, 0), target=np.array([1, 7, 1]))


def test_uploaded_set() -> None:
    app = open_tab(evaluation_data="Uploaded set", evaluation_models=["cnn", "mlp"])
    assert not app.exception
    assert not app.metric
    app.file_uploader[0].set_value(("mine.npz", npz(*GOOD), "application/zip")).run()
    assert not app.exception
    assert not app.error
    assert metrics(app)["Errors"].endswith("of 30")
    app.file_uploader[0].set_value(
        ("one.npz", npz(GOOD[0][:1], GOOD[1][:1]), "application/zip")
    ).run()
    assert not app.exception
    assert metrics(app)["Errors"] == "0 of 1"


@pytest.mark.parametrize("view", [view for view in VIEWS if view not in WITHOUT_CHARTS])
@pytest.mark.parametrize(
    "labels", [[7], [3], [7, 2, 2]], ids=["one image", "one wrong image", "digits missing"]
)
def test_view_opens_on_an_unusual_set(view: str, labels: list[int]) -> None:
    app = open_tab(
        evaluation_data="Uploaded set", evaluation_models=["cnn", "mlp"], evaluation_view=view
    )
    content = npz(GOOD[0][: len(labels)], np.array(labels))
    app.file_uploader[0].set_value(("odd.npz", content, "application/zip")).run()
    assert not app.exception
    assert not app.error
    assert metrics(app)["Errors"].endswith(f"of {len(labels)}")


@pytest.mark.parametrize("view", [view for view in VIEWS if view not in ("Labels", "Break it")])
def test_charts_are_saved_under_different_names(
    view: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = RobustnessJob(load_recognizer("mlp"), 5)
    measured.start()
    monkeypatch.setattr("pages.evaluate.robustness.SAMPLE", 5)
    assert measured.wait(300)
    app = open_tab(
        evaluation_view=view,
        evaluation_models=["mlp"],
        mistakes_chosen=(mnist_test().digest, 247),
        map_image=247,
    )
    assert not app.exception
    charts = app.get("plotly_chart")
    assert charts
    configurations = [json.loads(chart.proto.config) for chart in charts]
    names = [config["toImageButtonOptions"]["filename"] for config in configurations]
    assert len(set(names)) == len(names)
    assert all(config["modeBarButtons"] == [["toImage"]] for config in configurations)


def test_ensemble_names_its_members(models: Path) -> None:
    """The card is an ensemble's; the network is a member's, which does not matter here."""
    shutil.copytree(models / "mlp", models / "duo")
    path = models / "duo" / "card.json"
    card = json.loads(path.read_text())
    card |= {"name": "duo", "architecture": "ensemble"}
    card["configuration"] = {"members": ["mlp", "cnn"], "splits": [[1998, 1 / 12], [7, 1 / 12]]}
    path.write_text(json.dumps(card))
    app = open_tab(evaluation_models=["duo"], evaluation_view="Training curves")
    assert not app.exception
    assert not app.error
    assert "averages mlp and cnn" in app.info[0].value
    assert metrics(app)["Accuracy"] == f"{load_card('mlp').test_accuracy:.2%}"
    app = open_tab(evaluation_models=["duo"], evaluation_data="MNIST validation")
    assert not app.error
    # Only the validation images that both members share.
    assert "MNIST training images that this model was not trained on" in app.caption[0].value
    assert 300 < int(metrics(app)["Errors"].split(" of ")[1]) < 500


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.zip", b""),
        ("text.npz", b"digits"),
        ("none.npz", npz(np.zeros((0, 28, 28)), np.zeros(0, int))),
        ("letters.npz", npz(GOOD[0][:1], np.array(["a"]))),
        ("eleven.npz", npz(GOOD[0][:1], np.array([11]))),
    ],
)
def test_bad_upload_shows_an_error(name: str, content: bytes) -> None:
    app = open_tab(evaluation_data="Uploaded set")
    app.file_uploader[0].set_value((name, content, "application/zip")).run()
    assert not app.exception
    assert "Received" in app.error[0].value
    assert not app.metric


def test_good_and_bad_uploads_alternate() -> None:
    app = open_tab(evaluation_data="Uploaded set", evaluation_models=["mlp"])
    upload = app.file_uploader[0]
    upload.set_value(("bad.npz", b"bad", "application/zip")).run()
    assert app.error
    app.file_uploader[0].set_value(("mine.npz", npz(*GOOD), "application/zip")).run()
    assert not app.error
    assert app.metric
    app.file_uploader[0].set_value(("bad.npz", b"bad", "application/zip")).run()
    assert app.error
    assert not app.metric


def test_damaged_predictions_of_one_model_do_not_hide_the_others(
    models: Path,
) -> None:
    (models / "cnn" / PREDICTIONS).write_bytes(b"damaged")
    app = open_tab(evaluation_models=["cnn", "mlp"])
    assert not app.exception
    assert "'cnn'" in app.error[0].value
    assert metrics(app)["Accuracy"] == f"{load_card('mlp').test_accuracy:.2%}"


def test_removed_model(models: Path) -> None:
    shutil.rmtree(models / "champion")
    app = open_tab(model="champion", evaluation_models=["champion", "mlp"])
    assert not app.exception
    assert metrics(app)["Accuracy"] == f"{load_card('mlp').test_accuracy:.2%}"
    shutil.rmtree(models)
    app.run()
    assert not app.exception
    assert "no model" in app.info[0].value


def test_uploaded_zip_of_one_image() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("7/a.png", cv2.imencode(".png", GOOD[0][0])[1].tobytes())
    app = open_tab(evaluation_data="Uploaded set", evaluation_models=["mlp"])
    app.file_uploader[0].set_value(("mine.zip", file.getvalue(), "application/zip")).run()
    assert not app.exception
    assert metrics(app)["Accuracy"] == "100.00%"
