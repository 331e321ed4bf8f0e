"""The best of several readings of an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.everyday_pictures import count_right
from support.own_strokes import OWN_STROKES
from support.sheets import sheet
from support.small_pictures import SMALL_PICTURES, compress
from support.strokes import SHARED, draw_strokes, drawn_digit, place_strokes

from mnist_core import Dataset, Recognizer, load_image, load_recognizer
from mnist_core.inference import selection
from mnist_core.preprocessing import extraction
from mnist_core.preprocessing.segmentation import Mark

CASES = SHARED / "cases"


@pytest.fixture(scope="module")
def champion() -> Recognizer:
    return load_recognizer("champion")


def full_of_marks() -> np.ndarray:
    """A speckled ground, (h, w) uint8."""
    random = np.random.default_rng(5)
    return cv2.resize(random.integers(20, 110, (30, 45), dtype=np.uint8), (1080, 720))


def text(recognizer: Recognizer, image: np.ndarray) -> str:
    return "".join(digit.text for digit in recognizer.read(image))


@pytest.mark.parametrize("name", SMALL_PICTURES)
def test_small_pictures_are_read_whatever_their_format(
    champion: Recognizer, dataset: Dataset, name: str
) -> None:
    indices = np.arange(5, 10_000, 101)  # tests/benchmarks/small.py reads more
    frames, labels = dataset.x_test[indices], dataset.y_test[indices]
    best = (champion.classify(frames).argmax(axis=1) == labels).mean()
    correct = [
        text(champion, SMALL_PICTURES[name](frame)) == str(label)
        for frame, label in zip(frames, labels, strict=True)
    ]
    assert np.mean(correct) >= best - 0.02


@given(st.integers(0, 9_999), st.integers(60, 100), st.booleans())
def test_jpeg_compression_does_not_change_the_reading(
    champion: Recognizer, dataset: Dataset, index: int, quality: int, inverted: bool
) -> None:
    frame = dataset.x_test[index]
    probabilities = champion.classify(frame[np.newaxis])[0]
    if probabilities.max() < 0.999 or champion.digit_scores(frame[np.newaxis])[0] < 0.999:
        return  # an ambiguous digit
    image = compress(255 - frame if inverted else frame, quality)
    assert text(champion, image) == str(probabilities.argmax())


def test_a_picture_without_doubt_is_read_once(
    champion: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "extract_plain_digits", lambda *a: pytest.fail("read again"))
    assert text(champion, drawn_digit(OWN_STROKES[4])) == "4"


def test_the_polarity_is_respected_if_it_is_given(champion: Recognizer, dataset: Dataset) -> None:
    image = compress(dataset.x_test[0], 75)
    assert [digit.text for digit in champion.read(image, "light")] == ["7"]
    assert [digit.text for digit in champion.read(image, "dark")] != ["7"]


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 3), (28, 28, 4), (1, 1), (300, 2)])
def test_an_empty_picture_has_no_digits(
    champion: Recognizer, shape: tuple[int, ...], level: int
) -> None:
    assert champion.read(np.full(shape, level, np.uint8)) == []


def test_noise_is_not_a_number(champion: Recognizer) -> None:
    random = np.random.default_rng(3)
    for side in (28, 64, 200):
        noise = random.integers(0, 256, (side, side)).astype(np.uint8)
        assert not any(digit.is_digit for digit in champion.read(noise))


@pytest.mark.skipif(not CASES.is_dir(), reason="needs the development pictures")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("small_1.jpg", "0"),
        ("small_2.png", "5"),
        ("small_3.jpg", "0"),
        ("tight_1.jpg", "5"),
        ("pasted_1.png", "4"),
        ("desk_4.png", "358"),
        ("card_2.jpg", "2047"),
    ],
)
def test_development_pictures(champion: Recognizer, name: str, expected: str) -> None:
    assert text(champion, load_image(Path(CASES / name))) == expected


def test_quick_reading_of_an_unfinished_drawing_tries_one_way(champion: Recognizer) -> None:
    """It reads the same in each state of each digit, though many of them leave a doubt."""
    doubts = 0
    for strokes in OWN_STROKES.values():
        first, *_ = place_strokes(strokes, side=180, center=(140, 140))
        for end in range(2, len(first), 4):
            image = draw_strokes([first[:end]])
            whole, quick = champion.analyze(image), champion.analyze(image, quick=True)
            assert quick.text == whole.text
            assert len(quick.considered) == 1
            doubts += len(whole.considered) > 1
    assert doubts > 20


def test_overexposed_paper_is_read_as_a_photograph(dataset: Dataset, champion: Recognizer) -> None:
    # Half of it has a single level, as the ground of a blurred drawing has: as one, 28 are read.
    assert count_right("overexposed photograph", 40, dataset, champion) >= 35


@pytest.mark.parametrize("degrees", [-28, -15, 15, 28])
def test_a_turned_row_is_read_level(champion: Recognizer, degrees: int) -> None:
    image = sheet(8, 3, 7, 2, width=800, height=600, side=120)
    turn = cv2.getRotationMatrix2D((400, 300), degrees, 1)
    turned = cv2.warpAffine(image, turn, (800, 600), borderMode=cv2.BORDER_REPLICATE)
    reading = champion.analyze(turned)
    assert reading.text == "8372"
    assert "level" in [other.hypothesis for other in reading.considered]
    for digit in reading.digits:
        left, top, width, height = digit.box
        assert turned[top : top + height, left : left + width].min() < 80


@pytest.mark.parametrize(
    ("box", "unevenness"),
    [
        pytest.param((500, 300, 40, 60), 0.8, id="an eye, among the outlines of a face"),
        pytest.param((0, 0, 400, 720), 0.0, id="the wall beside a face"),
        pytest.param((500, 300, 40, 60), 0.0, id="a digit"),
    ],
)
def test_other_polarity_is_doubted_for_what_else_looks_like_ink(
    champion: Recognizer,
    monkeypatch: pytest.MonkeyPatch,
    box: tuple[int, int, int, int],
    unevenness: float,
) -> None:
    extract = extraction.extract_digits(sheet(7))
    digits = [replace(extract.digits[0], box=box, unevenness=unevenness)]
    inverted = replace(extract, digits=digits, left_out=[])
    monkeypatch.setattr(selection, "extract_inverted_digits", lambda _: inverted)
    reading = champion.analyze(full_of_marks())
    assert any(other.hypothesis == "other polarity" for other in reading.considered)
    is_digit = box[0] > 0 and not unevenness
    assert any(digit.is_digit for digit in reading.digits) == is_digit


@pytest.mark.parametrize(("digit", "is_read"), [(1, False), (7, True)])
def test_a_bare_stroke_that_was_refused_in_a_photograph_is_no_one(
    champion: Recognizer, monkeypatch: pytest.MonkeyPatch, digit: int, is_read: bool
) -> None:
    plain = extraction.extract_digits(sheet(digit, width=500, height=320, side=140))
    monkeypatch.setattr(selection, "extract_plain_digits", lambda *_: plain)
    reading = champion.analyze(full_of_marks())
    assert "plain, dark ink" in [other.hypothesis for other in reading.considered]
    assert (reading.text == str(digit)) == is_read


def test_lines_that_are_kept_make_no_non_digit_of_a_digit(
    champion: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = sheet(6, 2, 8, 3, width=700, height=320, side=100)
    found = extraction.extract_digits(image)
    # Many remains of lines are left out. With the lines, boxes are larger, and one is no digit.
    remains = [Mark(box=(40 * place, 5, 30, 4), reason="speck") for place in range(12)]
    erased = replace(found, erased=True, left_out=remains)
    *first, last = (replace(d, box=(d.box[0], 0, d.box[2], 320)) for d in found.digits)
    grid = np.zeros((28, 28), np.uint8)
    grid[4:24:5] = grid[:, 4:24:5] = 255
    kept = replace(erased, digits=[*first, replace(last, frame=grid)], left_out=[])

    def extract(*_: object, keep_lines: bool = False) -> extraction.Extract:
        return kept if keep_lines else erased

    monkeypatch.setattr(selection, "extract_digits", extract)
    monkeypatch.setattr(selection, "extract_surfaces", lambda *_: ())
    monkeypatch.setattr(selection._Reader, "_read_plain", lambda _, best: best)
    reading = champion.analyze(image)
    assert [other.text for other in reading.considered] == ["6283", "628?"]
    assert reading.text == "6283"


def two_sizes(small: str) -> np.ndarray:
    """A large 472, and a number of a third of its height below it."""
    image = np.zeros((520, 700), np.uint8)
    for number, side, y in (("472", 240, 160), (small, 70, 440)):
        for place, digit in enumerate(number):
            center = (120 + (0.95 * place) * side, y)
            strokes = place_strokes(OWN_STROKES[int(digit)], side=side, center=center)
            draw_strokes(strokes, image=image, brush=0.09 * side)
    return image


def test_small_row_is_read_if_it_is_certain(champion: Recognizer) -> None:
    reading = champion.analyze(two_sizes("36"))
    assert reading.text == "47236"
    assert reading.note == ""
    # Ones alone are strokes of anything.
    reading = champion.analyze(two_sizes("11"))
    assert reading.text == "472"
    assert len(reading.left_out) == 2


def test_single_small_number_in_a_large_photograph_is_read(champion: Recognizer) -> None:
    image = np.full((1200, 1600), 200, np.uint8)
    image += np.random.default_rng(4).integers(0, 8, image.shape, dtype=np.uint8)
    ink = draw_strokes(
        place_strokes(OWN_STROKES[4], side=22, center=(20, 20)), width=40, height=40, brush=3
    )
    image[700:740, 900:940] = np.where(ink > 0, 200 - ink // 255 * 140, image[700:740, 900:940])
    assert text(champion, image) == "4"


@pytest.mark.parametrize("most", [selection._MOST, 10], ids=["some", "too many to be digits"])
def test_a_card_on_a_ground_full_of_marks_is_read_first(
    champion: Recognizer, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(selection, "_MOST", most)
    image = full_of_marks()
    image[200:520, 300:800] = sheet(6, 2, width=500, height=320, side=140)[:, :, 0]
    reading = champion.analyze(image)
    assert reading.text == "62"
    assert [other.hypothesis for other in reading.considered] == ["normal", "surface"]
