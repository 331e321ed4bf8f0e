"""Sheets and cards on a ground: found, straightened, and read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from support.sheets import sheet

from mnist_core import Recognizer, load_recognizer
from mnist_core.preprocessing.surface_search import find_surfaces

SIZE = (960, 720)


@pytest.fixture(scope="module")
def champion() -> Recognizer:
    return load_recognizer("champion")


def desk(kind: str, level: int) -> np.ndarray:
    """A ground, (h, w, 3) uint8."""
    width, height = SIZE
    random = np.random.default_rng(7)
    x = np.arange(width)[np.newaxis, :]
    y = np.arange(height)[:, np.newaxis]
    tone = {
        "plain": np.zeros((height, width)),
        "striped": 25.0 * ((x + y // 3) % 90 < 45),
        "grained": 10 * np.sin(y / 6 + np.sin(x / 90)),
        "speckled": cv2.resize(random.normal(0, 18, (height // 12, width // 12)), SIZE),
    }[kind]
    noisy = level + tone + random.normal(0, 3, (height, width))
    return np.repeat(noisy.clip(0, 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


def lay(
    paper: np.ndarray, ground: np.ndarray, *, share: float, turn: float, slant: float = 0
) -> np.ndarray:
    """Lay a sheet in the middle: `share` of the width, turned in degrees, its top narrower."""
    height, width = paper.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    flat = (corners - corners.mean(axis=0)) * (share * SIZE[0] / width)
    narrow = np.where(flat[:, 1:] < 0, 1 - slant, 1)
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    seen = (flat * np.hstack([narrow, np.ones_like(narrow)])) @ rotation + np.array(SIZE) / 2
    view = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    inside = cv2.warpPerspective(np.ones((height, width), np.float32), view, SIZE)[:, :, np.newaxis]
    warped = cv2.warpPerspective(paper, view, SIZE, flags=cv2.INTER_AREA)
    return (warped * inside + ground * (1 - inside)).astype(np.uint8)


def text(recognizer: Recognizer, image: np.ndarray) -> str:
    return "".join(digit.text for digit in recognizer.read(image))


@pytest.mark.parametrize(
    ("kind", "level", "share", "turn", "slant"),
    [
        ("plain", 30, 0.5, 0, 0),
        ("plain", 30, 0.35, 20, 0),
        ("plain", 120, 0.5, -28, 0),
        ("plain", 235, 0.4, 15, 0),
        ("striped", 60, 0.5, 10, 0),
        ("striped", 90, 0.7, -5, 0.2),
        ("grained", 70, 0.5, -15, 0),
        ("grained", 50, 0.8, 3, 0.3),
        ("speckled", 60, 0.5, 25, 0),
        ("speckled", 100, 0.8, -4, 0.2),
    ],
)
def test_number_on_a_surface_is_read_whatever_its_ground(
    champion: Recognizer, kind: str, level: int, share: float, turn: float, slant: float
) -> None:
    paper = sheet(3, 5, 8, width=960, height=540, side=220)
    image = lay(paper, desk(kind, level), share=share, turn=turn, slant=slant)
    digits = champion.read(image)
    assert "".join(digit.text for digit in digits) == "358"
    for left, top, width, height in (digit.box for digit in digits):
        assert 0 <= left < left + width <= SIZE[0]
        assert 0 <= top < top + height <= SIZE[1]
        assert image[top : top + height, left : left + width].min() < 80  # there is ink


@pytest.mark.parametrize("kind", ["plain", "striped", "grained", "speckled"])
def test_an_empty_surface_has_no_digits(champion: Recognizer, kind: str) -> None:
    image = lay(sheet(width=960, height=540), desk(kind, 60), share=0.5, turn=12)
    assert text(champion, image) == ""


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from(["left", "right", "top", "bottom"]), max_size=4, unique=True),
    st.integers(30, 140),
    st.sampled_from([20, 60]),
)
def test_a_margin_of_desk_does_not_change_the_reading(
    champion: Recognizer, sides: list[str], margin: int, level: int
) -> None:
    image = sheet(4, 7, 2, width=800, height=600, side=160)
    around = [margin * (side in sides) for side in ("top", "bottom", "left", "right")]
    image = cv2.copyMakeBorder(image, *around, cv2.BORDER_CONSTANT, value=(level, level, level))
    assert text(champion, image) == "472"


def test_outline_is_that_of_the_sheet() -> None:
    paper = sheet(width=960, height=480)
    image = lay(paper, desk("plain", 40), share=0.5, turn=20)
    (surface,) = find_surfaces(image)
    width, height = surface.size
    assert abs(width - 480) < 30
    assert abs(height - 240) < 30
    straight = surface.straighten(image)
    assert straight.shape == (height, width, 3)
    assert straight.min() > 150  # no desk is left
    assert surface.holds((470, 350, 20, 20))
    assert not surface.holds((10, 10, 20, 20))
    left, top, across, down = surface.box_in_image((0, 0, *surface.size))
    assert abs(left + across / 2 - 480) < 8
    assert abs(top + down / 2 - 360) < 8


def card(*, shadow: float = 1.0, digits: tuple[int, ...] = (), side: int = 220) -> np.ndarray:
    """A turned card on a plain desk, with a shadow across the right half of both."""
    paper = sheet(*digits, width=960, height=480, side=side)
    image = lay(paper, desk("plain", 90), share=0.5, turn=20).astype(float)
    light = np.where(np.arange(SIZE[0]) < SIZE[0] / 2, 1.0, shadow).astype(np.float32)
    image *= cv2.GaussianBlur(light[np.newaxis], (0, 0), 4)[:, :, np.newaxis]
    image += np.random.default_rng(7).normal(0, 2, image.shape)
    return image.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("shadow", [0.75, 0.6, 0.45])
def test_a_shadow_across_a_card_does_not_divide_it(champion: Recognizer, shadow: float) -> None:
    surface = find_surfaces(card(shadow=shadow))[0]
    assert surface.is_quadrilateral
    assert abs(surface.size[0] - 480) < 30
    assert abs(surface.size[1] - 240) < 30
    assert text(champion, card(shadow=shadow, digits=(3, 5, 8))) == "358"


def test_a_card_full_of_writing_is_a_surface() -> None:
    image = card(digits=(8, 0, 8, 5), side=390)
    assert any(
        surface.is_quadrilateral
        and abs(surface.size[0] - 480) < 30
        and abs(surface.size[1] - 240) < 30
        for surface in find_surfaces(image)
    )


def test_a_card_and_a_thing_beside_it_are_no_surface() -> None:
    image = card()
    cv2.circle(image, (200, 300), 70, (20, 20, 20), -1)
    assert any(
        abs(surface.size[0] - 480) < 30 and not surface.holds((180, 280, 40, 40))
        for surface in find_surfaces(image)
    )


def test_cards_come_before_what_the_border_cuts() -> None:
    image = card()
    for left, color in ((0, (200, 160, 120)), (820, (30, 60, 110))):  # two books, and the desk
        cv2.rectangle(image, (left, -5), (left + 140, 730), color, -1)
    whole = [surface.is_quadrilateral for surface in find_surfaces(image)]
    assert whole == sorted(whole, reverse=True)
    first = find_surfaces(image)[0]
    assert abs(first.size[0] - 480) < 30
    assert len(whole) > 2


def test_ground_around_a_cut_sheet_is_filled_with_its_brightness() -> None:
    image = sheet(width=800, height=600)
    image[:, :150] = 30
    surface = find_surfaces(image)[0]  # the largest
    assert surface.straighten(image).min() > 150


def test_pictures_without_an_edge_have_no_surface() -> None:
    assert find_surfaces(sheet(3, 5)) == []
    assert find_surfaces(np.full((600, 800), 90, np.uint8)) == []
    assert find_surfaces(np.zeros((5, 900, 3), np.uint8)) == []


@settings(max_examples=30, deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_any_picture_is_searched(pixels: np.ndarray) -> None:
    height, width = pixels.shape[:2]
    image = cv2.resize(pixels, (10 * width, 10 * height), interpolation=cv2.INTER_NEAREST)
    for surface in find_surfaces(image):
        straight = surface.straighten(image)
        assert straight.shape == (*surface.size[::-1], 3)
