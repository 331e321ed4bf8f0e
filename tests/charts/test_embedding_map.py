"""The embedding map, by its numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_core.charts.embedding_map import braille, map_figure
from mnist_core.explanation.embedding_map import EmbeddingMap

COUNT = 40


@pytest.fixture
def embedding() -> EmbeddingMap:
    """A random map."""
    rng = np.random.default_rng(1)
    labels = np.arange(COUNT) % 10
    predicted = labels.copy()
    predicted[[3, 8, 30]] = 5
    return EmbeddingMap(
        indices=np.arange(COUNT),
        labels=labels,
        predicted=predicted,
        confidence=rng.random(COUNT, np.float32),
        positions=rng.standard_normal((COUNT, 3)).astype(np.float32),
        explained_variance=np.array([0.5, 0.2, 0.1], np.float32),
        mean=np.zeros(4, np.float32),
        components=np.eye(3, 4, dtype=np.float32),
    )


def pixels_of(text: str) -> np.ndarray:
    """The dots of braille characters: (28, 28) bool."""
    bits = ((0, 3), (1, 4), (2, 5), (6, 7))
    rows = text.split("<br>")
    shown = np.zeros((28, 28), bool)
    for r, row in enumerate(rows):
        for c, character in enumerate(row):
            code = ord(character) - 0x2800
            for y in range(4):
                for x in range(2):
                    shown[4 * r + y, 2 * c + x] = code >> bits[y][x] & 1
    return shown


@given(arrays(np.uint8, (28, 28), elements=st.sampled_from([0, 95, 96, 255])))
def test_braille_has_a_dot_for_every_pixel_of_ink(frame: np.ndarray) -> None:
    text = braille(frame)
    assert [len(row) for row in text.split("<br>")] == [14] * 7
    assert (pixels_of(text) == (frame >= 96)).all()


@pytest.mark.parametrize("axes", [2, 3])
def test_map_figure_has_a_point_for_every_image(embedding: EmbeddingMap, axes: int) -> None:
    figure = map_figure(embedding, axes=axes)
    names = [trace.name for trace in figure.data]
    assert names == [*map(str, range(10)), "error"]
    shown: list[int] = []
    for trace in figure.data:
        indices = np.array(trace.customdata)[:, 0]
        shown += indices.tolist()
        coordinates = [trace.x, trace.y] if axes == 2 else [trace.x, trace.y, trace.z]
        for axis, values in enumerate(coordinates):
            assert values == pytest.approx(embedding.positions[indices, axis])
        if trace.name == "error":
            assert set(indices) == {3, 8, 30}
            assert trace.marker.symbol == ("x" if axes == 2 else "cross")
            assert "predicted 5" in trace.text[0]
        else:
            assert (embedding.labels[indices] == int(trace.name)).all()
        picture, digits, number = trace.text[0].rsplit("<br>", 2)
        shown_image = pixels_of(picture)
        assert digits.startswith(f"true {embedding.labels[indices[0]]}")
        assert number == f"test image {embedding.indices[indices[0]]}"
        assert (shown_image == (embedding.frames[indices[0]] >= 96)).all()
    assert sorted(shown) == list(range(COUNT))
    labels = figure.layout.annotations if axes == 2 else figure.layout.scene.annotations
    assert [label.text for label in labels] == [f"<b>{digit}</b>" for digit in range(10)]


@pytest.mark.parametrize("axes", [2, 3])
def test_map_figure_highlights_drawings(embedding: EmbeddingMap, axes: int) -> None:
    drawn = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    trace = map_figure(embedding, axes=axes, drawn=drawn, drawn_names=["a 4", "a 7"]).data[-1]
    assert trace.name == "drawn"
    assert list(trace.x) == [1, 4]
    assert list(trace.text) == ["a 4", "a 7"]
    assert trace.marker.size > map_figure(embedding, axes=axes).data[0].marker.size
    assert trace.customdata is None


def test_map_figure_shows_errors_only(embedding: EmbeddingMap) -> None:
    (trace,) = map_figure(embedding, errors_only=True, drawn=np.zeros((0, 3), np.float32)).data
    assert len(trace.x) == 3


@pytest.mark.parametrize("axes", [2, 3])
def test_map_figure_marks_the_selected_image(embedding: EmbeddingMap, axes: int) -> None:
    place = np.array([1, 2, 3], np.float32)
    trace = map_figure(embedding, axes=axes, selected=place).data[-1]
    assert trace.marker.symbol == "circle-open"
    coordinates = [trace.x, trace.y] if axes == 2 else [trace.x, trace.y, trace.z]
    assert [list(values) for values in coordinates] == [[1], [2], [3]][:axes]
    # Hovering and clicking reach the point below the ring.
    assert trace.hoverinfo == "skip"
