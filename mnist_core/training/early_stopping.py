"""Early stopping, decided from the curves alone.

Keras's `EarlyStopping` counts in memory, so a resumed training would count from zero again, and it
needs Keras's own loop, which a distributed training does not use. `TerminateOnNaN` only ends `fit`
quietly, and a diverged network would be saved as a model; `TrainingCallback` raises instead.
"""

from __future__ import annotations

from collections.abc import Mapping

from mnist_core.training.config import Settings

__all__ = ["Curves", "best_epoch", "epochs_done", "finished"]

# "loss", "accuracy", "val_loss" and "val_accuracy", with one value for each epoch.
Curves = dict[str, list[float]]


def epochs_done(curves: Mapping[str, list[float]]) -> int:
    """Count the completed epochs."""
    return len(curves.get("loss", ()))


def best_epoch(curves: Mapping[str, list[float]]) -> int:
    """The epoch with the lowest validation loss, from 1; 0 without any epoch."""
    losses = curves.get("val_loss", [])
    return losses.index(min(losses)) + 1 if losses else 0


def finished(settings: Settings, curves: Mapping[str, list[float]]) -> bool:
    """Whether a training with these curves is complete."""
    done = epochs_done(curves)
    if done >= settings.epochs:
        return True
    if not done:
        return False
    if settings.target_accuracy is not None and curves["accuracy"][-1] >= settings.target_accuracy:
        return True
    return settings.patience is not None and done - best_epoch(curves) >= settings.patience
