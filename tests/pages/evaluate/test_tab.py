"""The Evaluate tab without a browser: metrics, choices and errors."""

from __future__ import annotations

import json
import shutil
from itertools import combinations
from pathlib import Path

import pytest
from support.evaluate_tab import WITHOUT_CHARTS, metrics, open_tab

from mnist_core import load_recognizer
from mnist_core.evaluation.calibration import reliability
from mnist_core.evaluation.comparison import compare
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.evaluation.metrics import evaluate_probabilities
from mnist_core.registry.artifacts import load_predictions
from mnist_core.registry.card import PREDICTIONS
from mnist_core.registry.store import load_card
from mnist_core.robustness.measurement import RobustnessJob
from pages.evaluate.tab import VIEWS


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
