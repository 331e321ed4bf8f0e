"""Ink on a plain background."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_core.preprocessing.plain import plain_ink


def bar(background: int, ink: int, side: int = 28) -> np.ndarray:
    image = np.full((side, side), background, np.uint8)
    image[side // 5 : -side // 5, side // 2 - 2 : side // 2 + 2] = ink
    return image


@pytest.mark.parametrize(("background", "ink"), [(0, 255), (255, 0), (100, 160), (160, 100)])
def test_plain_ink_finds_the_ink_of_its_polarity_only(background: int, ink: int) -> None:
    image = bar(background, ink)
    polarity, other = ("light", "dark") if ink > background else ("dark", "light")
    found = plain_ink(image, polarity)
    assert ((found > 0) == (image == ink)).all()
    assert found.max() == 255
    assert not plain_ink(image, other).any()


def test_plain_ink_removes_jpeg_artifacts() -> None:
    image = cv2.imencode(".jpg", bar(0, 255), [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    found = plain_ink(cv2.imdecode(image, cv2.IMREAD_GRAYSCALE), "light")
    assert not found[:, :10].any()
    assert not found[:, -10:].any()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_plain_ink_of_an_empty_or_faint_image_is_empty(level: int) -> None:
    assert not plain_ink(np.full((28, 28), level, np.uint8), "light").any()
    assert not plain_ink(bar(level, min(255, level + 20)), "light").any()


def test_plain_ink_of_an_uneven_border_is_empty() -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 40)).astype(np.uint8)
    assert not plain_ink(image, "light").any()
    assert not plain_ink(image, "dark").any()


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))),
    st.sampled_from(["light", "dark"]),
)
def test_plain_ink_accepts_any_image(image: np.ndarray, polarity: str) -> None:
    found = plain_ink(image, polarity)  # type: ignore[arg-type]
    assert (found.shape, found.dtype) == (image.shape, np.uint8)
