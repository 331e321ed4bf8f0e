"""The Break it view on a page of its own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from support.apps import figures, press, run_script, texts

from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.registry.card import KERAS
from pages.evaluate import break_it

VIEW = """
import streamlit as st
from mnist_core import load_recognizer
from mnist_core.evaluation.assessment import assess
from mnist_core.evaluation.datasets import mnist_test
from pages.evaluate import break_it
recognizer = load_recognizer("mlp")
break_it.show(assess(recognizer.card, mnist_test(), lambda: recognizer))
"""

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(autouse=True)
def _small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(break_it, "SAMPLES", (20, 40))
    monkeypatch.setattr(break_it, "SAMPLE", 20)


def wait_for(app: AppTest) -> AppTest:
    """Rerun until the measurement has ended; loading Keras takes a minute on a busy machine."""
    for _ in range(600):
        time.sleep(0.2)
        app.run()
        assert not app.exception
        assert not app.error
        if not app.button:
            return app
    raise AssertionError("The measurement did not end.")


def test_measurement_starts_on_request_and_shows_four_charts(process: KerasProcess) -> None:
    app = run_script(VIEW)
    assert not figures(app)
    assert "20 of 10,000 images" in texts(app, "caption")
    wait_for(press(app, "break_start"))
    attacks, noise, bits, off = figures(app)
    assert [trace["name"] for trace in attacks["data"]] == ["FGSM", "PGD"]
    assert len(noise["data"]) == len(bits["data"]) == 1
    assert off["data"][0]["y"] == ["dense 1", "dense 2"]
    shown = texts(app, "caption")
    assert "Of 20 images, 100.0% are read correctly without an attack" in shown.replace("\\", "")
    # Twice as many images are another measurement.
    app.segmented_control[0].set_value(40).run()
    assert not app.exception
    assert app.button[0].label == "Measure"


def test_view_says_how_to_install_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_core.networks.packages.find_spec", lambda name: None)
    app = run_script(VIEW)
    assert not app.button
    assert "pip install" in app.info[0].value


@pytest.mark.usefixtures("models")
def test_model_without_its_keras_file_says_so() -> None:
    # The copy has no Keras files.
    app = press(run_script(VIEW), "break_start")
    for _ in range(100):
        time.sleep(0.1)
        app.run()
        if app.error:
            break
    assert KERAS in app.error[0].value
    assert "cannot be read" in app.error[0].value


def test_cache_is_used_by_the_next_visitor(cache: Path, process: KerasProcess) -> None:
    wait_for(press(run_script(VIEW), "break_start"))
    assert len(list(cache.glob("perturbed-*.npz"))) == 5
    break_it._job.clear()
    assert len(figures(run_script(VIEW))) == 4
