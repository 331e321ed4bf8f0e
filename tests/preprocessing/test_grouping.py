"""Components are merged to digits, and only to digits."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from mnist_core.preprocessing import grouping
from mnist_core.preprocessing.components import Component, find_components


def dots(places: Iterable[tuple[int, int]], shape: tuple[int, int], radius: int) -> np.ndarray:
    ink = np.zeros(shape, np.uint8)
    for place in places:
        cv2.circle(ink, place, radius, 255, -1)
    return ink


def test_group_components_does_not_run_away() -> None:
    # Some dots are near enough to be merged; the groups must not reach farther than their dots.
    places = np.random.default_rng(1).integers(0, (560, 280), (400, 2)).tolist()
    components, labels = find_components(dots(places, (280, 560), 3), 1000)
    groups = grouping.group_components(components, labels)
    assert len(groups) > 50
    assert max(group.side for group in groups) < 280


def test_group_components_compares_near_components_only(monkeypatch: pytest.MonkeyPatch) -> None:
    places = np.random.default_rng(1).integers(0, 1000, (1000, 2)).tolist()
    components, labels = find_components(dots(places, (1000, 1000), 3), 1000)
    compared = []
    measure = grouping._Shapes.distance

    def distance(shapes: grouping._Shapes, one: Component, other: Component) -> float:
        compared.append((one, other))
        return measure(shapes, one, other)

    monkeypatch.setattr(grouping._Shapes, "distance", distance)
    grouping.group_components(components, labels)
    assert len(compared) < 20 * len(components)
