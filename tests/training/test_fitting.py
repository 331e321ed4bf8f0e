"""Fitting a network: killed, resumed, with early stopping."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
from support.processes import run_with_tensorflow
from support.trainings import Fit, fit_few

CHAMPION = {"architecture": "champion", "epochs": 3, "batch_size": 32, "seed": 5}


def fit(folder: Path, **options: object) -> Fit:
    settings = CHAMPION | {key: options.pop(key) for key in ("seed",) if key in options}
    return run_with_tensorflow(fit_few, folder, settings, **options)


@pytest.mark.slow
def test_fit_killed_and_resumed_gives_the_same_weights(tmp_path: Path) -> None:
    whole = fit(tmp_path / "whole")
    assert whole.epochs == ["epoch 1", "epoch 2", "epoch 3"]
    assert {len(values) for values in whole.curves.values()} == {3}
    assert sorted(whole.curves) == ["accuracy", "loss", "val_accuracy", "val_loss"]

    with pytest.raises(BrokenProcessPool):
        fit(tmp_path / "killed", kill_after=2)
    resumed = fit(tmp_path / "killed")
    assert resumed.log[0] == "Resuming after epoch 2"
    assert resumed.epochs == ["epoch 3"]
    assert np.array_equal(resumed.weights, whole.weights)
    assert resumed.curves == whole.curves

    # A complete run computes nothing; one of other settings starts over.
    assert fit(tmp_path / "killed").epochs == []
    assert fit(tmp_path / "killed", seed=6).epochs == ["epoch 1", "epoch 2", "epoch 3"]


def test_fit_stopped_before_the_first_epoch_has_no_curves(tmp_path: Path) -> None:
    settings = {"architecture": "mlp", "epochs": 2, "patience": 1, "batch_size": 64}
    stopped = run_with_tensorflow(fit_few, tmp_path, settings, stop_after=0)
    assert stopped.curves == {}
    assert stopped.epochs == []
