"""Captions of training curves."""

from __future__ import annotations

from mnist_core.charts.captions.training import (
    describe_compared_curves,
    describe_history,
    describe_training_curves,
)


def test_training_curves() -> None:
    training = [(0.5, 0.9, 0.7), (1.0, 0.5, 0.8), (2.0, 0.3, 0.9), (3.0, 0.1, 0.99)]
    validation = [(1.0, 0.4, 0.85), (2.0, 0.3, 0.91), (3.0, 0.35, 0.9)]
    assert describe_training_curves(training, validation).result == (
        "Validation accuracy is highest in epoch 2 of 3, with 91.00%; validation loss is lowest in "
        "epoch 2. At the end, training accuracy is 9.00 percentage points above it."
    )
    assert describe_training_curves(training[:1], []).result == (
        "So far, 70.00% of the training images are read correctly; the first epoch has not ended."
    )


def test_history_counts_epochs_from_1() -> None:
    history = {
        "loss": [0.5, 0.2],
        "accuracy": [0.8, 0.85],
        "val_loss": [0.3, 0.2],
        "val_accuracy": [0.9, 0.95],
    }
    assert describe_history(history).result == (
        "Validation accuracy is highest in epoch 2 of 2, with 95.00%; validation loss is lowest in "
        "epoch 2. At the end, training accuracy is 10.00 percentage points below it."
    )


def test_compared_curves() -> None:
    runs = {"a": [(1.0, 0.4, 0.85)], "b": [(1.0, 0.3, 0.8), (2.0, 0.2, 0.9)], "c": []}
    assert describe_compared_curves(runs).result == (
        "The highest accuracy is 90.00%, of b after 2 epochs."
    )
    assert describe_compared_curves({"c": []}).result == "No epoch has ended yet."
