"""Captions of the charts of a hyperparameter search."""

from __future__ import annotations

from mnist_core.charts.captions.tuning import describe_importances, describe_trials


def test_trials() -> None:
    assert describe_trials([0.9, 0.975], 3).result == (
        "2 trials are complete, 3 were pruned; the best has 97.50%."
    )
    assert describe_trials([0.9], 1).result == (
        "1 trial is complete, 1 was pruned; the best has 90.00%."
    )


def test_importances() -> None:
    assert describe_importances({"dropout": 0.2, "learning_rate": 0.8}).result == (
        "The learning rate matters most, with 80%."
    )
