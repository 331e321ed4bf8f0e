"""Any image to the digits in it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.own_strokes import OWN_STROKES, STYLES, Stroke
from support.strokes import draw_strokes, drawn_digit, place_strokes

from mnist_core import Dataset, InvalidImageError, Recognizer, load_recognizer
from mnist_core.preprocessing.extraction import extract_digits

DIGITS: dict[str, tuple[int, list[Stroke]]] = {
    **{str(digit): (digit, strokes) for digit, strokes in OWN_STROKES.items()},
    **STYLES,
}


def reading(recognizer: Recognizer, image: np.ndarray) -> str:
    return "".join(str(digit.label) for digit in recognizer.read(image))


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize(("factor", "place"), [(3, (0, 0)), (7, (30, 90)), (10, (200, 15))])
def test_extract_digits_restores_an_enlarged_mnist_image(
    dataset: Dataset, digit: int, factor: int, place: tuple[int, int]
) -> None:
    original = dataset.x_test[np.flatnonzero(dataset.y_test == digit)[0]]

    def difference(interpolation: int, shifts: tuple[int, ...]) -> float:
        """Mean over the frame, in grey levels of 255."""
        canvas = np.zeros((600, 600), np.uint8)
        large = cv2.resize(original, None, fx=factor, fy=factor, interpolation=interpolation)
        top, left = place
        canvas[top : top + large.shape[0], left : left + large.shape[1]] = large
        (found,) = extract_digits(canvas).digits
        moved = (np.roll(found.frame, (y, x), (0, 1)) for y in shifts for x in shifts)
        return min(float(np.abs(frame.astype(int) - original).mean()) for frame in moved)

    assert difference(cv2.INTER_NEAREST, (0,)) <= 0.5
    # Smooth enlargement blurs, and may move a center of mass between two pixels to the other one.
    assert difference(cv2.INTER_CUBIC, (-1, 0, 1)) <= 14
    assert difference(cv2.INTER_LINEAR, (-1, 0, 1)) <= 14


def test_extract_digits_returns_a_mnist_image_unchanged(dataset: Dataset) -> None:
    differences = []
    for image in dataset.x_test[:500]:
        found = extract_digits(image).digits
        assert len(found) == 1
        differences.append(np.abs(found[0].frame.astype(int) - image).mean())
    assert np.median(differences) <= 0.5


@pytest.mark.parametrize("name", DIGITS)
@pytest.mark.parametrize("brush", [4, 18, 30])
def test_frames_are_20_pixels_high_or_wide_and_centered_by_mass(name: str, brush: int) -> None:
    (found,) = extract_digits(drawn_digit(DIGITS[name][1], brush=brush)).digits
    frame = found.frame.astype(float)
    assert found.frame.shape == (28, 28)
    assert found.frame.dtype == np.uint8
    assert frame.max() == 255
    rows, columns = np.flatnonzero(frame.any(axis=1)), np.flatnonzero(frame.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    for axis in (0, 1):
        weights = frame.sum(axis=1 - axis)
        center = (weights * np.arange(28)).sum() / weights.sum()
        assert center == pytest.approx(14, abs=0.51)


@pytest.mark.parametrize("name", DIGITS)
def test_digits_are_read_at_every_scale_position_and_color(
    recognizer: Recognizer, name: str
) -> None:
    label, strokes = DIGITS[name]
    expected = str(label)
    drawing = drawn_digit(strokes)
    assert reading(recognizer, drawing) == expected
    for scale in (0.3, 0.5, 2):
        size = round(280 * scale)
        scaled = drawn_digit(strokes, size=size, side=180 * scale, brush=18 * scale)
        assert reading(recognizer, scaled) == expected, scale
    for center in ((110, 110), (170, 110), (141.5, 168.5)):
        moved = draw_strokes(place_strokes(strokes, side=180, center=center))
        assert reading(recognizer, moved) == expected, center
    share = drawing[:, :, np.newaxis] / 255
    for paper, pen in (((255, 255, 255), (0, 0, 0)), ((20, 60, 30), (90, 200, 90))):
        inked = np.rint(np.array(paper) * (1 - share) + np.array(pen) * share).astype(np.uint8)
        assert reading(recognizer, inked) == expected, (paper, pen)


def test_image_formats_give_the_same_reading(recognizer: Recognizer) -> None:
    grey = drawn_digit(OWN_STROKES[5])
    opaque = np.full_like(grey, 255)
    nothing = np.zeros_like(grey)
    forms = {
        "grey": grey,
        "RGB": np.dstack([grey] * 3),
        "RGBA, opaque": np.dstack([grey, grey, grey, opaque]),
        "white on nothing": np.dstack([opaque, opaque, opaque, grey]),
        "black on nothing": np.dstack([nothing, nothing, nothing, grey]),
        "dark on light": 255 - grey,
        "not contiguous": np.dstack([grey] * 3)[:, ::-1][:, ::-1],
        "Fortran order": np.asfortranarray(grey),
        "read-only": np.broadcast_to(grey[:, :, np.newaxis], (*grey.shape, 3)),
    }
    assert {form: reading(recognizer, image) for form, image in forms.items()} == dict.fromkeys(
        forms, "5"
    )
    assert reading(recognizer, np.dstack([grey, grey, grey, nothing])) == ""


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (4000, 4000), (2, 3, 4)])
def test_blank_images_of_any_size_have_no_digits(
    recognizer: Recognizer, shape: tuple[int, ...]
) -> None:
    assert recognizer.read(np.full(shape, 255, np.uint8)) == []


@pytest.mark.parametrize("invert", [False, True])
def test_boxes_are_in_pixels_of_a_large_image(recognizer: Recognizer, invert: bool) -> None:
    image = np.zeros((4000, 4000), np.uint8)
    for place, digit in (((1000, 900), 4), ((2000, 1000), 7), ((1500, 3000), 2)):
        strokes = place_strokes(OWN_STROKES[digit], side=700, center=place)
        draw_strokes(strokes, image=image, brush=70)
    digits = recognizer.read(255 - image if invert else image)
    assert [digit.label for digit in digits] == [4, 7, 2]
    for digit, (x, y) in zip(digits, [(1000, 900), (2000, 1000), (1500, 3000)], strict=True):
        left, top, width, height = digit.box
        assert left + width / 2 == pytest.approx(x, abs=10)
        assert top + height / 2 == pytest.approx(y, abs=10)
        assert max(width, height) == pytest.approx(770, abs=15)


@pytest.mark.parametrize("sigma", [2, 8, 20, 40, 60])
def test_empty_noisy_paper_has_no_digits(recognizer: Recognizer, sigma: int) -> None:
    light = np.linspace(80, 220, 640)[np.newaxis]
    noise = np.random.default_rng(sigma).normal(0, sigma, (480, 640))
    assert recognizer.read(np.clip(light + noise, 0, 255).astype(np.uint8)) == []


def test_photograph_with_uneven_light_is_read(recognizer: Recognizer) -> None:
    image = np.zeros((480, 800), np.uint8)
    for position, digit in enumerate((9, 0, 2, 6)):
        center = (140 + 170 * position, 240)
        draw_strokes(
            place_strokes(OWN_STROKES[digit], side=130, center=center), image=image, brush=10
        )
    light = np.linspace(55, 220, 800)[np.newaxis]  # 4:1
    ink = cv2.GaussianBlur(image, (0, 0), 1.2) / 255
    noise = np.random.default_rng(1).normal(0, 3, image.shape)
    pen_on_paper = light * (1 - 0.6 * ink) + noise
    chalk_on_board = light * (0.25 + 0.6 * ink) + noise
    for photo in (pen_on_paper, chalk_on_board):
        assert reading(recognizer, np.clip(photo, 0, 255).astype(np.uint8)) == "9026"


def test_ink_must_be_one_of_the_choices() -> None:
    with pytest.raises(ValueError, match="must be one of: auto, light, dark"):
        extract_digits(np.zeros((5, 5), np.uint8), "white")  # type: ignore[arg-type]


def test_invalid_images_are_rejected(recognizer: Recognizer) -> None:
    for image in (np.zeros((28, 28)), np.zeros((0, 28), np.uint8), np.zeros(28, np.uint8)):
        with pytest.raises(InvalidImageError):
            recognizer.read(image)


shapes = st.tuples(st.integers(1, 70), st.integers(1, 70)).flatmap(
    lambda size: st.sampled_from([size, (*size, 3), (*size, 4)])
)


@settings(max_examples=120, deadline=None)
@given(shapes.flatmap(lambda shape: arrays(np.uint8, shape)), st.sampled_from(["auto", "dark"]))
def test_read_accepts_any_image(recognizer: Recognizer, image: np.ndarray, ink: str) -> None:
    digits = recognizer.read(image, ink)
    for digit in digits:
        x, y, width, height = digit.box
        assert x >= 0
        assert y >= 0
        assert width > 0
        assert height > 0
        assert x + width <= image.shape[1]
        assert y + height <= image.shape[0]
        assert digit.frame.shape == (28, 28)
        assert digit.frame.dtype == np.uint8
        assert digit.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert digit.confidence == digit.probabilities[digit.label] == digit.probabilities.max()
    again = recognizer.read(image, ink)
    assert [digit.box for digit in again] == [digit.box for digit in digits]
    assert [digit.label for digit in again] == [digit.label for digit in digits]


@pytest.mark.parametrize("width", [6, 12, 20, 34])
def test_upright_rectangle_is_a_one(width: int) -> None:
    image = np.zeros((280, 280), np.uint8)
    image[40:240, 130 : 130 + width] = 255
    (digit,) = load_recognizer("champion").read(image)
    assert (digit.label, digit.is_digit) == (1, True)
