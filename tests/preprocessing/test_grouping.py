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


@pytest.mark.parametrize("gap", [10, 25])
def test_equals_sign_is_no_part_of_a_digit(gap: int) -> None:
    ink = np.zeros((160, 300), np.uint8)
    cv2.line(ink, (60, 30), (60, 130), 255, 8)
    cv2.ellipse(ink, (200, 80), (30, 50), 0, 0, 360, 255, 8)
    alone = {component.box for component in find_components(ink, 10)[0]}
    for row in (68, 92):
        cv2.line(ink, (165 - gap - 50, row), (165 - gap, row - 4), 255, 8)
    groups = grouping.group_components(*find_components(ink, 10))
    assert alone <= {group.box for group in groups}


def test_bar_of_a_five_is_on_its_right() -> None:
    ink = np.zeros((160, 300), np.uint8)
    cv2.polylines(
        ink, [np.array([(100, 40), (96, 80), (140, 90), (130, 125), (90, 130)])], False, 255, 8
    )
    for left, count in ((125, 1), (40, 2)):
        page = ink.copy()
        cv2.line(page, (left, 38), (left + 40, 34), 255, 8)
        assert len(grouping.group_components(*find_components(page, 10))) == count
