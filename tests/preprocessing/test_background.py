"""The background of ink on paper, and of what only looks like ink."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_core.preprocessing.background import background_unevenness

BOX = (90, 40, 20, 120)


def stem() -> np.ndarray:
    ink = np.zeros((200, 200), np.uint8)
    cv2.line(ink, (100, 50), (100, 150), 255, 12, cv2.LINE_AA)
    return ink


def picture(ink: np.ndarray, paper: np.ndarray | float, pen: float = 40) -> np.ndarray:
    cover = ink / 255
    grey = paper * (1 - cover) + pen * cover
    grey = grey + np.random.default_rng(1).normal(0, 2, ink.shape)
    return np.clip(grey, 0, 255).astype(np.uint8)


def test_background_of_ink_on_paper_is_even() -> None:
    assert background_unevenness(picture(stem(), 200), stem(), BOX) < 0.1


def test_background_with_a_gradient_is_even() -> None:
    light = np.linspace(90, 250, 200)[np.newaxis] * np.ones((200, 1))
    assert background_unevenness(picture(stem(), light), stem(), BOX) < 0.15


def test_background_of_a_gap_between_objects_is_uneven() -> None:
    sides = np.where(np.arange(200) < 100, 110.0, 200.0)[np.newaxis] * np.ones((200, 1))
    rounded = 60 * np.abs(np.sin(np.arange(200) / 12))[np.newaxis] * np.ones((200, 1))
    assert background_unevenness(picture(stem(), sides), stem(), BOX) > 0.3
    assert background_unevenness(picture(stem(), 150 + rounded, pen=120), stem(), BOX) > 0.6


def test_ruled_line_changes_little() -> None:
    lined = np.full((200, 200), 200.0)
    lined[96:99] = 120
    assert background_unevenness(picture(stem(), lined), stem(), BOX) < 0.15


def test_other_ink_does_not_count() -> None:
    both = stem()
    cv2.line(both, (120, 50), (120, 150), 255, 8, cv2.LINE_AA)
    assert background_unevenness(picture(both, 200), both, BOX) < 0.15


def test_missing_background_gives_infinity() -> None:
    full = np.full((30, 20), 255, np.uint8)
    assert background_unevenness(full, full, (0, 0, 20, 30)) == np.inf


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (3, 3)])
def test_tiny_images_are_measured(size: tuple[int, int]) -> None:
    ink = np.zeros(size, np.uint8)
    ink[0, 0] = 255
    assert background_unevenness(ink, ink, (0, 0, 1, 1)) >= 0


@given(
    seed=st.integers(0, 2**32 - 1),
    left=st.integers(0, 39),
    top=st.integers(0, 29),
    width=st.integers(1, 40),
    height=st.integers(1, 30),
)
def test_unevenness_is_at_least_0_for_any_image(
    seed: int, left: int, top: int, width: int, height: int
) -> None:
    random = np.random.default_rng(seed)
    grey = random.integers(0, 256, (30, 40)).astype(np.uint8)
    ink = np.where(random.random((30, 40)) < 0.2, np.uint8(255), np.uint8(0))
    box = (left, top, min(width, 40 - left), min(height, 30 - top))
    assert background_unevenness(grey, ink, box) >= 0
