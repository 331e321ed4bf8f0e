"""The output "this is a digit", fitted again."""

from __future__ import annotations

import numpy as np
import pytest
from support.processes import run_with_tensorflow

from mnist_core import TrainingError
from mnist_core.data import load_mnist
from mnist_core.training.export import calibrate


def test_fit_digit_score_changes_the_eleventh_output_alone() -> None:
    before, after = run_with_tensorflow(_fit)
    for old, new in zip(before, after, strict=True):
        assert np.array_equal(old[..., :10], new[..., :10])
        assert not np.array_equal(old[..., 10], new[..., 10])


def _fit() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The last layer of a champion before and after, fitted on a few images."""
    import keras

    from mnist_core.storage.paths import BUNDLED_MODELS
    from mnist_core.training import digit_score

    digit_score._STEPS, digit_score._BATCH = 2, 64
    model = keras.saving.load_model(BUNDLED_MODELS / "champion" / "model.keras", compile=False)
    before = model.layers[-1].get_weights()
    digit_score.fit_digit_score(model, load_mnist().training.select(slice(500)), 1)
    return before, model.layers[-1].get_weights()


def test_regression_separates_what_a_feature_tells() -> None:
    before, after = run_with_tensorflow(_regress)
    assert before == pytest.approx(0.5, abs=0.1)
    assert after > 0.95


def _regress() -> tuple[float, float]:
    """The accuracy of useless weights and of the fitted ones."""
    from mnist_core.training.digit_score import _regress

    random = np.random.default_rng(0)
    features = random.normal(size=(1000, 5)).astype(np.float32)
    truths = features[:, 2] > 0.3
    start = np.array([1, 0, 0, 0, 0], np.float32)
    kernel, bias = _regress(features, truths, start, 0.0)
    scores = features @ start, features @ kernel + bias
    first, last = (float(((score > 0) == truths).mean()) for score in scores)
    return first, last


def test_a_network_without_that_output_is_refused() -> None:
    with pytest.raises(TrainingError, match="trained with non-digits"):
        calibrate("mlp", fit_score=True)
