"""Grad-CAM."""

from __future__ import annotations

import numpy as np
import pytest
from support.keras_grad_cam import measure_receptive_fields, measure_sum_of_branches
from support.processes import run_with_tensorflow

from mnist_core import Dataset, InvalidImageError, MnistError
from mnist_core.explanation.grad_cam import grad_cam
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.registry.store import load_card


def test_map_is_hottest_on_the_digit(process: KerasProcess, dataset: Dataset) -> None:
    frame = dataset.x_test[0]
    heat = grad_cam(process, load_card("champion"), frame, 7)
    assert (heat.shape, heat.dtype) == ((28, 28), np.float32)
    assert heat.min() >= 0
    assert heat.max() == pytest.approx(1)
    # It has six by six pixels only, but is hotter on the ink than elsewhere.
    assert heat[frame > 128].mean() > heat[frame == 0].mean()
    other = grad_cam(process, load_card("champion"), frame, 2)
    assert np.abs(other - heat).max() > 0.2
    again = grad_cam(process, load_card("champion"), frame, 7)
    assert (again == heat).all()
    blank = grad_cam(process, load_card("cnn"), np.zeros((28, 28), np.uint8), 1)
    assert np.isfinite(blank).all()


def test_heat_map_pixels_are_placed_in_the_center_of_their_receptive_fields() -> None:
    fields = run_with_tensorflow(measure_receptive_fields)
    assert [(field.network, field.side) for field in fields] == [
        ("cnn", 6),
        ("champion", 6),
        ("champion", 8),
        ("champion", 6),
    ]
    for field in fields:
        # A gradient that happens to be 0 removes a pixel at the border.
        assert field.computed == pytest.approx(field.measured, abs=1)


def test_branches_add_up_to_the_logits() -> None:
    assert run_with_tensorflow(measure_sum_of_branches) < 1e-4


def test_map_of_a_network_without_convolutions_is_refused_and_the_process_survives(
    process: KerasProcess, dataset: Dataset
) -> None:
    with pytest.raises(MnistError, match="needs a network with convolutions"):
        grad_cam(process, load_card("mlp"), dataset.x_test[0], 7)
    assert grad_cam(process, load_card("cnn"), dataset.x_test[0], 7).max() == pytest.approx(1)


@pytest.mark.parametrize("shape", [(28, 27), (1, 28, 28)])
def test_map_refuses_other_shapes_without_a_process(shape: tuple[int, ...]) -> None:
    process = KerasProcess()
    with pytest.raises(InvalidImageError):
        grad_cam(process, load_card("cnn"), np.zeros(shape, np.uint8), 1)
    assert process._process is None
