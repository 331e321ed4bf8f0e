"""Captions of training curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnist_core.charts.captions.caption import Caption, count
from mnist_core.charts.training import Epoch

__all__ = ["describe_compared_curves", "describe_history", "describe_training_curves"]


def describe_training_curves(training: Sequence[Epoch], validation: Sequence[Epoch]) -> Caption:
    """Of `training_curves`, also while the training runs.

    Args:
        training: (epochs, loss, accuracy) on the training images, at least one.
        validation: the same on the validation images, at the end of each epoch; may be empty.
    """
    reading = (
        "Accuracy should rise and loss fall; where validation becomes worse while training becomes "
        "better, the network overfits."
    )
    if not validation:
        return Caption(
            reading,
            f"So far, {training[-1][2]:.2%} of the training images are read correctly; the first "
            "epoch has not ended.",
        )
    epoch, _, best = max(validation, key=lambda point: point[2])
    last, _, accuracy = validation[-1]
    result = f"Validation accuracy is highest in epoch {epoch:g} of {last:g}, with {best:.2%}"
    lowest = min(validation, key=lambda point: point[1])[0]
    result += f"; validation loss is lowest in epoch {lowest:g}"
    gap = 100 * (training[-1][2] - accuracy)
    side = "above" if gap >= 0 else "below"
    result += f". At the end, training accuracy is {abs(gap):.2f} percentage points {side} it."
    return Caption(reading, result)


def describe_history(history: Mapping[str, Sequence[float]]) -> Caption:
    """Of `history_curves`."""
    epochs = range(1, len(history["loss"]) + 1)
    return describe_training_curves(
        list(zip(epochs, history["loss"], history["accuracy"], strict=True)),
        list(zip(epochs, history["val_loss"], history["val_accuracy"], strict=True)),
    )


def describe_compared_curves(runs: Mapping[str, Sequence[Epoch]]) -> Caption:
    """Of `compared_curves`; runs may have no epoch yet."""
    reading = "A line for each training, on its validation images: higher accuracy is better."
    measured = {name: points for name, points in runs.items() if points}
    if not measured:
        return Caption(reading, "No epoch has ended yet.")
    best = {name: max(points, key=lambda point: point[2]) for name, points in measured.items()}
    name = max(best, key=lambda name: best[name][2])
    return Caption(
        reading,
        f"The highest accuracy is {best[name][2]:.2%}, of {name} after "
        f"{count(round(best[name][0]), 'epoch')}.",
    )
