"""When a training ends."""

from __future__ import annotations

import pytest

from mnist_core import TrainingConfig
from mnist_core.training.early_stopping import best_epoch, finished


def curves(*val_losses: float, accuracy: float = 0.5) -> dict[str, list[float]]:
    count = len(val_losses)
    return {
        "loss": [1.0] * count,
        "accuracy": [accuracy] * count,
        "val_loss": list(val_losses),
        "val_accuracy": [0.5] * count,
    }


@pytest.mark.parametrize(
    ("losses", "best"), [((), 0), ((1.0,), 1), ((3.0, 1.0, 2.0), 2), ((1.0, 1.0), 1)]
)
def test_best_epoch_has_the_lowest_validation_loss(losses: tuple[float, ...], best: int) -> None:
    assert best_epoch(curves(*losses)) == best


@pytest.mark.parametrize(
    ("settings", "so_far", "ends"),
    [
        ({}, {}, False),
        ({"epochs": 1}, {}, False),
        ({"epochs": 2}, curves(1.0), False),
        ({"epochs": 2}, curves(1.0, 1.0), True),
        ({"target_accuracy": 0.5}, curves(1.0), True),
        ({"target_accuracy": 0.6}, curves(1.0), False),
        ({"target_accuracy": 0}, {}, False),
        ({"patience": 2}, curves(1.0, 2.0), False),
        ({"patience": 2}, curves(1.0, 2.0, 1.5), True),
        ({"patience": 2}, curves(1.0, 2.0, 0.5, 0.6), False),
    ],
)
def test_finished(settings: dict[str, object], so_far: dict[str, list[float]], ends: bool) -> None:
    config = TrainingConfig(architecture="cnn", **settings)  # type: ignore[arg-type]
    assert finished(config.resolved(), so_far) is ends
