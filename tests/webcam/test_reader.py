"""Reading video."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from support.sheets import sheet

from mnist_core import InvalidImageError, Recognizer, load_recognizer
from mnist_core.webcam.reader import FrameReader, FrameResult, WebcamSettings

ONE = WebcamSettings(smoothing=1)


@pytest.fixture(scope="module")
def champion() -> Recognizer:
    return load_recognizer("champion")


def read(frame: np.ndarray, recognizer: Recognizer, **changes: object) -> FrameResult:
    changed = {"smoothing": 1, **changes}
    return FrameReader(recognizer).process(frame, WebcamSettings(**changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", [(0,), (1,), (2,), (3,), (4,), (5,), (6,), (7,), (8,), (9,)])
def test_every_digit_is_read(digits: tuple[int, ...], champion: Recognizer) -> None:
    assert read(sheet(*digits), champion).reading == "".join(map(str, digits))


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (1920, 1080), (320, 240)])
def test_number_is_read_left_to_right_at_every_size(
    size: tuple[int, int], champion: Recognizer
) -> None:
    width, height = size
    frame = sheet(4, 7, 2, width=width, height=height, side=height / 4)
    result = read(frame, champion)
    assert result.reading == "472"
    assert result.annotated.shape == frame.shape
    assert result.annotated.dtype == np.uint8
    assert set(np.unique(result.ink)) == {0, 255}
    assert max(result.ink.shape) <= 256
    assert result.elapsed_ms > 0
    assert [digit.label for digit in result.digits] == [4, 7, 2]
    left = [digit.box[0] for digit in result.digits]
    assert left == sorted(left)


def test_light_ink_is_read_automatically_and_on_request(champion: Recognizer) -> None:
    board = sheet(5, paper=50, pen=220)
    assert read(board, champion).reading == "5"
    assert read(board, champion, ink="light").reading == "5"
    assert read(board, champion, ink="dark").reading != "5"
    assert read(sheet(5), champion, ink="dark").reading == "5"


@pytest.mark.parametrize("at", [(90, 240), (600, 240), (320, 48), (320, 430)])
def test_digits_outside_the_region_are_ignored(
    at: tuple[float, float], champion: Recognizer
) -> None:
    frame = sheet(3, side=70, at=at)
    assert read(frame, champion).reading == ""
    assert read(frame, champion, roi=(0.0, 0.0, 1.0, 1.0)).reading == "3"


def test_digits_cut_by_the_region_are_ignored(champion: Recognizer) -> None:
    frame = sheet(8, at=(170, 240))
    assert read(frame, champion).reading == ""


@pytest.mark.parametrize(("mirror", "side"), [(False, "left"), (True, "right")])
def test_what_the_region_cuts_beside_digits_is_said(
    mirror: bool, side: str, champion: Recognizer
) -> None:
    frame = sheet(4, 5, 6, side=100)
    whole = read(frame, champion, mirror=mirror)
    assert (whole.reading, whole.note) == ("456", "")
    # The region ends in the middle of the 4, which is on the right in a mirrored frame.
    left, _, width, _ = whole.digits[0].box
    middle = (left + width / 2) / frame.shape[1]
    roi = (0.02, 0.1, middle - 0.02, 0.8) if mirror else (middle, 0.1, 0.98 - middle, 0.8)
    cut = read(frame, champion, mirror=mirror, roi=roi)
    assert cut.reading == "56"
    assert cut.note == f"One mark was left out: at the {side} border."


def test_region_is_that_of_the_shown_frame(champion: Recognizer) -> None:
    frame = sheet(2, side=120, at=(140, 240))
    left = (0.02, 0.1, 0.4, 0.8)
    right = (0.58, 0.1, 0.4, 0.8)
    assert read(frame, champion, roi=left).reading == "2"
    assert read(frame, champion, roi=right).reading == ""
    # Mirrored, it is shown on the other side, but read unmirrored.
    assert read(frame, champion, roi=right, mirror=True).reading == "2"
    assert read(frame, champion, roi=left, mirror=True).reading == ""


def test_boxes_are_in_pixels_of_the_shown_frame(champion: Recognizer) -> None:
    frame = sheet(4, 7, side=110)
    plain, mirrored = read(frame, champion), read(frame, champion, mirror=True)
    assert [digit.label for digit in plain.digits] == [4, 7]
    for digit, other in zip(plain.digits, mirrored.digits, strict=True):
        left, top, width, height = digit.box
        ink = frame[top : top + height, left : left + width, 0] < 120
        assert 0.05 < ink.mean() < 0.6
        assert abs(other.box[0] - (640 - left - width)) <= 2
        assert other.box[1:] == digit.box[1:]
        around = np.pad(frame[:, :, 0] < 120, 4)[top : top + height + 8, left : left + width + 8]
        assert not around[0].any()
        assert not around[-1].any()


def test_fixed_threshold_separates_ink_from_paper(champion: Recognizer) -> None:
    frame = sheet(6, paper=200, pen=40, noise=0)
    assert read(frame, champion, threshold=120).reading == "6"
    for extreme in (0, 255):
        result = read(frame, champion, threshold=extreme)
        assert result.reading == ""
        assert len(np.unique(result.ink)) == 1
    # Of two pens, of levels 40 and 150, only one is below 100.
    frame[:, 330:] = np.maximum(frame[:, 330:], 150)
    assert (read(frame, champion, threshold=100).ink[:, 140:] == 0).all()


@pytest.mark.parametrize("threshold", [None, 120])
def test_same_frame_gives_the_same_result(threshold: int | None, champion: Recognizer) -> None:
    reader, frame = FrameReader(champion), sheet(9, 1, side=120)
    one = WebcamSettings(smoothing=1, threshold=threshold)
    first = reader.process(frame, one)
    for _ in range(3):
        again = reader.process(frame, one)
        assert (again.ink == first.ink).all()
        assert again.reading == first.reading == "91"
        assert (again.annotated == first.annotated).all()


def test_process_does_not_modify_the_frame(champion: Recognizer) -> None:
    frame = sheet(7)
    before = frame.copy()
    assert (read(frame, champion).annotated != frame).any()
    assert (frame == before).all()


def test_process_without_inference_reads_nothing(champion: Recognizer) -> None:
    reader = FrameReader(champion)
    assert reader.process(sheet(7), ONE).reading == "7"
    result = reader.process(sheet(7), WebcamSettings(inference=False))
    assert (result.reading, result.digits) == ("", [])
    assert result.annotated.shape == (480, 640, 3)
    assert reader.process(sheet(8), ONE).reading == "8"


def test_empty_paper_and_shadows_read_nothing(champion: Recognizer) -> None:
    frame = sheet()
    assert read(frame, champion).reading == ""
    frame[:, 300:] = (frame[:, 300:] * 0.6).astype(np.uint8)
    assert read(frame, champion).reading == ""


def test_paper_edge_finger_and_ruled_lines_are_ignored(
    champion: Recognizer,
) -> None:
    frame = sheet(5, side=130)
    frame[:, :200] = 60  # the table beside the sheet
    for row in range(20, 480, 45):
        frame[row : row + 2, 200:] = np.minimum(frame[row : row + 2, 200:], 150)
    cv2.line(frame, (640, 420), (430, 330), (110, 140, 190), 40)  # a finger
    assert read(frame, champion).reading == "5"


@pytest.mark.parametrize(
    ("digit", "share", "waves", "expected"),
    [(3, 0.6, 0, "3"), (3, 0.4, 0, ""), (1, 0.6, 0, ""), (3, 0.6, 30, "")],
    ids=["even", "too uncertain", "a 1", "uneven"],
)
def test_less_certain_digit_needs_an_even_background(
    digit: int, share: float, waves: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The string network would give a second opinion.
    monkeypatch.setattr("mnist_core.inference.recognizer.load_string_reader", lambda: None)
    uncertain = load_recognizer("champion")
    read_framed, score = uncertain.read_framed, share * uncertain.card.digit_threshold
    monkeypatch.setattr(
        uncertain,
        "read_framed",
        lambda found: [
            replace(one, digit_score=score, is_digit=False) for one in read_framed(found)
        ],
    )
    light = waves * np.sin(np.arange(640) / 20)[np.newaxis, :, np.newaxis]
    frame = np.clip(sheet(digit) + light, 0, 255).astype(np.uint8)
    assert read(frame, load_recognizer("champion")).reading == str(digit)
    assert read(frame, uncertain).reading == expected


def test_texture_reads_nothing(champion: Recognizer) -> None:
    random = np.random.default_rng(3)
    read_anything = 0
    for _ in range(20):
        cloth = cv2.GaussianBlur(random.normal(0, 1, (480, 640)), (0, 0), random.uniform(1, 12))
        cloth = np.clip(128 + 50 * cloth / cloth.std(), 0, 255).astype(np.uint8)
        frame = cv2.cvtColor(cloth, cv2.COLOR_GRAY2BGR)
        read_anything += read(frame, champion).reading != ""
    assert read_anything == 0


# Smoothing


def play(reader: FrameReader, frames: list[np.ndarray], **changes: object) -> list[str]:
    chosen = WebcamSettings(**changes)  # type: ignore[arg-type]
    return [reader.process(frame, chosen).reading for frame in frames]


def test_reading_of_a_steady_digit_is_stable(champion: Recognizer) -> None:
    random = np.random.default_rng(4)
    frames = [
        sheet(3, noise=3, at=(320 + random.uniform(-8, 8), 240 + random.uniform(-8, 8)))
        for _ in range(90)
    ]
    # Every tenth frame shows something else.
    for index in range(5, 90, 10):
        frames[index] = np.full_like(frames[index], 90)
    readings = play(FrameReader(champion), frames)
    changes = [a != b for a, b in pairwise(readings[30:])]
    assert sum(changes) <= 1
    assert set(readings[30:]) == {"3"}


@pytest.mark.parametrize("rate", [30, 15])
def test_reading_follows_a_new_digit_within_half_a_second(rate: int, champion: Recognizer) -> None:
    reader = FrameReader(champion)
    assert play(reader, [sheet(3)] * 3 * rate)[-1] == "3"
    assert "8" in play(reader, [sheet(8)] * (rate // 2))
    assert "" in play(reader, [sheet()] * (rate // 2))


def test_reading_ignores_single_frames(champion: Recognizer) -> None:
    reader = FrameReader(champion)
    play(reader, [sheet(3)] * 20)
    assert set(play(reader, [sheet(8), sheet(3), sheet(), sheet(3)])) == {"3"}
    assert play(reader, [sheet(8)], smoothing=1) == ["8"]


# Invalid and unusual frames


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((0, 640, 3), np.uint8),
        np.zeros((480, 640, 2), np.uint8),
        np.zeros((480, 640, 3), np.float32),
        np.zeros(5, np.uint8),
    ],
)
def test_invalid_frames_are_rejected(frame: np.ndarray, champion: Recognizer) -> None:
    with pytest.raises(InvalidImageError, match="Received"):
        FrameReader(champion).process(frame)


@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (1, 640, 3), (480, 1, 3), (2, 3), (480, 640), (9, 9, 4)]
)
def test_unusual_frames_are_annotated_in_color(
    shape: tuple[int, ...], champion: Recognizer
) -> None:
    result = read(np.full(shape, 90, np.uint8), champion)
    assert result.reading == ""
    assert result.annotated.shape == (*shape[:2], 3)


def test_tiny_regions_and_huge_frames_are_processed(champion: Recognizer) -> None:
    assert read(sheet(3), champion, roi=(0.5, 0.1, 0.001, 0.8)).reading == ""
    assert read(sheet(3), champion, roi=(0.9999, 0.9999, 0.0001, 0.0001)).reading == ""
    huge = cv2.resize(sheet(3), (7680, 4320))
    assert read(huge, champion).reading == "3"


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))),
    st.floats(0, 0.9),
    st.floats(0, 0.9),
    st.floats(0.01, 0.1),
    st.none() | st.integers(0, 255),
    st.sampled_from(["auto", "light", "dark"]),
    st.booleans(),
)
def test_process_accepts_any_frame_and_settings(
    recognizer: Recognizer,
    frame: np.ndarray,
    left: float,
    top: float,
    size: float,
    threshold: int | None,
    ink: str,
    mirror: bool,
) -> None:
    result = read(
        frame, recognizer, roi=(left, top, size, size), threshold=threshold, ink=ink, mirror=mirror
    )
    assert result.annotated.shape == frame.shape
    for x, y, width, height in (digit.box for digit in result.digits):
        assert 0 <= x < x + width <= frame.shape[1]
        assert 0 <= y < y + height <= frame.shape[0]
