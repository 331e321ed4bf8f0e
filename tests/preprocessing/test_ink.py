"""Pixels to ink."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.own_strokes import OWN_STROKES
from support.strokes import drawn_digit

from mnist_core.preprocessing.ink import flatten_alpha, ink_map

DRAWING = drawn_digit(OWN_STROKES[5])


def colored(
    paper: tuple[int, int, int], pen: tuple[int, int, int], drawing: np.ndarray = DRAWING
) -> np.ndarray:
    share = drawing[:, :, np.newaxis] / 255
    return np.rint(np.array(paper) * (1 - share) + np.array(pen) * share).astype(np.uint8)


def photographed(
    drawing: np.ndarray, *, dark: float, bright: float, sigma: float, seed: int = 0
) -> np.ndarray:
    """Dark ink on paper that is lit from one side, in grey."""
    light = np.linspace(dark, bright, drawing.shape[1])[np.newaxis]
    ink = cv2.GaussianBlur(drawing, (0, 0), 1.2) / 255
    noise = np.random.default_rng(seed).normal(0, sigma, drawing.shape)
    return np.clip(light * (1 - 0.7 * ink) + noise, 0, 255).astype(np.uint8)


def overlap(ink: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union."""
    return (ink & truth).sum() / (ink | truth).sum()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 2), (3, 3), (280, 280)])
@pytest.mark.parametrize("level", [0, 1, 128, 255])
@pytest.mark.parametrize("channels", [0, 3, 4])
def test_blank_image_has_no_ink(shape: tuple[int, int], level: int, channels: int) -> None:
    image = np.full((*shape, channels) if channels else shape, level, np.uint8)
    found = ink_map(image)
    assert found.ink.shape == shape
    assert found.ink.dtype == np.uint8
    assert not found.ink.any()


