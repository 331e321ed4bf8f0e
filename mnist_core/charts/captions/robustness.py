"""Captions of the charts of corruptions and distortions, and of the embedding map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnist_core.charts.captions.caption import Caption, count, enumerate_words
from mnist_core.data import CLASSES
from mnist_core.explanation.embedding_map import EmbeddingMap
from mnist_core.robustness.corruptions import CORRUPTIONS
from mnist_core.robustness.distortions import SWEEPS
from mnist_core.robustness.result import Robustness

__all__ = ["describe_corruptions", "describe_map", "describe_sweeps"]

# A model tolerates a distortion as long as its accuracy is at least this.
_TOLERATED = 0.9
_UNITS = {"rotation": "°", "shift": " px", "size": " times the size", "noise": " grey levels"}


def describe_corruptions(result: Robustness) -> Caption:
    """Of `corruption_heat_map`."""
    reading = (
        "Numbers are accuracies in percent, the brighter the better; from left to right, each "
        "corruption becomes stronger."
    )
    worst = {
        corruption.title: float(result.accuracy[name][-1])
        for name, corruption in CORRUPTIONS.items()
        if not np.isnan(result.accuracy[name][-1])
    }
    if not worst:
        return Caption(reading, "Nothing is measured yet.")
    low, high = min(worst, key=worst.__getitem__), max(worst, key=worst.__getitem__)
    return Caption(
        reading,
        f"At the highest severity, {result.name} reads {worst[low]:.1%} under {low}, the worst, "
        f"and {worst[high]:.1%} under {high}, the mildest.",
    )


def describe_sweeps(results: Sequence[Robustness]) -> Caption:
    """Of `sweep_curves`; at least one model."""
    return Caption(
        "In the middle or at the left of each panel nothing is changed; the wider a curve stays at "
        "the top, the more the model tolerates.",
        " ".join(_describe_sweeps_of(result) for result in results),
    )


def _describe_sweeps_of(result: Robustness) -> str:
    tolerated = []
    for name, sweep in SWEEPS.items():
        accuracy = result.accuracy[name]
        if np.isnan(accuracy).any():
            continue
        # The levels around the unchanged one, without a gap.
        clean = sweep.levels.index(sweep.clean)
        low = high = clean
        while low > 0 and accuracy[low - 1] >= _TOLERATED:
            low -= 1
        while high < len(sweep.levels) - 1 and accuracy[high + 1] >= _TOLERATED:
            high += 1
        if accuracy[clean] < _TOLERATED:
            continue
        ends = f"{sweep.levels[high]:g}"
        if clean > 0:
            ends = f"{sweep.levels[low]:g} to {ends}"
        tolerated.append(f"{name} {ends}{_UNITS[name]}")
    if not tolerated:
        return f"{result.name} reads fewer than {_TOLERATED:.0%} of the images."
    return f"{result.name} reads at least {_TOLERATED:.0%} at {enumerate_words(tolerated)}."


def describe_map(embedding: EmbeddingMap, axes: int = 2) -> Caption:
    """Of `map_figure`.

    Args:
        embedding: the map.
        axes: 2 or 3, those that are shown.
    """
    positions = embedding.positions[:, :axes]
    centers = {
        digit: positions[embedding.labels == digit].mean(axis=0)
        for digit in range(CLASSES)
        if (embedding.labels == digit).any()
    }
    pairs = {
        (a, b): float(np.linalg.norm(centers[a] - centers[b]))
        for a in centers
        for b in centers
        if a < b
    }
    result = (
        f"{count(int(embedding.is_error.sum()), 'image')} of {len(embedding.labels):,} "
        f"{'is an error' if embedding.is_error.sum() == 1 else 'are errors'}"
    )
    if pairs:
        a, b = min(pairs, key=pairs.__getitem__)
        result += f"; the centers of {a} and {b} are closest together"
    return Caption(
        "Each point is an image; the closer two points, the more similar the images are to the "
        "network. Crosses are errors, in the color of the true digit.",
        f"{result}. The {axes} axes hold {embedding.explained_variance[:axes].sum():.0%} of the "
        "variance.",
    )
