"""The fused batch normalization computes what Keras's does."""

from __future__ import annotations

from typing import Any

import pytest
from support.keras_networks import compare_fused_normalization
from support.processes import run_with_tensorflow


@pytest.fixture(scope="module")
def out() -> dict[str, Any]:
    return run_with_tensorflow(compare_fused_normalization)


def test_outputs_gradients_and_moving_statistics_equal_those_of_keras(out: dict[str, Any]) -> None:
    assert out["fused layers"] == 4
    assert out["difference"] < 1e-4
    assert all(out["same names"])


def test_frozen_layers_normalize_by_moving_statistics(out: dict[str, Any]) -> None:
    assert out["frozen output difference"] == 0
    assert out["frozen weights difference"] == 0


def test_mixed_precision_keeps_layers_without_a_fast_kernel_in_float32(out: dict[str, Any]) -> None:
    # Normalizations of 24 and of 32 channels.
    assert out["compute dtypes"] == ["float32", "bfloat16"]
    assert out["logits dtype"] == "float32"
    assert out["policy"] == "float32"