@pytest.mark.parametrize("sigma", [1, 2, 5, 10, 20])
@pytest.mark.parametrize("seed", range(3))
def test_noise_of_empty_paper_is_not_ink(sigma: int, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(150, sigma, (240, 320))
    ink = ink_map(np.clip(noise, 0, 255).astype(np.uint8)).ink
    assert (ink > 48).mean() < 1e-3


def test_drawing_is_its_own_ink() -> None:
    found = ink_map(DRAWING)
    assert found.drawn
    assert np.abs(found.ink.astype(int) - DRAWING).max() <= 3


@pytest.mark.parametrize(
    "image",
    [
        255 - DRAWING,
        colored((255, 255, 255), (0, 0, 0)),
        colored((200, 30, 30), (30, 30, 200)),
        colored((0, 90, 0), (90, 0, 0)),
        colored((128, 128, 128), (170, 170, 170)),
        colored((250, 240, 200), (40, 60, 160)),
    ],
    ids=["inverted", "black on white", "blue on red", "same grey", "faint", "pen on cream"],
)
def test_colors_of_a_drawing_do_not_change_its_ink(image: np.ndarray) -> None:
    found = ink_map(image)
    assert found.drawn
    # Rounding by a level or two, stretched to full contrast.
    contrast = np.ptp(image.astype(int), axis=(0, 1)).max()
    assert np.abs(found.ink.astype(int) - DRAWING).max() <= 5 * 255 / contrast


@pytest.mark.parametrize("interpolation", [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
@pytest.mark.parametrize("margin", [0, 1])
@pytest.mark.parametrize("invert", [False, True])
def test_enlarged_tiny_drawing_is_a_drawing(interpolation: int, margin: int, invert: bool) -> None:
    """Also with smooth edges and little background."""
    tiny = cv2.resize(drawn_digit(OWN_STROKES[0], side=230, brush=40), (8, 8), None, 0, 0, 3)
    left, _, width, _ = cv2.boundingRect(tiny)
    tiny = np.pad(tiny[:, left : left + width], ((0, 0), (1, 1)))
    large = cv2.resize(np.pad(tiny, margin), None, fx=20, fy=20, interpolation=interpolation)
    found = ink_map(255 - large if invert else large)
    assert found.drawn
    assert overlap(found.ink > 128, large > 128) > 0.9


@pytest.mark.parametrize("blur", [4, 8, 12])
def test_blurred_drawing_keeps_its_strokes(blur: float) -> None:
    found = ink_map(cv2.GaussianBlur(DRAWING, (0, 0), blur))
    assert found.drawn
    assert overlap(found.ink > 128, DRAWING > 128) > 0.65


@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_overexposed_paper_is_not_a_drawing(sigma: float) -> None:
    """Half of it has a single level, but the rest fades with noise."""
    light = np.linspace(200, 320, 400)[np.newaxis] + np.zeros((300, 1))
    noise = np.random.default_rng(0).normal(0, sigma, light.shape)
    found = ink_map(np.clip(light + noise, 0, 255).astype(np.uint8))
    assert not found.drawn


@pytest.mark.parametrize("color", [0, 90, 255])
def test_strokes_on_transparency_are_ink_in_any_color(color: int) -> None:
    image = np.dstack([np.full_like(DRAWING, color)] * 3 + [DRAWING])
    assert np.abs(ink_map(image).ink.astype(int) - DRAWING).max() <= 8


def test_transparent_pixels_are_not_ink() -> None:
    image = np.dstack([DRAWING] * 3 + [np.zeros_like(DRAWING)])
    assert not ink_map(image).ink.any()


@pytest.mark.parametrize(("ink", "expected"), [("dark", True), ("light", False), ("auto", True)])
def test_polarity_limits_the_ink(ink: str, expected: bool) -> None:
    assert ink_map(255 - DRAWING, ink).ink.any() == expected


@pytest.mark.parametrize(
    "light",
    [{"dark": 50, "bright": 200}, {"dark": 200, "bright": 210}, {"dark": 35, "bright": 70}],
    ids=["4:1 from one side", "even", "dim"],
)
@pytest.mark.parametrize("sigma", [1, 4])
@pytest.mark.parametrize("invert", [False, True])
def test_photograph_with_uneven_light_keeps_its_strokes(
    light: dict[str, float], sigma: float, invert: bool
) -> None:
    drawing = drawn_digit(OWN_STROKES[5], size=400, side=200, brush=16)
    photo = photographed(drawing, sigma=sigma, **light)
    found = ink_map(255 - photo if invert else photo)
    assert not found.drawn
    assert overlap(found.ink > 100, drawing > 128) > 0.75


@given(data=st.data(), size=st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_image_without_color_is_read_as_grey(data: st.DataObject, size: tuple[int, int]) -> None:
    levels = data.draw(st.binary(min_size=size[0] * size[1], max_size=size[0] * size[1]))
    grey = np.frombuffer(levels, np.uint8).reshape(size)
    opaque = np.full(size, 255, np.uint8)
    for image in (np.dstack([grey] * 3), np.dstack([grey] * 3 + [opaque])):
        flat = flatten_alpha(image, "auto")
        assert flat.shape == size
        assert (flat == grey).all()


@given(place=st.tuples(st.integers(0, 39), st.integers(0, 39)), channel=st.integers(0, 2))
def test_one_colored_pixel_keeps_the_color(place: tuple[int, int], channel: int) -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[*place, channel] = 1
    assert (flatten_alpha(image, "auto") == image).all()


@pytest.mark.parametrize("image", [DRAWING, photographed(DRAWING, dark=120, bright=220, sigma=3)])
def test_ink_of_equal_channels_is_that_of_one(
    image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = ink_map(np.dstack([image] * 3))
    monkeypatch.setattr("mnist_core.preprocessing.ink.flatten_alpha", lambda image, ink: image)
    three = ink_map(np.dstack([image] * 3))
    assert one.drawn is three.drawn
    assert (one.ink == three.ink).all()
