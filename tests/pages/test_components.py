"""Why, the map and robustness, each on a page of its own."""

from __future__ import annotations

import base64
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_core import load_mnist
from mnist_core.registry.card import KERAS, TFLITE
from mnist_core.robustness.corruptions import CORRUPTIONS
from mnist_core.storage.paths import models_directory
from pages.evaluate import embedding_map, robustness

WHY = """
from mnist_core import load_mnist, load_recognizer
from pages.widgets import explain
explain.show(load_recognizer("{name}"), load_mnist().x_test[{image}], "shown")
"""
MAP = """
from mnist_core import load_mnist
from mnist_core.registry.store import load_card
from pages.evaluate import embedding_map
from pages.widgets import model_picker
card = load_card("mlp")
digits = model_picker.load(card).read(load_mnist().x_test[0]) if {drawn} else None
embedding_map.show(card, digits)
"""
ROBUSTNESS = """
from mnist_core.registry.store import load_card
from pages.evaluate import embedding_map, robustness
robustness.show([load_card(name) for name in {names}])
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    st.cache_resource.clear()
    monkeypatch.setenv("MNIST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(embedding_map, "IMAGES", 300)
    return tmp_path


def run(script: str, **values: object) -> AppTest:
    app = AppTest.from_string(script.format(**values), default_timeout=60).run()
    assert not app.exception
    return app


def figures(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def alts(app: AppTest) -> list[str]:
    return [image.proto.imgs[0].alt for image in app.image]


def test_the_answer_and_the_runner_up_have_their_evidence() -> None:
    app = run(WHY, name="cnn", image=4)
    assert not app.error
    texts = [markdown.value for markdown in app.markdown]
    assert texts[0].startswith("**What speaks for 4**")
    assert texts[1].startswith("**What speaks for 9**")
    assert texts[2].startswith("**What would change its mind**")
    assert len(figures(app)) == 2
    (alt,) = alts(app)
    assert "one patch" in alt
    assert load_mnist().y_test[4] == 4


def test_layers_are_shown_when_they_are_asked_for() -> None:
    app = run(WHY, name="mlp", image=0)
    assert len(app.image) == 1
    app.segmented_control[0].set_value("Its layers").run()
    assert not app.exception
    assert [alt.partition(" made")[0] for alt in alts(app)[1:]] == ["What dense 1", "What dense 2"]


def test_a_missing_keras_model_is_explained(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # No process is needed to say that the Keras model is missing.
    shutil.copytree(models_directory() / "cnn", folder / "models" / "cnn")
    (folder / "models" / "cnn" / KERAS).unlink()
    monkeypatch.setenv("MNIST_MODELS", str(folder / "models"))
    app = run(WHY, name="cnn", image=0)
    app.segmented_control[0].set_value("Grad-CAM").run()
    assert not app.exception
    assert "cannot be read" in app.error[0].value
    # The evidence is there all the same.
    assert len(figures(app)) == 2


@pytest.mark.slow
def test_grad_cam_is_shown_when_it_is_asked_for() -> None:
    app = run(WHY, name="cnn", image=0)
    app.segmented_control[0].set_value("Grad-CAM").run(timeout=120)
    assert not app.exception
    assert not app.error
    assert len(figures(app)) == 4


def test_the_map_shows_the_images_and_what_was_drawn() -> None:
    (figure,) = figures(run(MAP, drawn=False))
    names = [trace["name"] for trace in figure["data"]]
    assert names == [*"0123456789", "error"]
    app = run(MAP, drawn=True)
    (figure,) = figures(app)
    assert figure["data"][-1]["name"] == "drawn"
    assert figure["data"][-1]["text"][0].startswith("yours: 7")
    assert "300 MNIST test images" in app.caption[0].value
    app.segmented_control[0].set_value("3-D").run()
    assert not app.exception
    assert {trace["type"] for trace in figures(app)[0]["data"]} == {"scatter3d"}
    app.toggle[0].set_value(True).run()
    assert [trace["name"] for trace in figures(app)[0]["data"]] == ["error", "drawn"]


@pytest.mark.parametrize("axes", ["2-D", "3-D"])
def test_a_test_image_is_looked_at_by_its_number(axes: str) -> None:
    app = run(MAP, drawn=True)
    app.segmented_control[0].set_value(axes).run()
    assert len(figures(app)) == 1
    app.number_input(key="map_image").set_value(18).run()
    assert not app.exception
    figure = figures(app)[0]
    assert [trace["name"] for trace in figure["data"]][-2:] == ["drawn", "looked at"]
    # The ring, the probabilities, and what speaks for the answer and the runner-up.
    assert len(figures(app)) == 4
    assert any("test image 18" in markdown.value for markdown in app.markdown)
    app.number_input(key="map_image").set_value(None).run()
    assert len(figures(app)) == 1


def test_a_click_in_3_d_looks_at_its_image(monkeypatch: pytest.MonkeyPatch) -> None:
    clicked = [5]
    # Only the part of a page that was clicked runs again; here all of it does.
    monkeypatch.setattr(
        "pages.evaluate.clicks_3d.hear", lambda chart, key: next(iter(clicked), None)
    )
    monkeypatch.setattr(st, "rerun", lambda scope: clicked.clear())
    app = run(MAP, drawn=False)
    app.segmented_control[0].set_value("3-D").run()
    app.run()
    assert not app.exception
    assert not clicked
    # The sixth of the images on the map, whatever its number.
    place = figures(app)[0]["data"][-1]
    shown = int(app.number_input(key="map_image").value)
    (x,) = [
        x
        for trace in figures(app)[0]["data"][:-1]
        for x, (point,) in zip(values(trace["x"]), trace["customdata"], strict=True)
        if point == 5
    ]
    assert values(place["x"]) == pytest.approx([x])
    assert any(f"test image {shown}" in markdown.value for markdown in app.markdown)


def values(data: Any) -> list[float]:
    """The numbers of an axis, which Plotly may send packed."""
    if isinstance(data, dict):
        return np.frombuffer(base64.b64decode(data["bdata"]), data["dtype"]).tolist()
    return data


def test_the_digit_on_the_canvas_is_on_the_map() -> None:
    app = AppTest.from_string(MAP.format(drawn=False), default_timeout=60)
    app.session_state["canvas_read"] = load_mnist().x_test[1]
    app.run()
    assert not app.exception
    drawn = figures(app)[0]["data"][-1]
    assert drawn["name"] == "drawn"
    assert drawn["text"][0].startswith("yours: 2")
    app.segmented_control[0].set_value("3-D").run()
    drawn = figures(app)[0]["data"][-1]
    assert (drawn["type"], drawn["name"]) == ("scatter3d", "drawn")
    assert drawn["text"][0].startswith("yours: 2")


def test_a_damaged_model_has_no_map_but_a_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(models_directory() / "mlp", folder / "models" / "mlp")
    (folder / "models" / "mlp" / TFLITE).write_bytes(b"")
    monkeypatch.setenv("MNIST_MODELS", str(folder / "models"))
    script = MAP.replace("model_picker.load(card).read(load_mnist().x_test[0])", "None")
    app = run(script, drawn=False)
    assert "Restore" in app.error[0].value


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robustness, "SAMPLE", 20)


def test_nothing_is_measured_until_someone_asks(few: None) -> None:
    app = run(ROBUSTNESS, names=["mlp"])
    assert not figures(app)
    assert [button.label for button in app.button] == ["Measure"]
    assert len(app.selectbox[0].options) == len(CORRUPTIONS)
    app.selectbox[0].set_value("fog").run()
    assert not app.exception
    assert "fog" in alts(app)[0]


def test_models_are_measured_and_the_next_visitor_finds_it(few: None) -> None:
    app = run(ROBUSTNESS, names=["mlp", "cnn"])
    app.button(key="robustness_start").click().run()
    for _ in range(200):
        assert not app.exception
        assert not app.error
        if not app.button:
            break
        time.sleep(0.2)
        app.run()
    heat_of_mlp, heat_of_cnn, curves = figures(app)
    assert len(heat_of_mlp["data"][0]["y"]) == len(heat_of_cnn["data"][0]["y"]) == 15
    assert len(curves["data"]) == 8
    assert "at MNIST-C's own" in app.markdown[0].value
    # Another process, another visitor: nothing is measured again.
    st.cache_resource.clear()
    again = run(ROBUSTNESS, names=["mlp"])
    assert not again.button
    assert figures(again)[0]["data"][0]["z"] == heat_of_mlp["data"][0]["z"]


def test_a_measurement_can_be_stopped_and_goes_on(few: None) -> None:
    app = run(ROBUSTNESS, names=["cnn"])
    job = robustness._job(*robustness._key(robustness_card("cnn")), 20)
    app.button(key="robustness_start").click().run()
    app.run()
    if job.running:
        app.button(key="robustness_stop").click().run()
    assert job.wait(60)
    app.run()
    assert not app.exception
    if not job.complete:
        assert app.button(key="robustness_start").label in ("Measure", "Go on")
        app.button(key="robustness_start").click().run()
        assert job.wait(120)
    assert job.complete
    assert not np.isnan(job.result.mean)


def robustness_card(name: str) -> Any:
    from mnist_core.registry.store import load_card

    return load_card(name)
