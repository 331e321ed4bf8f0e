"""Classifying and reading with LiteRT."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from support.cards import make_card
from support.linear_networks import LinearNetwork, export_linear_networks
from support.own_strokes import OWN_STROKES, SCRIBBLE
from support.processes import run_with_tensorflow
from support.strokes import drawn_digit

from mnist_core import (
    Dataset,
    Digit,
    InvalidImageError,
    ModelLoadError,
    ModelNotFoundError,
    Recognizer,
    load_recognizer,
)
from mnist_core.inference.recognizer import _sigmoid
from mnist_core.preprocessing.extraction import extract_digits
from mnist_core.registry.card import CARD, TFLITE, write_card
from mnist_core.registry.store import load_card
from mnist_core.storage.paths import models_directory

CONTENT = (models_directory() / "cnn" / TFLITE).read_bytes()


@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65, 1000])
def test_classify_gives_the_same_for_a_batch_and_its_images(
    recognizer: Recognizer, dataset: Dataset, count: int
) -> None:
    frames = dataset.x_test[:count]
    probabilities = recognizer.classify(frames)
    assert probabilities.shape == (count, 10)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(count), abs=1e-5)
    for frame, row in zip(frames, probabilities, strict=True):
        assert (recognizer.classify(frame[np.newaxis])[0] == row).all()


def test_recognizer_is_thread_safe(recognizer: Recognizer, dataset: Dataset) -> None:
    frames = dataset.x_test[:320]
    expected = recognizer.classify(frames)
    drawings = {digit: drawn_digit(strokes) for digit, strokes in OWN_STROKES.items()}
    start = threading.Barrier(16)

    def read_some(worker: int) -> bool:
        start.wait()
        correct = True
        for k in range(40):
            i = (worker * 20 + k) % 320
            correct &= bool((recognizer.classify(frames[i : i + 1])[0] == expected[i]).all())
            if k % 10 == 0:
                digit = (worker + k) % 10
                correct &= [d.label for d in recognizer.read(drawings[digit])] == [digit]
        return correct

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(read_some, range(16)))


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros((1, 28, 27), np.uint8),
        np.zeros((1, 28, 28, 1), np.uint8),
        np.zeros((1, 0, 28), np.uint8),
        np.zeros((0,), np.uint8),
        np.zeros((1, 28, 28), np.float32),
        np.full((1, 28, 28), np.nan),
        np.zeros((1, 28, 28), bool),
        [[1, 2], [3, 4]],
        None,
    ],
)
def test_invalid_frames_are_explained(recognizer: Recognizer, frames: np.ndarray) -> None:
    for method in (recognizer.classify, recognizer.digit_scores):
        with pytest.raises(InvalidImageError, match="Received: shape"):
            method(frames)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 0), np.uint8),
        np.zeros((28, 0, 3), np.uint8),
        np.zeros((28,), np.uint8),
        np.zeros((1, 28, 28), np.uint8),
        np.zeros((28, 28, 5), np.uint8),
        np.zeros((28, 28), np.float64),
        np.full((28, 28), np.nan),
        np.broadcast_to(np.uint8(0), (10_000, 10_000)),
        "seven.png",
        None,
    ],
)
def test_read_explains_invalid_images(recognizer: Recognizer, image: np.ndarray) -> None:
    with pytest.raises(InvalidImageError, match="Received: shape"):
        recognizer.read(image)
    assert [digit.label for digit in recognizer.read(drawn_digit(OWN_STROKES[7]))] == [7]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((280, 280), np.uint8),
        np.full((280, 280, 3), 255, np.uint8),
        np.zeros((280, 280, 4), np.uint8),
        np.zeros((1, 1), np.uint8),
    ],
    ids=["black", "white", "transparent", "one pixel"],
)
def test_read_returns_nothing_without_ink(recognizer: Recognizer, image: np.ndarray) -> None:
    assert recognizer.read(image) == []


def test_digit_holds_the_complete_result(recognizer: Recognizer) -> None:
    (digit,) = recognizer.read(drawn_digit(OWN_STROKES[4]))
    assert digit.label == 4
    assert digit.confidence == digit.probabilities[4] > 0.9
    assert digit.probabilities.shape == (10,)
    assert digit.frame.shape == (28, 28)
    assert digit.is_digit is True
    assert type(digit.digit_score) is type(digit.confidence) is float
    assert recognizer.card.digit_threshold <= digit.digit_score <= 1
    assert digit.runner_up == np.argsort(digit.probabilities)[-2] != 4
    with pytest.raises(dataclasses.FrozenInstanceError):
        digit.label = 5  # type: ignore[misc]


@pytest.mark.parametrize(("threshold", "expected"), [(0.0, False), (1.1, True)])
def test_ordinary_threshold_of_the_card_is_used(threshold: float, expected: bool) -> None:
    recognizer = Recognizer(CONTENT, make_card(digit_threshold=0.0, ordinary_threshold=threshold))
    (digit,) = recognizer.read(drawn_digit(OWN_STROKES[4]))
    assert (digit.text, digit.is_unusual, bool(digit.remark)) == ("4", expected, expected)


@pytest.mark.parametrize(("threshold", "expected"), [(0.0, True), (1.1, False)])
def test_digit_threshold_of_the_card_is_used(
    threshold: float, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The string network may overrule a refusal.
    monkeypatch.setattr("mnist_core.inference.recognizer.load_string_reader", lambda: None)
    recognizer = Recognizer(CONTENT, make_card(digit_threshold=threshold))
    digits: list[Digit] = recognizer.read(drawn_digit(OWN_STROKES[4]))
    assert [digit.is_digit for digit in digits] == [expected]


@pytest.mark.parametrize("count", [0, 1, 63, 64, 300])
def test_digit_scores_are_the_sigmoid_of_the_eleventh_output(
    linear_models: Path,
    linear_layer: tuple[np.ndarray, np.ndarray],
    dataset: Dataset,
    count: int,
) -> None:
    detecting, plain = (load_recognizer(name, linear_models) for name in ("detecting", "plain"))
    frames = dataset.x_test[:count]
    weights, bias = linear_layer
    logit = (frames.reshape(count, 784).astype(float) @ weights + bias)[:, 10]
    scores = detecting.digit_scores(frames)
    assert scores.shape == (count,)
    assert scores.dtype == np.float32
    assert scores == pytest.approx(1 / (1 + np.exp(-logit)), rel=1e-4)
    # It does not change the probabilities of the digits.
    assert detecting.classify(frames) == pytest.approx(plain.classify(frames), abs=1e-5)


@pytest.mark.parametrize("count", [0, 1, 64])
def test_digit_scores_without_an_eleventh_output_are_the_confidence(
    linear_models: Path, dataset: Dataset, count: int
) -> None:
    plain = load_recognizer("plain", linear_models)
    frames = dataset.x_test[:count]
    scores = plain.digit_scores(frames)
    assert scores.shape == (count,)
    assert scores.dtype == np.float32
    assert (scores == plain.classify(frames).max(axis=1, initial=0)).all()


def test_digit_scores_do_not_overflow(linear_models: Path) -> None:
    content = (linear_models / "detecting" / TFLITE).read_bytes()
    frames = np.stack([np.full((28, 28), grey, np.uint8) for grey in (0, 255)])
    with np.errstate(all="raise"):
        nothing, everything = Recognizer(content, make_card()).digit_scores(frames).tolist()
    assert nothing == pytest.approx(1 / (1 + np.exp(-12)), rel=1e-4)
    assert everything == pytest.approx(np.exp(-48), rel=1e-3)


@pytest.mark.parametrize("logit", [-1e4, -100, -20, 0, 20, 1e4])
def test_sigmoid_is_exact_at_both_ends(logit: float) -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        (score,) = _sigmoid(np.array([logit], np.float32))
    assert score.dtype == np.float32
    assert score == pytest.approx(scipy.special.expit(logit), rel=1e-4, abs=1e-44)


def test_scribble_is_a_non_digit(linear_models: Path) -> None:
    detecting = load_recognizer("detecting", linear_models)
    for strokes, expected in ((OWN_STROKES[4], "4"), (OWN_STROKES[0], "0"), (SCRIBBLE, "?")):
        (digit,) = detecting.read(drawn_digit(strokes))
        assert digit.text == expected
        assert digit.is_digit is (expected != "?")
        assert type(digit.digit_score) is float
        assert digit.digit_score == detecting.digit_scores(digit.frame[np.newaxis])[0]
        assert digit.confidence == digit.probabilities[digit.label] == digit.probabilities.max()


@pytest.mark.parametrize("name", ["detecting", "plain"])
def test_digit_score_at_the_threshold_is_a_digit(linear_models: Path, name: str) -> None:
    found = extract_digits(drawn_digit(OWN_STROKES[2])).digits
    recognizer = load_recognizer(name, linear_models)
    (digit,) = recognizer.read_framed(found)
    content = (linear_models / name / TFLITE).read_bytes()
    for threshold, expected in (
        (digit.digit_score, True),
        (float(np.nextafter(digit.digit_score, 2)), False),
        (np.float64(0.0), True),
    ):
        other = Recognizer(content, make_card(temperature=1.0, digit_threshold=threshold))
        (digit,) = other.read_framed(found)
        assert digit.is_digit is expected


def test_temperature_does_not_change_digit_scores(linear_models: Path, dataset: Dataset) -> None:
    content = (linear_models / "detecting" / TFLITE).read_bytes()
    cold, warm = (Recognizer(content, make_card(temperature=t)) for t in (1.0, 3.0))
    frames = dataset.x_test[:50]
    assert (cold.digit_scores(frames) == warm.digit_scores(frames)).all()
    assert (cold.classify(frames).max(axis=1) > warm.classify(frames).max(axis=1)).all()


def test_temperature_of_the_card_is_used(dataset: Dataset) -> None:
    frames = dataset.x_test[:50]
    plain = Recognizer(CONTENT, make_card(temperature=1.0)).classify(frames).astype(float)
    soft = Recognizer(CONTENT, make_card(temperature=2.0)).classify(frames)
    expected = np.sqrt(plain)
    expected /= expected.sum(axis=1, keepdims=True)
    assert soft == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "content",
    [b"", b"TFL3", b"\x00" * 5000, CONTENT[:1000], CONTENT[: len(CONTENT) // 2], b"text" * 1000],
    ids=["empty", "four bytes", "zeros", "beginning", "half", "text"],
)
def test_load_recognizer_explains_damaged_networks(tmp_path: Path, content: bytes) -> None:
    # The card's hash is that of the damaged file, so that only LiteRT can reject it.
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / TFLITE).write_bytes(content)
    card = write_card(make_card("mine"), folder)
    assert card.sha256[TFLITE] == hashlib.sha256(content).hexdigest()
    with pytest.raises(ModelLoadError, match="mine"):
        load_recognizer("mine", tmp_path)


@pytest.mark.slow
def test_recognizer_explains_networks_of_other_shapes(tmp_path: Path) -> None:
    networks = [
        LinearNetwork(path=tmp_path / f"{outputs}.tflite", shape=shape, outputs=outputs)
        for shape, outputs in (((28, 27), 11), ((28, 28), 9), ((28, 28), 12))
    ]
    run_with_tensorflow(export_linear_networks, networks)
    for network in networks:
        with pytest.raises(ModelLoadError, match="does not classify 28x28 images as ten digits"):
            Recognizer(network.path.read_bytes(), make_card())


def test_load_recognizer_explains_a_missing_network(tmp_path: Path) -> None:
    (tmp_path / "cnn").mkdir()
    shutil.copy(models_directory() / "cnn" / CARD, tmp_path / "cnn" / CARD)
    assert load_card("cnn", tmp_path).name == "cnn"
    with pytest.raises(ModelLoadError, match="cannot be read"):
        load_recognizer("cnn", tmp_path)


def test_load_recognizer_explains_that_no_model_exists(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="Train one"):
        load_recognizer(directory=tmp_path)


def test_load_recognizer_loads_the_default_model() -> None:
    assert load_recognizer().card.name == "champion"


def test_load_recognizer_reads_a_card_again_if_the_model_was_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card = load_card("mlp")
    cards = iter([dataclasses.replace(card, sha256={}), card])
    monkeypatch.setattr("mnist_core.inference.recognizer.load_card", lambda *_: next(cards))
    assert load_recognizer("mlp").card == card
