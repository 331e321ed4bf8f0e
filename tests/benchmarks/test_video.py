"""What could be wrong in the simulated video without anybody noticing."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import textures
import video
from support.strokes import DEVELOPMENT_STROKES

from mnist_core import Recognizer, load_recognizer
from mnist_core.webcam.reader import WebcamSettings

needs_strokes = pytest.mark.skipif(
    not DEVELOPMENT_STROKES.is_file(), reason="the development strokes are not here"
)
BOTH = ["mnist", pytest.param("strokes", marks=needs_strokes)]


@pytest.mark.parametrize("source", BOTH)
def test_frames_are_the_same_each_time(source: video.Source) -> None:
    made = video.frames(3, 2, 1, source, 28)
    # Fewer are the first of more.
    ((again, text),) = video.frames(3, 1, 1, source, 28)
    ((other, _),) = video.frames(3, 1, 1, source, 29)
    assert text == made[0][1]
    assert np.array_equal(again, made[0][0])
    assert not np.array_equal(again, other)
    assert made[1][0].shape != again.shape


@pytest.mark.parametrize("digits", [1, 3])
def test_frames_have_their_sizes_and_digits(digits: int) -> None:
    made = video.frames(1, 3, digits, "mnist", 28)
    assert [frame.shape for frame, _ in made] == [(720, 1280, 3), (480, 640, 3), (720, 1280, 3)]
    for frame, text in made:
        assert frame.dtype == np.uint8
        assert frame.flags["C_CONTIGUOUS"]
        assert len(text) == digits
        assert text.isdecimal()


@pytest.mark.parametrize("digits", [1, 3])
@pytest.mark.parametrize("severity", [0, 4])
def test_the_number_is_within_the_box(severity: int, digits: int) -> None:
    for index in range(4):
        shot = video.shot(severity, index, digits, "mnist", 28)
        left, top, width, height = shot.place
        box = video.region(shot.frame.shape[1::-1])
        assert box[0] < left < left + width < box[0] + box[2]
        assert box[1] < top < top + height < box[1] + box[3]
        if digits == 1:
            assert 0.3 * box[3] <= max(width, height) <= 0.8 * box[3]
        if severity == 0:
            # It is where it is said to be, to the pixel.
            assert cv2.boundingRect((shot.frame.min(axis=2) < 128).astype(np.uint8)) == (
                pytest.approx(shot.place, abs=2)
            )


def test_the_box_is_the_readers() -> None:
    left, top, width, height = WebcamSettings().roi
    expected = (left * 640, top * 480, width * 640, height * 480)
    assert video.region((640, 480)) == pytest.approx(expected, abs=1)


def test_severities_differ() -> None:
    """The first is a clean black pen on white, and the others are not."""
    frames = [video.shot(severity, 1, 1, "mnist", 28).frame for severity in range(5)]
    assert np.median(frames[0]) >= 240
    for one, other in pairwise(frames):
        assert np.abs(one.astype(int) - other).mean() > 10


@pytest.mark.parametrize(
    ("severity", "digits", "source"),
    [(5, 1, "mnist"), (-1, 1, "mnist"), (0, 0, "mnist"), (0, 1, "")],
)
def test_what_there_is_not(severity: int, digits: int, source: str) -> None:
    with pytest.raises(ValueError, match="Received"):
        video.frames(severity, 1, digits, source, 28)


@pytest.mark.parametrize("source", BOTH)
def test_clean_frames_are_read(source: video.Source, champion: Recognizer) -> None:
    made = video.frames(0, 10, 1, source, 28)
    right = sum(video.read(champion, frame).reading == text for frame, text in made)
    assert right >= 9


def test_nothing_comes_in_kinds() -> None:
    made = video.nothing(2 * len(video.KINDS), 28)
    assert [kind for _, kind in made] == 2 * list(video.KINDS)
    for index, (frame, _) in enumerate(made):
        width, height = video.SIZES[index // len(video.KINDS)]
        assert (frame.shape, frame.dtype) == ((height, width, 3), np.uint8)
        assert np.ptp(frame) >= 40, "blank"
    again = video.nothing(1, 28)
    assert all(np.array_equal(one[0], two[0]) for one, two in zip(made, again, strict=False))


@pytest.mark.parametrize("texture", textures.TEXTURES)
def test_each_texture_is_a_reflectance(texture: str) -> None:
    scene = textures.TEXTURES[texture](120, 160, np.random.default_rng(1))
    assert (scene.shape, scene.dtype) == ((120, 160, 3), np.float32)
    assert 0 <= scene.min() < scene.max() <= 1


def test_classic_frame_is_its_box() -> None:
    """Dark in the frame's middle is light; what is outside the box is not seen."""
    frame = np.full((480, 640, 3), 255, np.uint8)
    frame[200:280, 300:340] = 0
    frame[:, :100] = 0
    seen = video.classic_frame(frame)
    assert (seen.shape, seen.dtype) == ((28, 28), np.uint8)
    assert (seen[14, 14], seen[:4].max(), seen[4:24, 4].max()) == (255, 0, 0)
    around = video.classic_frame(frame, (300, 200, 40, 80))
    assert np.count_nonzero(around) > 2 * np.count_nonzero(seen)


def test_sheets_of_wrong_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "MOST", 6)
    picture = np.zeros((180, 320, 3), np.uint8)
    wrong = [video.Wrong(picture=picture, title=f"{number} read as 7") for number in range(7)]
    files = video.save_sheets(tmp_path / "new", wrong)
    sizes = [cv2.imread(str(path)).shape for path in files]
    height, width = video.CELL[1] + video.LINE, video.COLUMNS * video.CELL[0]
    assert sizes == [(2 * height, width, 3), (height, width, 3)]
    assert video.save_sheets(tmp_path / "none", []) == []


@pytest.fixture(scope="module")
def champion() -> Recognizer:
    return load_recognizer()
