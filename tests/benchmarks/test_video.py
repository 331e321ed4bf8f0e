"""The simulated frames of the video benchmark, which must not change between runs."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import filming
import textures
import thresholds
import video
from digit_sources import Source
from support.strokes import DEVELOPMENT_STROKES
from video_frames import KINDS, SIZES, film_without_digits, make_shot

from mnist_core import load_recognizer
from mnist_core.webcam.reader import WebcamSettings

needs_strokes = pytest.mark.skipif(
    not DEVELOPMENT_STROKES.is_file(), reason="needs the development strokes"
)
SOURCES = ["mnist", pytest.param("strokes", marks=needs_strokes)]


@pytest.mark.parametrize("source", SOURCES)
def test_make_shot_depends_on_the_seed_only(source: Source) -> None:
    shot, again = (make_shot(3, 0, 1, source, 28) for _ in range(2))
    assert again.text == shot.text
    assert np.array_equal(again.frame, shot.frame)
    assert not np.array_equal(make_shot(3, 0, 1, source, 29).frame, shot.frame)


@pytest.mark.parametrize("digits", [1, 3])
def test_make_shot_alternates_between_sizes(digits: int) -> None:
    shots = [make_shot(1, index, digits, "mnist", 28) for index in range(3)]
    assert [shot.frame.shape for shot in shots] == [(720, 1280, 3), (480, 640, 3), (720, 1280, 3)]
    for shot in shots:
        assert shot.frame.dtype == np.uint8
        assert shot.frame.flags["C_CONTIGUOUS"]
        assert len(shot.text) == digits
        assert shot.text.isdecimal()


@pytest.mark.parametrize("digits", [1, 3])
@pytest.mark.parametrize("severity", [0, 4])
def test_make_shot_writes_inside_the_region_of_interest(severity: int, digits: int) -> None:
    for index in range(4):
        shot = make_shot(severity, index, digits, "mnist", 28)
        left, top, width, height = shot.box
        roi = filming.roi_box(shot.frame.shape[1::-1])
        assert roi[0] < left < left + width < roi[0] + roi[2]
        assert roi[1] < top < top + height < roi[1] + roi[3]
        if digits == 1:
            assert 0.3 * roi[3] <= max(width, height) <= 0.8 * roi[3]
        if severity == 0:
            ink = (shot.frame.min(axis=2) < 128).astype(np.uint8)
            assert cv2.boundingRect(ink) == pytest.approx(shot.box, abs=2)


def test_roi_box_is_that_of_the_reader() -> None:
    left, top, width, height = WebcamSettings().roi
    expected = (left * 640, top * 480, width * 640, height * 480)
    assert filming.roi_box((640, 480)) == pytest.approx(expected, abs=1)


def test_severities_differ() -> None:
    frames = [make_shot(severity, 1, 1, "mnist", 28).frame for severity in range(5)]
    assert np.median(frames[0]) >= 240, "the first is a clean black pen on white"
    for frame, harder in pairwise(frames):
        assert np.abs(frame.astype(int) - harder).mean() > 10


@pytest.mark.parametrize("source", SOURCES)
def test_read_is_correct_for_clean_frames(source: Source) -> None:
    recognizer = load_recognizer()
    shots = [make_shot(0, index, 1, source, 28) for index in range(10)]
    assert sum(video.read(recognizer, shot.frame).reading == shot.text for shot in shots) >= 9


def test_film_without_digits_takes_turns() -> None:
    shots = [film_without_digits(index, 28) for index in range(2 * len(KINDS))]
    assert [kind for _, kind in shots] == 2 * list(KINDS)
    for index, (frame, _) in enumerate(shots):
        width, height = SIZES[index // len(KINDS)]
        assert (frame.shape, frame.dtype) == ((height, width, 3), np.uint8)
        assert np.ptp(frame) >= 40, "blank"
    assert np.array_equal(film_without_digits(0, 28)[0], shots[0][0])


@pytest.mark.parametrize("texture", textures.TEXTURES)
def test_textures_are_reflectances(texture: str) -> None:
    scene = textures.TEXTURES[texture](120, 160, np.random.default_rng(1))
    assert (scene.shape, scene.dtype) == ((120, 160, 3), np.float32)
    assert 0 <= scene.min() < scene.max() <= 1


def test_classic_frame_is_the_inverted_box() -> None:
    """Ink in the middle of the frame is light; ink outside the box is not in the result."""
    frame = np.full((480, 640, 3), 255, np.uint8)
    frame[200:280, 300:340] = 0
    frame[:, :100] = 0
    result = video.classic_frame(frame)
    assert (result.shape, result.dtype) == ((28, 28), np.uint8)
    assert (result[14, 14], result[:4].max(), result[4:24, 4].max()) == (255, 0, 0)
    known = video.classic_frame(frame, (300, 200, 40, 80))
    assert np.count_nonzero(known) > 2 * np.count_nonzero(result)


@pytest.mark.slow
def test_thresholds_take_the_place_of_the_projects_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = dict.fromkeys(thresholds.METHODS, np.zeros_like)
    own, *others = thresholds.METHODS
    monkeypatch.setattr(thresholds, "METHODS", {**nothing, own: None})
    monkeypatch.setattr("sys.argv", ["thresholds.py", "--frames", "1"])
    thresholds.main()
    rows = dict(line.strip("| ").split(" | ", 1) for line in capsys.readouterr().out.splitlines())
    assert rows[own].startswith("100.0%")
    for name in others:
        assert set(rows[name].split(" | ")) == {"0.0%"}  # nothing is ink
