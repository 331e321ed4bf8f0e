"""The embedding map on a page of its own."""

from __future__ import annotations

import base64
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from support.apps import figures, run_script

from mnist_core import load_mnist, load_recognizer
from mnist_core.explanation.activations import open_activations
from mnist_core.explanation.embedding_map import build_embedding_map
from mnist_core.registry.card import TFLITE
from pages.evaluate import embedding_map

MAP = """
from mnist_core.registry.store import load_card
from pages.evaluate import embedding_map
embedding_map.show(load_card("mlp"))
"""
DRAWN = """
from mnist_core import load_mnist, load_recognizer
from mnist_core.registry.store import load_card
from pages.evaluate import embedding_map
embedding_map.show(load_card("mlp"), load_recognizer("mlp").read(load_mnist().x_test[0]))
"""


@pytest.fixture(autouse=True)
def _small_map(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_map, "IMAGES", 300)


def test_map_shows_test_images_and_drawn_digits() -> None:
    (figure,) = figures(run_script(MAP))
    assert [trace["name"] for trace in figure["data"]] == [*"0123456789", "error"]
    app = run_script(DRAWN)
    (figure,) = figures(app)
    assert figure["data"][-1]["name"] == "drawn"
    assert figure["data"][-1]["text"][0].startswith("yours: 7")
    assert "300 MNIST test images" in app.caption[1].value
    app.segmented_control[0].set_value("3-D").run()
    assert not app.exception
    assert {trace["type"] for trace in figures(app)[0]["data"]} == {"scatter3d"}
    app.toggle[0].set_value(True).run()
    assert [trace["name"] for trace in figures(app)[0]["data"]] == ["error", "drawn"]


@pytest.mark.parametrize("axes", ["2-D", "3-D"])
def test_test_image_is_selected_by_its_number(axes: str) -> None:
    app = run_script(DRAWN)
    app.segmented_control[0].set_value(axes).run()
    assert len(figures(app)) == 1
    app.number_input(key="map_image").set_value(18).run()
    assert not app.exception
    figure = figures(app)[0]
    assert [trace["name"] for trace in figure["data"]][-2:] == ["drawn", "selected"]
    # The map, the probabilities, and the evidence for the two most probable digits.
    assert len(figures(app)) == 4
    assert any("test image 18" in markdown.value for markdown in app.markdown)
    app.number_input(key="map_image").set_value(None).run()
    assert len(figures(app)) == 1


def test_click_in_3d_selects_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    clicked = [5]
    # In the browser only the fragment reruns; here the whole page does.
    monkeypatch.setattr(
        "pages.evaluate.clicks_3d.clicked_point", lambda chart, key: next(iter(clicked), None)
    )
    monkeypatch.setattr(st, "rerun", lambda scope: clicked.clear())
    app = run_script(MAP)
    app.segmented_control[0].set_value("3-D").run()
    app.run()
    assert not app.exception
    assert not clicked
    # The sixth image on the map, not test image 5.
    *digits, selected = figures(app)[0]["data"]
    (x,) = [
        x
        for trace in digits
        for x, (point,) in zip(values(trace["x"]), trace["customdata"], strict=True)
        if point == 5
    ]
    assert values(selected["x"]) == pytest.approx([x])
    image = int(app.number_input(key="map_image").value)
    assert any(f"test image {image}" in markdown.value for markdown in app.markdown)


def test_selected_images_have_a_grid_their_labels_and_accuracy() -> None:
    places = list(range(0, 300, 3))
    key = "map_mlp_2-D_False_Box"
    app = run_script(MAP, map_drag="Box", map_selected=(key, places))
    assert figures(app)[0]["layout"]["dragmode"] == "select"
    assert [header.value for header in app.subheader] == ["100 images selected"]
    (text,) = [markdown.value for markdown in app.markdown if "Labels:" in markdown.value]
    counts = {int(label): int(number) for number, label in re.findall(r"(\d+) × (\d)", text)}
    labels = load_mnist().y_test[map_indices()[places]]
    assert counts == dict(Counter(labels.tolist()))
    # Another map has other places.
    app.segmented_control(key="map_drag").set_value("Lasso").run()
    assert not app.exception
    assert not app.subheader
    app.segmented_control(key="map_axes").set_value("3-D").run()
    assert not app.exception
    assert app.segmented_control(key="map_drag").disabled


def test_chosen_image_has_its_neighbors() -> None:
    image = int(map_indices()[4])
    app = run_script(MAP, map_image=image)
    assert [header.value for header in app.subheader] == ["Neighbors on the map"]
    (text,) = [m.value for m in app.markdown if "most similar of the map's images" in m.value]
    counts = {int(label): int(number) for number, label in re.findall(r"(\d+) × (\d)", text)}
    assert sum(counts.values()) == 12
    assert max(counts, key=counts.__getitem__) == load_mnist().y_test[image]


def map_indices() -> np.ndarray:
    """The test images of a map with 300."""
    recognizer = load_recognizer("mlp")
    return build_embedding_map(recognizer, open_activations(recognizer.card), 300).indices


def values(data: Any) -> list[float]:
    """The numbers of an axis, which Plotly may encode."""
    if isinstance(data, dict):
        return np.frombuffer(base64.b64decode(data["bdata"]), data["dtype"]).tolist()
    return data


def test_digit_on_the_canvas_is_on_the_map() -> None:
    app = run_script(MAP, canvas_read=load_mnist().x_test[1])
    drawn = figures(app)[0]["data"][-1]
    assert drawn["name"] == "drawn"
    assert drawn["text"][0].startswith("yours: 2")
    app.segmented_control[0].set_value("3-D").run()
    drawn = figures(app)[0]["data"][-1]
    assert (drawn["type"], drawn["name"]) == ("scatter3d", "drawn")
    assert drawn["text"][0].startswith("yours: 2")


def test_damaged_model_shows_an_error(models: Path) -> None:
    (models / "mlp" / TFLITE).write_bytes(b"")
    assert "Restore" in run_script(MAP).error[0].value
