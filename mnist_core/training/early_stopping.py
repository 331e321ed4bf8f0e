"""When a training has come to its end."""

from __future__ import annotations

from collections.abc import Mapping

from mnist_core.training.config import TrainingConfig

__all__ = ["Curves", "best_epoch", "finished"]

# By epoch: "loss", "accuracy", "val_loss" and "val_accuracy".
Curves = dict[str, list[float]]


def best_epoch(curves: Mapping[str, list[float]]) -> int:
    """The epoch with the lowest loss on the held-out images, from 1; 0 where there is none."""
    losses = curves.get("val_loss", [])
    return losses.index(min(losses)) + 1 if losses else 0


def finished(config: TrainingConfig, curves: Mapping[str, list[float]]) -> bool:
    """True if a training with such curves has come to its end."""
    assert config.epochs
    done = len(curves.get("loss", ()))
    if done >= config.epochs:
        return True
    if not done:
        return False
    if config.target_accuracy is not None and curves["accuracy"][-1] >= config.target_accuracy:
        return True
    return config.patience is not None and done - best_epoch(curves) >= config.patience
