"""The mean of a trained network and the one that its training began with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.processes import run_with_tensorflow

from mnist_core.errors import TrainingError
from mnist_core.registry.card import KERAS
from mnist_core.training.config import TrainingConfig

INITIAL = Path(__file__).resolve().parents[2] / "models" / "mlp" / KERAS


def mix_weights(shares: list[float]) -> list[np.ndarray]:
    """The first kernel of the initial network, of a new one, and of their mixtures."""
    import keras

    from mnist_core.networks.architectures import get_architecture
    from mnist_core.training.weight_averaging import mix

    keras.utils.set_random_seed(1)
    models = [get_architecture("mlp").build() for _ in range(2)]
    models[0].load_weights(INITIAL)
    kernels = [model.get_weights()[0] for model in models]
    new = models[1].get_weights()
    for share in shares:
        models[1].set_weights(new)
        mix(models[1], INITIAL, share)
        kernels.append(models[1].get_weights()[0])
    return kernels


def test_mix_is_the_mean_of_both_networks() -> None:
    initial, new, none, quarter, all_ = run_with_tensorflow(mix_weights, [0.0, 0.25, 1.0])
    assert not np.allclose(initial, new)
    assert np.array_equal(none, new)
    assert np.array_equal(all_, initial)
    assert quarter == pytest.approx(0.25 * initial + 0.75 * new, abs=1e-6)


def test_share_needs_an_initial_model() -> None:
    with pytest.raises(TrainingError, match="initial_share"):
        TrainingConfig(initial_share=0.5)
    with pytest.raises(TrainingError, match="The setting 'initial_share'"):
        TrainingConfig(initial_model="mlp", initial_share=1.5)
