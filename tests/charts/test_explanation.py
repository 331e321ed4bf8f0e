"""Images of explanations, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core import Dataset, Recognizer
from mnist_core.charts.explanation import evidence_map, heat_over, layer_tiles, perturbation_image
from mnist_core.explanation.activations import Activation, open_activations
from mnist_core.explanation.occlusion import Perturbation, explain


def test_evidence_map_is_over_the_digit_with_a_common_scale(
    dataset: Dataset, recognizer: Recognizer
) -> None:
    explanation = explain(recognizer.classify, dataset.x_test[4])
    for digit in (explanation.label, explanation.runner_up):
        figure = evidence_map(
            explanation.frame, explanation.evidence[digit], limit=explanation.limit
        )
        under, over = figure.data
        assert (np.array(under.z) == explanation.frame).all()
        assert np.array(over.z) == pytest.approx(explanation.evidence[digit])
        assert (over.zmin, over.zmax) == (-explanation.limit, explanation.limit)
        assert figure.layout.yaxis.autorange == "reversed"
        assert figure.layout.yaxis.scaleanchor == "x"


def test_evidence_map_has_a_diverging_scale_that_is_transparent_at_zero() -> None:
    figure = evidence_map(np.zeros((28, 28), np.uint8), np.zeros((28, 28), np.float32))
    scale = figure.data[1].colorscale
    places, colors = zip(*scale, strict=True)
    assert list(places) == sorted(places)
    assert (places[0], places[-1]) == (0, 1)
    assert [color.rpartition(",")[2] for p, color in scale if p == 0.5] == ["0.00)", "0.00)"]
    assert colors[0].startswith("rgba(230,130,0")
    assert colors[-1].startswith("rgba(86,180,233")
    # No evidence is not an error.
    assert figure.data[1].zmin < 0 < figure.data[1].zmax


def test_heat_over_has_a_scale_from_0_to_1() -> None:
    heat = np.linspace(0, 1, 784, dtype=np.float32).reshape(28, 28)
    _, over = heat_over(np.zeros((28, 28), np.uint8), heat).data
    assert np.array(over.z) == pytest.approx(heat)
    assert (over.zmin, over.zmax) == (0, 1)


@pytest.mark.parametrize("box", [(0, 0, 3, 3), (25, 25, 3, 3), (11, 7, 4, 4)])
def test_perturbation_image_frames_the_patch(box: tuple[int, int, int, int]) -> None:
    frame = np.zeros((28, 28), np.uint8)
    x, y, width, height = box
    frame[y : y + height, x : x + width] = 255
    probabilities = np.full(10, 0.1, np.float32)
    change = Perturbation(kind="inked", box=box, frame=frame, probabilities=probabilities)
    picture = perturbation_image(change, factor=6)
    assert picture.shape == (168, 168, 3)
    colored = picture[..., 0] != picture[..., 2]
    assert colored.any()
    rows, columns = np.nonzero(colored)
    assert abs(rows.min() - 6 * y) <= 6
    assert abs(columns.max() - 6 * (x + width)) <= 6
    # The ink itself remains visible.
    assert (picture[6 * y + 9, 6 * x + 9] == 255).all()


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        ((4, 4, 1), 1, 1),
        ((7, 7, 96), 6, 16),
        ((14, 14, 40), 3, 16),
        ((10,), 1, 10),
        ((128,), 4, 32),
    ],
)
def test_layer_tiles_has_a_tile_for_each_channel(
    shape: tuple[int, ...], rows: int, columns: int
) -> None:
    values = np.random.default_rng(0).random(shape, np.float32)
    picture = layer_tiles(Activation(name="x", values=values))
    assert picture.dtype == np.uint8
    assert picture.shape[1] <= 700
    seen = picture[..., 3] > 0
    starts_across = np.flatnonzero(np.diff(np.r_[0, seen[0].astype(int)]) == 1)
    starts_down = np.flatnonzero(np.diff(np.r_[0, seen[:, 0].astype(int)]) == 1)
    assert (len(starts_down), len(starts_across)) == (rows, columns)
    # The maximum is the brightest, the minimum the darkest.
    brightness = picture[..., :3].sum(axis=-1)[seen]
    assert brightness.max() > 2 * brightness.min()


def test_layer_tiles_accepts_constant_activations() -> None:
    picture = layer_tiles(Activation(name="x", values=np.zeros((3, 3, 5), np.float32)))
    colors = picture[picture[..., 3] > 0]
    assert (colors == colors[0]).all()


def test_layer_tiles_accepts_all_layers_of_a_model(
    dataset: Dataset, recognizer: Recognizer
) -> None:
    for layer in open_activations(recognizer.card).layers(dataset.x_test[0]):
        height, width, _ = layer_tiles(layer).shape
        assert 0 < height < 900
        assert 300 < width < 800
