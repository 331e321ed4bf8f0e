"""The training form has the weights of the saved network and trains branch by branch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.keras_networks import measure_training_forms
from support.processes import run_with_tensorflow


@pytest.fixture(scope="module")
def out() -> dict[str, Any]:
    return run_with_tensorflow(measure_training_forms)


@pytest.mark.parametrize(
    ("name", "normalizations", "branches", "outputs"),
    [
        ("mlp", 0, [], 10),
        ("cnn", 4, [], 10),
        ("champion", 12, ["windows_3x3", "windows_5x5", "windows_7x7"], 11),
    ],
)
def test_training_form_is_the_same_network(
    out: dict[str, Any], name: str, normalizations: int, branches: list[str], outputs: int
) -> None:
    network = out[name]
    assert network["difference"] < 1e-5
    assert network["same names"]
    assert network["normalizations"] == network["fused"] == normalizations
    assert network["branches"] == branches
    assert network["inference shape"] == (6, outputs)
    assert network["training shape"] == ((6, len(branches), outputs) if branches else (6, outputs))


def test_training_form_without_normalizations_is_the_network_itself(out: dict[str, Any]) -> None:
    assert out["mlp is unchanged"]


def test_branches_learn_from_their_own_loss_and_shared_layers_from_all(out: dict[str, Any]) -> None:
    assert np.array_equal(out["branch learns from loss"], np.eye(3, dtype=bool))
    assert min(out["shared gradients"]) > 0


def test_branches_are_averaged_in_loss_logits_and_accuracy(out: dict[str, Any]) -> None:
    assert out["loss"] == pytest.approx(np.mean(out["losses of branches"]), rel=1e-5)
    assert out["mean of branches"] == pytest.approx(0, abs=1e-5)
    accuracy, expected = out["accuracy"]
    assert accuracy == pytest.approx(expected)


def test_branchwise_dense_is_restored_from_its_config(out: dict[str, Any]) -> None:
    assert out["widths"] == (512, 512, 384)


def test_branches_of_an_ensemble_are_refused(out: dict[str, Any]) -> None:
    assert "Choose one of its members. Received: 'several'" in out["ensemble"]
