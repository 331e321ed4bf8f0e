"""Labeled images, and arrays of many shapes and ranges as such."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from support.cluttered import CLUTTERED

from mnist_core import Dataset, DatasetError, Recognizer, evaluate
from mnist_core.errors import ClutteredImageError
from mnist_core.evaluation.labelled_images import (
    MAX_FRAMES,
    MAX_LEVELS,
    MAX_PICTURES,
    LabelledImages,
    find_frame,
    in_time,
    label_arrays,
)


@pytest.fixture(scope="module")
def frames(dataset: Dataset) -> np.ndarray:
    """Six frames."""
    return dataset.x_test[:6]


LABELS = np.array([7, 2, 1, 0, 4, 1])


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((0, 28, 28), np.uint8), [], "no images"),
        (np.zeros((0, 784)), [], "no images"),
        (np.zeros((3, 28, 28), np.uint8), [], "one for each image"),
        (np.zeros((3, 28, 28), np.uint8), [1, 2], "Received: 3 images"),
        (np.zeros((2, 28, 28), np.uint8), [1, 10], "digits 0 to 9"),
        (np.zeros((2, 28, 28), np.uint8), [-1, 1], "from -1 to 1"),
        (np.zeros((2, 28, 28), np.uint8), [1.5, 2], "whole numbers"),
        (np.zeros((2, 28, 28), np.uint8), [np.nan, 2], "whole numbers"),
        (np.zeros((2, 28, 28), np.uint8), ["one", "two"], "whole numbers"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros((2, 10)), "a 1 in the place"),
        (np.zeros((2, 28, 28), np.uint8), np.full((2, 10), 0.1), "a 1 in the place"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros((2, 3)), "one for each image"),
        (np.zeros((2, 785), np.uint8), [1, 2], "shape"),
        (np.zeros((2, 28, 28, 5), np.uint8), [1, 2], "shape"),
        (np.zeros(784, np.uint8), [1], "shape"),
        (np.full((1, 28, 28), 256), [1], "0 to 255"),
        (np.full((1, 28, 28), -2.0), [1], "0 to 255"),
        (np.full((1, 28, 28), np.nan), [1], "0 to 255"),
        (np.full((1, 28, 28), np.inf), [1], "0 to 255"),
        (np.full((1, 28, 28), "ink"), [1], "numbers"),
        (np.full((1, 28, 28), 1j), [1], "numbers"),
    ],
)
def test_label_arrays_explains_invalid_arrays(images: Any, labels: Any, message: str) -> None:
    with pytest.raises(DatasetError, match="Received") as caught:
        label_arrays("mine", images, np.array(labels))
    assert message in str(caught.value)


@pytest.mark.parametrize("shape", [(6, 28, 28), (6, 784), (6, 28, 28, 1), (6, 1, 28, 28)])
@pytest.mark.parametrize(
    "numbers",
    [
        lambda levels: levels,
        lambda levels: levels.astype(np.int64),
        lambda levels: levels.astype(np.float32),
        lambda levels: levels / 255,
        lambda levels: levels / 127.5 - 1,
    ],
)
def test_label_arrays_accepts_shapes_and_ranges(
    frames: np.ndarray, shape: tuple[int, ...], numbers: Any
) -> None:
    result = label_arrays("mine", numbers(frames).reshape(shape), LABELS)
    assert result.images.dtype == np.uint8
    assert (result.images == frames).all()
    assert result.labels.tolist() == LABELS.tolist()
    assert result.notes == ()


@pytest.mark.parametrize(
    "labels",
    [LABELS, LABELS.astype(np.uint8), LABELS.astype(float), LABELS[:, None], np.eye(10)[LABELS]],
)
def test_label_arrays_accepts_label_formats(frames: np.ndarray, labels: np.ndarray) -> None:
    assert label_arrays("mine", frames, labels).labels.tolist() == LABELS.tolist()


def test_label_arrays_accepts_one_image(frames: np.ndarray) -> None:
    for images, labels in ((frames[0], np.array(7)), (frames[:1], np.array([7]))):
        result = label_arrays("mine", images, labels)
        assert (result.images == frames[:1]).all()
        assert result.labels.tolist() == [7]


def test_label_arrays_accepts_booleans(frames: np.ndarray) -> None:
    result = label_arrays("mine", frames > 127, LABELS)
    assert (result.images == np.where(frames > 127, 255, 0)).all()


def test_label_arrays_inverts_dark_ink(frames: np.ndarray) -> None:
    result = label_arrays("mine", 255 - frames, LABELS)
    assert (result.images == frames).all()
    assert "inverted" in result.notes[0]


def test_label_arrays_finds_digits_in_larger_pictures(
    frames: np.ndarray, recognizer: Recognizer
) -> None:
    paper = np.full((6, 100, 90, 3), 255, np.uint8)
    for picture, frame in zip(paper, frames, strict=True):
        picture[20:76, 10:66] -= cv2.resize(frame, (56, 56))[:, :, None]
    result = label_arrays("photos", np.concatenate([paper, paper[:1] * 0 + 255]), [*LABELS, 3])
    assert evaluate(recognizer, result.images[:6], LABELS).accuracy == 1
    assert (result.images[6] == 0).all()
    assert "90x100" in result.notes[0]
    assert "one picture no digit was found" in result.notes[1]


def test_find_frame_takes_the_largest_digit(frames: np.ndarray, recognizer: Recognizer) -> None:
    picture = np.zeros((120, 200), np.uint8)
    picture[10:66, 10:66] = cv2.resize(frames[0], (56, 56))
    picture[80:108, 140:168] = frames[1]
    frame = find_frame(picture)
    assert frame is not None
    assert recognizer.classify(frame[np.newaxis]).argmax() == LABELS[0]


def test_label_arrays_rejects_sets_that_are_too_large() -> None:
    labels = np.zeros(MAX_FRAMES + 1, int)
    # The pages of a zeroed array take no memory until they are read.
    with pytest.raises(DatasetError, match="at most 70,000"):
        label_arrays("mine", np.zeros((MAX_FRAMES + 1, 28, 28), np.uint8), labels)
    with pytest.raises(DatasetError, match="at most 10,000 pictures"):
        label_arrays(
            "mine", np.zeros((MAX_PICTURES + 1, 9, 9), np.uint8), labels[: MAX_PICTURES + 1]
        )


@settings(max_examples=60, deadline=None)
@given(
    npst.arrays(
        st.sampled_from([np.uint8, np.int16, np.float32, np.bool_]),
        npst.array_shapes(min_dims=0, max_dims=4, max_side=6),
    ),
    npst.arrays(np.int8, npst.array_shapes(min_dims=0, max_dims=2, max_side=6)),
)
def test_label_arrays_accepts_or_explains_any_arrays(
    images: np.ndarray, labels: np.ndarray
) -> None:
    try:
        result = label_arrays("foreign", images, labels)
    except DatasetError as error:
        assert "Received" in str(error)
    else:
        assert result.images.shape == (len(result.labels), 28, 28)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((0, 28, 28), np.uint8), np.array([], int)),
        (np.zeros((1, 28, 28)), np.array([1])),
        (np.zeros((1, 27, 28), np.uint8), np.array([1])),
        (np.zeros((1, 28, 28), np.uint8), np.array([11])),
    ],
)
def test_labelled_images_are_validated(images: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(DatasetError, match="Received"):
        LabelledImages(name="mine", images=images, labels=labels)


def test_digest_depends_on_images_and_labels_alone(frames: np.ndarray) -> None:
    one = label_arrays("one", frames, LABELS)
    assert one.digest == label_arrays("other name", frames / 255, LABELS[:, None]).digest
    assert one.digest != label_arrays("one", frames, (LABELS + 1) % 10).digest
    assert one.digest != label_arrays("one", frames[::-1], LABELS).digest


def test_label_arrays_limits_the_numbers_in_pictures() -> None:
    # Takes no memory: all pictures are one.
    pictures = np.broadcast_to(np.uint8(0), (9_000, 170, 170))
    assert pictures.size > MAX_LEVELS
    with pytest.raises(DatasetError, match="at most 250,000,000 numbers"):
        label_arrays("many", pictures, np.zeros(9_000, int))


def test_label_arrays_of_boolean_frames_takes_little_memory() -> None:
    frames = np.zeros((5_000, 28, 28), bool)
    frames[:, 4:20, 13:16] = True
    tracemalloc.start()
    found = label_arrays("boolean", frames, np.zeros(5_000, int))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(np.unique(found.images)) == {0, 255}
    assert peak < 3 * frames.nbytes


def test_in_time_stops_and_tells_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_core.evaluation.labelled_images.MAX_SECONDS", 0.01)

    def frames() -> Iterator[None]:
        while True:
            yield None

    with pytest.raises(DatasetError, match=r"longer than 0.01 s.*9 pictures, [\d,]+ read"):
        in_time(frames(), 9)


def test_find_frame_gives_up_on_a_cluttered_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_core.evaluation.labelled_images.READING_SECONDS", 0)
    with pytest.raises(ClutteredImageError, match="Crop it"):
        find_frame(CLUTTERED["300 strokes on the canvas"]())
