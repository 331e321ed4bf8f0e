"""Labelled images in the shapes that people keep them in."""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from support.cards import make_card

from mnist_core import Dataset, DatasetError, Recognizer, TrainingConfig, evaluate, list_models
from mnist_core.data import split_training
from mnist_core.evaluation.datasets import mnist_test, mnist_validation, scikit_learn_digits
from mnist_core.evaluation.labelled_images import (
    MAX_FRAMES,
    MAX_PICTURES,
    LabelledImages,
    find_frame,
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
def test_what_is_no_labelled_set_is_explained(images: Any, labels: Any, message: str) -> None:
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
def test_frames_come_through_whatever_their_shape_and_numbers(
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
def test_labels_come_through_whatever_their_shape(frames: np.ndarray, labels: np.ndarray) -> None:
    assert label_arrays("mine", frames, labels).labels.tolist() == LABELS.tolist()


def test_one_image_is_a_set(frames: np.ndarray) -> None:
    for images, labels in ((frames[0], np.array(7)), (frames[:1], np.array([7]))):
        result = label_arrays("mine", images, labels)
        assert (result.images == frames[:1]).all()
        assert result.labels.tolist() == [7]


def test_black_and_white_is_black_and_white(frames: np.ndarray) -> None:
    result = label_arrays("mine", frames > 127, LABELS)
    assert (result.images == np.where(frames > 127, 255, 0)).all()


def test_dark_ink_is_turned_light(frames: np.ndarray) -> None:
    result = label_arrays("mine", 255 - frames, LABELS)
    assert (result.images == frames).all()
    assert "inverted" in result.notes[0]


def test_digits_are_found_in_larger_pictures(frames: np.ndarray, recognizer: Recognizer) -> None:
    paper = np.full((6, 100, 90, 3), 255, np.uint8)
    for picture, frame in zip(paper, frames, strict=True):
        picture[20:76, 10:66] -= cv2.resize(frame, (56, 56))[:, :, None]
    result = label_arrays("photos", np.concatenate([paper, paper[:1] * 0 + 255]), [*LABELS, 3])
    assert evaluate(recognizer, result.images[:6], LABELS).accuracy == 1
    assert (result.images[6] == 0).all()
    assert "90x100" in result.notes[0]
    assert "one picture no digit was found" in result.notes[1]


def test_the_largest_digit_of_a_picture_is_taken(
    frames: np.ndarray, recognizer: Recognizer
) -> None:
    picture = np.zeros((120, 200), np.uint8)
    picture[10:66, 10:66] = cv2.resize(frames[0], (56, 56))
    picture[80:108, 140:168] = frames[1]
    frame = find_frame(picture)
    assert frame is not None
    assert recognizer.classify(frame[np.newaxis]).argmax() == LABELS[0]


def test_sets_that_are_too_large_are_refused() -> None:
    labels = np.zeros(MAX_FRAMES + 1, int)
    # Zeros take no memory until they are looked at.
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
def test_any_arrays_make_a_set_or_an_explanation(images: np.ndarray, labels: np.ndarray) -> None:
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
def test_a_set_is_checked_when_it_is_made(images: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(DatasetError, match="Received"):
        LabelledImages(name="mine", images=images, labels=labels)


def test_the_digest_tells_sets_apart_by_what_is_in_them(frames: np.ndarray) -> None:
    one = label_arrays("one", frames, LABELS)
    assert one.digest == label_arrays("other name", frames / 255, LABELS[:, None]).digest
    assert one.digest != label_arrays("one", frames, (LABELS + 1) % 10).digest
    assert one.digest != label_arrays("one", frames[::-1], LABELS).digest


def test_mnist_test_is_the_test_half(dataset: Dataset) -> None:
    assert mnist_test() is mnist_test()
    assert mnist_test().images is dataset.x_test
    assert (mnist_test().labels == dataset.y_test).all()


def test_the_validation_images_give_the_cards_accuracy(
    recognizer: Recognizer, dataset: Dataset
) -> None:
    data = mnist_validation([recognizer.card])
    assert len(data.images) == 5000
    sample = evaluate(recognizer, data.images, data.labels)
    assert sample.accuracy == pytest.approx(recognizer.card.validation_accuracy)


def test_no_model_is_judged_on_what_it_learnt_from(dataset: Dataset) -> None:
    cards = [make_card(seed=seed, configuration={"validation_fraction": 0.3}) for seed in (1, 2, 3)]
    data = mnist_validation(cards)
    common = set.intersection(*(set(split_training(seed, 0.3)[0].tolist()) for seed in (1, 2, 3)))
    assert len(data.images) == len(common)
    assert "none of these models" in data.notes[0]
    assert (data.images == dataset.x_train[sorted(common)]).all()


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"validation_fraction": "half"},
        {"validation_fraction": None},
        {"validation_fraction": 2},
        {"validation_fraction": float("nan")},
    ],
)
def test_a_card_that_does_not_tell_its_split_is_explained(configuration: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match="Received: model 'mine'"):
        mnist_validation([make_card(configuration=configuration)])


def test_models_without_a_common_image_are_explained() -> None:
    cards = [
        make_card(f"m{seed}", seed=seed, configuration={"validation_fraction": 0.01})
        for seed in range(4)
    ]
    with pytest.raises(DatasetError, match="m0, m1, m2, m3"):
        mnist_validation(cards)


def test_the_split_of_a_training_is_the_one_it_always_was() -> None:
    held, kept = split_training(TrainingConfig.seed, TrainingConfig.validation_fraction)
    order = np.random.default_rng(1998).permutation(60_000)
    assert (held == order[:5000]).all()
    assert (kept == order[5000:]).all()


@pytest.mark.slow
def test_scikit_learns_digits_are_read_as_the_readme_says(recognizer: Recognizer) -> None:
    data = scikit_learn_digits()
    assert len(data.images) == 1797
    assert "8x8" in data.notes[0]
    assert evaluate(recognizer, data.images, data.labels).accuracy == pytest.approx(0.954, abs=0.01)


def test_every_bundled_card_tells_its_split() -> None:
    data = mnist_validation(list_models())
    assert len(data.labels) > 100
    assert dataclasses.is_dataclass(data)
