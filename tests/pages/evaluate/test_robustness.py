"""The Robustness view on a page of its own."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.apps import alts, figures, run_script

from mnist_core.perturbations.attacks import ATTACKS
from mnist_core.perturbations.measurement import EPSILONS, AccuracyCurve, PerturbationJob
from mnist_core.registry.store import load_card
from mnist_core.robustness.corruptions import CORRUPTIONS
from pages.evaluate import robustness


@pytest.fixture(autouse=True)
def _small_sample(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robustness, "SAMPLE", 20)


def open_view(*models: str) -> AppTest:
    return run_script(f"""
from mnist_core.registry.store import load_card
from pages.evaluate import robustness
robustness.show([load_card(name) for name in {models}])
""")


def keys(app: AppTest) -> list[str | None]:
    return [button.key for button in app.button]


def test_measurement_starts_on_request() -> None:
    app = open_view("mlp")
    assert not figures(app)
    assert keys(app) == ["robustness_start", "attacks_start"]
    assert len(app.selectbox[0].options) == len(CORRUPTIONS)
    app.selectbox[0].set_value("fog").run()
    assert not app.exception
    assert "fog" in alts(app)[0]


def test_measurement_is_reused_by_the_next_visitor() -> None:
    app = open_view("mlp", "cnn")
    app.button(key="robustness_start").click().run()
    for _ in range(200):
        assert not app.exception
        assert not app.error
        if keys(app) == ["attacks_start"]:
            break
        time.sleep(0.2)
        app.run()
    mlp_heat_map, cnn_heat_map, curves = figures(app)
    assert len(mlp_heat_map["data"][0]["y"]) == len(cnn_heat_map["data"][0]["y"]) == 15
    assert len(curves["data"]) == 8
    assert "MNIST-C's own severities" in app.markdown[0].value
    # In another process, too.
    st.cache_resource.clear()
    other = open_view("mlp")
    assert keys(other) == ["attacks_start"]
    assert figures(other)[0]["data"][0]["z"] == mlp_heat_map["data"][0]["z"]


def test_measurement_stops_and_resumes() -> None:
    app = open_view("cnn")
    card = load_card("cnn")
    job = robustness._job(card.name, card.digest, 20)
    app.button(key="robustness_start").click().run()
    app.run()
    if job.running:
        app.button(key="robustness_stop").click().run()
    assert job.wait(60)
    app.run()
    assert not app.exception
    if not job.complete:
        assert app.button(key="robustness_start").label in ("Measure", "Resume")
        app.button(key="robustness_start").click().run()
        assert job.wait(120)
    assert job.complete
    assert not np.isnan(job.result.mean)


class MeasuredJob(PerturbationJob):
    """A measurement of the `mlp` that is complete, and of the others that has not begun."""

    @property
    def complete(self) -> bool:
        return self.recognizer.card.name == "mlp"

    @property
    def curves(self) -> dict[str, AccuracyCurve]:
        counts = {"FGSM": (99, 76, 50, 9, 8, 7, 6), "PGD": (99, 70, 40, 5, 4, 3, 2)}
        return {
            row: AccuracyCurve(row=row, levels=EPSILONS, correct=np.array(correct), images=100)
            for row, correct in counts.items()
            if self.complete
        }


def test_robust_accuracy_is_shown_once_it_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robustness, "attack_job", MeasuredJob)
    app = open_view("mlp", "cnn")
    (table,) = [frame.value for frame in app.dataframe]
    assert table["Attack"].tolist() == list(ATTACKS)
    assert table["Images"].tolist() == [100, 100]
    assert table["ε = 0.1"].tolist() == pytest.approx([50, 40])
    assert table["ε = 0.2"].tolist() == pytest.approx([8, 4])
    assert table["ε = 0.3"].tolist() == pytest.approx([6, 2])
    # The other model is not measured.
    assert keys(app) == ["robustness_start", "attacks_start"]


def test_robust_accuracy_says_how_to_install_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_core.networks.packages.find_spec", lambda name: None)
    app = open_view("mlp")
    assert keys(app) == ["robustness_start"]
    assert "pip install" in app.info[0].value
