"""Networks in 8 bits: what changes, and what does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cards import make_card
from support.processes import run_with_tensorflow
from support.quantized_networks import quantize_networks

from mnist_core import Dataset, Recognizer
from mnist_core.explanation.activations import ActivationReader


@pytest.fixture(scope="module")
def out(dataset: Dataset) -> dict[str, Any]:
    return run_with_tensorflow(quantize_networks, dataset.x_train[:40])


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_quantize_keeps_the_answers_in_less_than_half_of_the_file(
    name: str, out: dict[str, Any], dataset: Dataset
) -> None:
    content, expected = out[name]["quantized"], out[name]["logits"]
    assert len(content) < len(out[name]["float"]) / 2
    reader = ActivationReader(content, make_card(name))
    logits = np.stack([reader.layers(frame)[-1].values for frame in dataset.x_train[:40]])
    assert np.abs(logits - expected).max() < 0.1 * expected.std()
    # The logits do not come in 256 steps: the last layer computes in float32.
    assert len(np.unique(logits)) == logits.size
    # Recognizers check the shapes of input and output.
    assert Recognizer(content, make_card(name)).classify(dataset.x_train[:3]).shape == (3, 10)


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_quantize_is_reproducible(name: str, out: dict[str, Any]) -> None:
    assert out[name]["quantized"] == out[name]["again"]


def test_activations_of_a_quantized_network_are_numbers_not_codes(
    out: dict[str, Any], dataset: Dataset
) -> None:
    frame = dataset.x_train[0]
    quantized, plain = (
        ActivationReader(out["cnn"][kind], make_card("cnn")) for kind in ("quantized", "float")
    )
    for one, other in zip(quantized.layers(frame), plain.layers(frame), strict=True):
        assert (one.name, one.window) == (other.name, other.window)
        assert one.values.dtype == np.float32
        assert np.abs(one.values - other.values).max() < 0.1 * np.abs(other.values).max()
    # The first convolution stays float32: with one channel, 8 bits would be slower.
    first = [reader.layers(frame)[0].values for reader in (quantized, plain)]
    assert first[0] == pytest.approx(first[1], abs=1e-5)
    features = quantized.features(dataset.x_train[:3])
    assert features == pytest.approx(plain.features(dataset.x_train[:3]), rel=0.1, abs=0.1)
