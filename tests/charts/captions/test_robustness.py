"""Captions of the charts of corruptions and distortions, and of the embedding map."""

from __future__ import annotations

import numpy as np

from mnist_core.charts.captions.robustness import (
    describe_corruptions,
    describe_map,
    describe_sweeps,
)
from mnist_core.explanation.embedding_map import EmbeddingMap
from mnist_core.robustness.corruptions import CORRUPTIONS
from mnist_core.robustness.distortions import SWEEPS
from mnist_core.robustness.result import LEVELS, Robustness


def result(name: str = "cnn", **rows: list[float]) -> Robustness:
    accuracy = {row: np.full(len(levels), 0.95) for row, levels in LEVELS.items()}
    accuracy |= {row: np.array(values) for row, values in rows.items()}
    return Robustness(name=name, images={}, accuracy=accuracy, rejected=accuracy)


def test_corruptions() -> None:
    shown = result(fog=[0.9, 0.8, 0.7, 0.6, 0.123], shear=[0.99] * 5)
    assert describe_corruptions(shown).result == (
        "At the highest severity, cnn reads 12.3% under fog, the worst, and 99.0% under shear, the "
        "mildest."
    )
    nothing = result(**dict.fromkeys(CORRUPTIONS, [np.nan] * 5))
    assert describe_corruptions(nothing).result == "Nothing is measured yet."


def test_sweeps() -> None:
    angles = [0.95 if abs(angle) <= 30 else 0.2 for angle in SWEEPS["rotation"].levels]
    # A level beyond a gap does not count.
    angles[0] = 0.95
    shifts = [0.95 if pixels <= 3 else 0.5 for pixels in SWEEPS["shift"].levels]
    shown = result(rotation=angles, shift=shifts, noise=[np.nan] * len(SWEEPS["noise"].levels))
    assert describe_sweeps([shown]).result == (
        "cnn reads at least 90% at rotation -30 to 30°, shift 3 px and size 0.3 to 1.5 times the "
        "size."
    )
    poor = result("poor", **{name: [0.1] * len(sweep.levels) for name, sweep in SWEEPS.items()})
    assert describe_sweeps([shown, poor]).result.endswith(
        "poor reads fewer than 90% of the images."
    )


def test_map() -> None:
    positions = np.zeros((6, 3), np.float32)
    # The third axis tells 4 from 9, which a flat map does not show.
    positions[:, 0] = 0, 0, 5, 5, 6, 6
    positions[:, 2] = 0, 0, 0, 0, 9, 9
    shown = EmbeddingMap(
        indices=np.arange(6),
        labels=np.array([1, 1, 4, 4, 9, 9]),
        predicted=np.array([1, 1, 4, 9, 9, 9]),
        confidence=np.ones(6, np.float32),
        positions=positions,
        explained_variance=np.array([0.3, 0.2, 0.1], np.float32),
        mean=np.zeros(4, np.float32),
        components=np.zeros((3, 4), np.float32),
    )
    assert describe_map(shown).result == (
        "1 image of 6 is an error; the centers of 4 and 9 are closest together. The 2 axes hold "
        "50% of the variance."
    )
    assert "the centers of 1 and 4" in describe_map(shown, 3).result
