"""Panels with a background of their own, on a plain margin."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.everyday_pictures import count_right
from support.own_strokes import OWN_STROKES
from support.screens import SCREENS
from support.strokes import draw_strokes, place_strokes

from mnist_core import Dataset, load_recognizer
from mnist_core.preprocessing.extraction import extract_digits
from mnist_core.preprocessing.panels import erase_panels, find_panels, panel_ink


def panel(digit: int, *, side: int = 100) -> np.ndarray:
    """A light digit on black: (side, side) uint8."""
    strokes = place_strokes(OWN_STROKES[digit], side=0.6 * side, center=(side / 2, side / 2))
    return draw_strokes(strokes, width=side, height=side, brush=0.07 * side)


def plot(*digits: int, invert: bool = False, margin: int = 255) -> np.ndarray:
    """Digits on panels side by side."""
    panels = [255 - panel(digit) if invert else panel(digit) for digit in digits]
    return np.hstack([np.pad(one, 20, constant_values=margin) for one in panels])


@pytest.mark.parametrize("quality", [None, 75])
@pytest.mark.parametrize(("invert", "margin"), [(False, 255), (False, 128), (True, 128)])
def test_digits_on_panels_are_read(invert: bool, margin: int, quality: int | None) -> None:
    image = np.vstack([plot(7, 0, 4, invert=invert, margin=margin), plot(3, 8, 5, margin=margin)])
    if quality is not None:
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        image = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    reading = load_recognizer("champion").analyze(image)
    assert reading.text == "704385"
    assert reading.note == ""
    for place, digit in enumerate(reading.digits):
        x, y, width, height = digit.box
        assert place % 3 == x // 140 == (x + width) // 140
        assert place // 3 == y // 140 == (y + height) // 140


@given(
    st.integers(1, 12), st.tuples(st.integers(6, 200), st.integers(6, 200)), st.integers(40, 300)
)
def test_panel_is_found_wherever_it_is(ticks: int, place: tuple[int, int], side: int) -> None:
    image = np.full((520, 520, 3), 255, np.uint8)
    x, y = place
    image[y : y + side, x : x + side] = panel(8, side=side)[:, :, np.newaxis]
    # The frame and the ticks of a scale are no part of it.
    cv2.rectangle(image, (x - 1, y - 1), (x + side, y + side), (0, 0, 0), 1)
    for tick in range(0, side, max(1, side // ticks)):
        image[y + side : y + side + 5, x + tick] = 0
    (found,) = find_panels(image)
    left, top, width, height = found.box
    assert found.plain
    assert x <= left <= x + 4
    assert y <= top <= y + 4
    assert side - 8 <= width <= side
    assert side - 8 <= height <= side
    assert (erase_panels(image, [found])[y + 1 : y + side - 1, x + 1 : x + side - 1] == 255).all()


def test_title_and_scale_are_left_out_and_a_digit_beside_a_panel_is_read() -> None:
    image = np.full((300, 420), 255, np.uint8)
    image[60:260, 40:240] = panel(6, side=200)
    cv2.putText(image, "5 10 15", (60, 284), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 0, 1, cv2.LINE_AA)
    reading = load_recognizer("champion").analyze(image)
    assert reading.text == "6"
    assert {mark.reason for mark in reading.left_out} == {"speck"}
    image[60:260, 250:420] -= panel(3, side=200)[:, 15:185]
    assert load_recognizer("champion").analyze(image).text == "63"


@pytest.mark.parametrize("shape", ["frame", "square", "bar", "disk", "square of lines"])
def test_other_shapes_are_no_panels(shape: str) -> None:
    image = np.full((200, 200), 255, np.uint8)
    if shape == "frame":  # with a line that touches it, as a table has
        cv2.rectangle(image, (40, 40), (160, 160), 0, 12)
        cv2.line(image, (100, 40), (100, 120), 0, 8)
    elif shape == "square":
        image[40:160, 40:160] = 0
    elif shape == "bar":
        image[30:170, 90:120] = 0
        image[60:140, 100:110] = 128
    elif shape == "disk":
        cv2.circle(image, (100, 100), 60, 0, -1)
        cv2.circle(image, (100, 100), 20, 255, 5)
    else:
        image[40:160:20, 40:160] = image[40:160, 40:160:20] = 0
    assert find_panels(image) == []


@pytest.mark.parametrize("line", [1, 3, 12])
def test_canvas_in_a_frame_is_a_panel(line: int) -> None:
    image = np.full((200, 200), 245, np.uint8)
    image[40 - line : 140 + line, 50 - line : 150 + line] = 120
    image[40:140, 50:150] = 255 - panel(4)
    (found,) = find_panels(image)
    left, top, width, height = found.box
    assert 50 <= left <= 54
    assert 40 <= top <= 44
    assert left + width in range(146, 151)
    assert top + height in range(136, 141)


@pytest.mark.parametrize("canvas", ["black", "white, in a frame"])
def test_text_on_buttons_and_around_a_canvas_is_left_out(canvas: str) -> None:
    image = np.full((420, 500, 3), 250, np.uint8)
    image[60:262, 40:242] = 120
    drawn = panel(7, side=200)[:, :, np.newaxis]
    image[61:261, 41:241] = drawn if canvas == "black" else 255 - drawn
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    for left, name in ((40, "Read"), (130, "Clear")):
        image[290:325, left : left + 80] = (30, 90, 200)
        cv2.putText(image, name, (left + 12, 312), font, size, (255,) * 3, 1, cv2.LINE_AA)
    cv2.putText(image, "Draw a digit", (40, 40), font, 1, (40,) * 3, 2, cv2.LINE_AA)
    cv2.putText(image, "Brush width 18", (40, 380), font, size, (40,) * 3, 1, cv2.LINE_AA)
    reading = load_recognizer("champion").analyze(image)
    assert reading.text == "7"
    assert {mark.reason for mark in reading.left_out} == {"speck"}


@pytest.mark.parametrize("kind", SCREENS)
def test_screenshots_are_read(dataset: Dataset, kind: str) -> None:
    assert count_right(kind, 10, dataset, load_recognizer("champion")) >= 8


def test_photograph_has_no_panels_but_between_bars_it_is_one() -> None:
    random = np.random.default_rng(3)
    light = np.linspace(60, 230, 240)[np.newaxis, :, np.newaxis]
    photograph = (light + random.normal(0, 4, (180, 240, 3))).clip(0, 255).astype(np.uint8)
    photograph[60:120, 100:108] = 20
    assert find_panels(photograph) == []
    for bars in ((90, 90, 0, 0), (0, 0, 120, 120)):
        image = cv2.copyMakeBorder(photograph, *bars, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        (found,) = find_panels(image)
        assert not found.plain
        assert abs(found.box[2] - 240) <= 8
        assert abs(found.box[3] - 180) <= 8
        (digit,) = extract_digits(image).digits
        assert digit.box[0] - bars[2] in range(97, 103)


def test_ink_of_a_panel_differs_from_its_edge() -> None:
    for picture in (panel(5), 255 - panel(5)):
        ink = panel_ink(picture, "auto")
        assert ink[:10].max() == 0
        assert ink.max() == 255
    assert panel_ink(panel(5), "dark").max() == 0


def test_tiny_images_have_no_panels() -> None:
    for side in (1, 5, 19):
        assert find_panels(np.zeros((side, side), np.uint8)) == []
