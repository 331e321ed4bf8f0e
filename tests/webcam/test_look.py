"""One look at a region: what is written, and whether a closer look is worth it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support.sheets import sheet
from support.words import write_word

from mnist_core import Recognizer, load_recognizer
from mnist_core.webcam.look import Look, look_at
from mnist_core.webcam.settings import WebcamSettings


@pytest.fixture(scope="module")
def champion() -> Recognizer:
    return load_recognizer("champion")


def look(picture: np.ndarray, recognizer: Recognizer) -> Look:
    return look_at(picture, recognizer, WebcamSettings())


def text(seen: Look) -> str:
    return "".join(digit.text for digit in seen.written)


def test_plain_paper_with_a_digit_leaves_no_doubt(champion: Recognizer) -> None:
    seen = look(sheet(5), champion)
    assert text(seen) == "5"
    assert not seen.is_doubtful


def test_paper_without_digits_and_cut_digits_leave_a_doubt(champion: Recognizer) -> None:
    assert look(sheet(), champion).is_doubtful
    cut = look(sheet(5, 3, 7, side=100, at=(70, 240)), champion)
    assert cut.cut
    assert cut.is_doubtful
    assert "left border" in cut.note
    assert "right border" in cut.mirrored().note


@pytest.mark.parametrize("side", [44, 50, 56, 64])
def test_no_digit_of_a_row_is_lost_because_it_is_a_little_lower(
    champion: Recognizer, side: int
) -> None:
    # A tenth of the region's height is 48 pixels.
    frame = sheet(3, 1, 7, 0, 9, 4, width=640, height=480, side=side)
    assert text(look(frame, champion)) in ("", "317094")


def test_small_digits_are_looked_at_twice(champion: Recognizer) -> None:
    frame = sheet(2, 8, 6, width=1280, height=720, side=80)
    seen = look(frame, champion)
    assert text(seen) == "286"
    assert seen.size == (1280, 720)
    for digit in seen.written:
        left, top, width, height = digit.box
        assert frame[top : top + height, left : left + width].min() < 100


@pytest.mark.parametrize("word", ["each", "for", "this"])
def test_letters_of_a_word_are_no_digits(champion: Recognizer, word: str) -> None:
    ink = write_word(word, "spaced", np.random.default_rng(3))
    scale = min(500 / ink.shape[1], 200 / ink.shape[0])
    ink = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = sheet()
    top, left = (240 - len(ink) // 2, 320 - ink.shape[1] // 2)
    part = frame[top : top + len(ink), left : left + ink.shape[1]]
    part -= (part * (ink[:, :, np.newaxis] / 300)).astype(np.uint8)
    assert text(look(frame, champion)).strip("?") == ""
