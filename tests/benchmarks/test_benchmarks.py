"""The metrics, the table and the generated pictures of the accuracy benchmark."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent))

import accuracy
import damaged
import measures
import non_digits
import pictures
import prints
import rims
from measures import (
    AREA,
    MEGABYTES,
    MILLISECONDS,
    PERCENT,
    WHOLE,
    Row,
    area_under_curve,
    calibration_error,
    numbers,
    table,
)
from non_digits import NonDigits
from pictures import PictureFrames, Pictures, digit_frames, extract_frames, plain_frame

from mnist_core import Dataset, Recognizer, load_recognizer

needs_fonts = pytest.mark.skipif(
    not prints.font_files(),
    reason="needs one of the fonts",
)


def make_probabilities(*rows: tuple[int, float]) -> np.ndarray:
    """Probabilities, (n, 10) float32, from a label and its probability per row."""
    probabilities = [np.full(10, (1 - value) / 9) for _, value in rows]
    for row, (label, value) in zip(probabilities, rows, strict=True):
        row[label] = value
    return np.array(probabilities, np.float32).reshape(-1, 10)


@pytest.mark.parametrize(
    ("rows", "labels", "error"),
    [
        ([(3, 1.0), (4, 1.0)], [3, 4], 0.0),
        ([(3, 1.0), (4, 1.0)], [4, 3], 1.0),
        ([(3, 0.8)], [3], 0.2),
        # Errors and correct predictions in one bin cancel out …
        ([(3, 0.5), (3, 0.5)], [3, 4], 0.0),
        # … but not in two bins: 3/4 of 0.1 and 1/4 of 0.6.
        ([(3, 0.9), (3, 0.9), (3, 0.9), (3, 0.6)], [3, 3, 3, 4], 0.75 * 0.1 + 0.25 * 0.6),
    ],
    ids=["perfect", "confidently incorrect", "underconfident", "one bin", "two bins"],
)
def test_calibration_error(rows: list[tuple[int, float]], labels: list[int], error: float) -> None:
    assert calibration_error(make_probabilities(*rows), np.array(labels)) == pytest.approx(
        error, abs=1e-6
    )


@pytest.mark.parametrize(
    ("digits", "counts", "expected"),
    [
        ([], [], []),
        ([], [0, 0], ["", ""]),
        ([7], [1], ["7"]),
        ([1, 0, 2, 9], [0, 3, 0, 1], ["", "102", "", "9"]),
        ([0, 0], [2], ["00"]),
    ],
)
def test_numbers(digits: list[int], counts: list[int], expected: list[str]) -> None:
    probabilities = make_probabilities(*((digit, 0.9) for digit in digits))
    assert numbers(probabilities, np.array(counts, np.int64)).tolist() == expected


@pytest.mark.parametrize(
    ("digits", "others", "area"),
    [
        ([0.8, 0.9], [0.1, 0.2, 0.3], 1.0),
        ([0.1, 0.2], [0.8, 0.9, 1.0], 0.0),
        ([1.0, 1.0, 1.0], [1.0, 1.0], 0.5),
        ([0.5, 0.9], [0.5, 0.1], 0.875),
    ],
    ids=["perfect", "worst", "tied", "one tie"],
)
def test_area_under_curve(digits: list[float], others: list[float], area: float) -> None:
    assert area_under_curve(np.array(digits), np.array(others)) == pytest.approx(area)


def test_detection_compares_digit_scores(
    recognizer: Recognizer, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the non-digits score at the threshold, which is accepted, and half below it."""
    threshold, name = recognizer.card.digit_threshold, recognizer.card.name
    scores = np.array([threshold, threshold, 0, 0], np.float64)
    monkeypatch.setattr(measures, "digit_scores", lambda model, frames: scores)
    known = {name: np.array([1.0, 1.0]), measures.BASELINE: np.array([0.0, 0.0])}
    others = NonDigits(name="non-digits", frames=dataset.x_test[:4])
    area, accepted = measures.detection(others, [recognizer], known)
    assert (area.values[name], area.baseline, accepted.values[name]) == (1.0, 0.0, 0.5)
    assert (area.form, accepted.form, area.count) == (AREA, PERCENT, 4)


def test_certainty_rejects_digits_below_the_threshold_only(
    recognizer: Recognizer, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only pictures with exactly one digit are counted: two of four."""
    threshold, name = recognizer.card.digit_threshold, recognizer.card.name
    collection = Pictures(name="some", truths=["1", "2", "3", "4"], make=lambda index: index)
    extracted = PictureFrames(
        counts=np.array([1, 2, 0, 1]), frames=dataset.x_test[:4], plain=dataset.x_test[:0]
    )
    scored = []

    def scores(model: Recognizer, frames: np.ndarray) -> np.ndarray:
        scored.append(frames)
        return np.array([threshold, threshold - 0.01])

    monkeypatch.setattr(measures, "digit_scores", scores)
    answers = {name: make_probabilities((1, 1.0), (8, 1.0), (8, 1.0), (5, 1.0))}
    rows = measures.certainty(collection, extracted, [recognizer], answers)
    error, rejected, refused_as, unusual = rows
    assert np.array_equal(scored[0], dataset.x_test[[0, 3]])
    assert (error.values[name], rejected.values[name]) == (pytest.approx(0.5), 0.5)
    assert rejected.count == 2
    # The second one is rejected, and would have been read as a 5.
    assert refused_as.values[name] == "0 of 1 right, 4 as 5: 1"
    assert unusual.values[name] == (threshold < recognizer.card.ordinary_threshold) / 2


def test_corrected_counts_the_labels_that_people_chose(dataset: Dataset) -> None:
    answers = {"given": np.eye(10, dtype=np.float32)[dataset.y_test]}
    row = measures.corrected(pictures.mnist_frames(), answers)
    # Ten labels are others, five images are left out.
    assert (row.count, row.values["given"]) == (9995, pytest.approx(9985 / 9995))


def test_table_formats_each_unit() -> None:
    rows = [
        Row(name="share", count=1234, values={"a": 0.98765, "b": 0}, found=1, baseline=0.5),
        Row(name="area", count=2, values={"a": 0.99996, "b": 0.5}, form=AREA),
        Row(name="time", count=3, values={"a": 0.17649}, form=MILLISECONDS),
        Row(name="size", count=None, values={"a": 1.6309, "b": 0.7}, form=MEGABYTES),
        Row(name="weights", count=None, values={"a": 407050, "b": 1}, form=WHOLE),
        Row(name="missing", count=0, values={}),
    ]
    assert table(rows, ["a", "b"]).splitlines() == [
        "|  | images | digits found | `a` | `b` | plain resize, `a` |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| share | 1,234 | 100.00% | 98.77% | 0.00% | 50.00% |",
        "| area | 2 |  | 1.0000 | 0.5000 |  |",
        "| time | 3 |  | 0.176 ms |  |  |",
        "| size |  |  | 1.63 MB | 0.70 MB |  |",
        "| weights |  |  | 407,050 | 1 |  |",
        "| missing | not here | not here | not here | not here | not here |",
    ]


def test_measure_counts_completely_correct_pictures(
    recognizer: Recognizer, dataset: Dataset
) -> None:
    """A picture without a digit is an error."""
    frames = [dataset.x_test[0], dataset.x_test[1], np.zeros((28, 28), np.uint8)]
    collection = Pictures(name="three", truths=["7", "3", "0"], make=lambda index: frames[index])
    with tqdm(disable=True) as progress:
        extracted = extract_frames(collection, digit_frames, progress)
    (row,) = measures.measure(collection, extracted, [recognizer])
    assert extracted.counts.tolist() == [1, 1, 0]
    assert (row.values[recognizer.card.name], row.found) == (1 / 3, 2 / 3)


def test_plain_frame_inverts_dark_on_light() -> None:
    paper = np.full((280, 280, 3), 255, np.uint8)
    paper[100:180, 100:180] = 0
    frame = plain_frame(paper)
    assert (frame.shape, frame.dtype) == ((28, 28), np.uint8)
    assert (frame[0, 0], frame[14, 14]) == (0, 255)
    assert np.array_equal(plain_frame(255 - paper), frame)


def test_cost_of_single_images(recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "TIMED", 3)
    monkeypatch.setattr(accuracy, "TURNS", 2)
    time, size, weights = accuracy.cost([recognizer])
    assert time.count == 6
    assert 0 < time.values["cnn"] < 1000
    assert 0.1 < size.values["cnn"] < 100
    assert weights.values["cnn"] == recognizer.card.parameters


GENERATORS = {
    "letters": pytest.param(non_digits.letters, marks=needs_fonts),
    "scribbles": non_digits.scribbles,
    "textures": non_digits.textures,
    "photographed": non_digits.photographed_textures,
    "halves": damaged.halves,
    "pairs": damaged.joined_pairs,
    "crossed out": damaged.crossed_out,
    "handwriting": damaged.letters_in_handwriting,
}


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS)
def test_non_digits_are_distinct_and_reproducible(make) -> None:
    frames = make(12).frames
    assert (frames.shape, frames.dtype) == ((12, 28, 28), np.uint8)
    assert np.ptp(frames, axis=(1, 2)).min() >= 40, "blank"
    assert len(np.unique(frames, axis=0)) == 12, "duplicates"
    assert np.array_equal(frames, make(12).frames)
    # The frames do not depend on their number.
    assert np.array_equal(frames[:5], make(5).frames)


def test_rims_are_distinct_reproducible_and_mostly_readable(recognizer: Recognizer) -> None:
    assert {family.digit for family in rims.FAMILIES} == set(range(10))
    right = []
    for family in rims.FAMILIES:
        frames = rims.frames_of(family, 4)
        assert len(np.unique(frames, axis=0)) == 4
        assert np.array_equal(frames[:2], rims.frames_of(family, 2))
        right.append(recognizer.classify(frames).argmax(axis=1) == family.digit)
    assert np.mean(right) > 0.7
    lines = rims.rims_table([recognizer, recognizer], 2).splitlines()
    assert len(lines) == 3 + len(rims.FAMILIES)
    assert {line.count("|") for line in lines} == {9}
    assert re.search(r"\| all \| 32 \| (\d+\.\d\d%) \|.* \| \1 \|", lines[-1])


PRINTS = {
    "printed": pytest.param(prints.printed_digits, marks=needs_fonts),
    "ruled": prints.ruled_ones,
}


@pytest.mark.parametrize("make", PRINTS.values(), ids=PRINTS)
def test_prints_are_distinct_and_readable(make) -> None:
    collection = make(12)
    assert len(np.unique([collection.make(index) for index in range(12)], axis=0)) == 12
    assert np.array_equal(collection.make(3), make(12).make(3))
    with tqdm(disable=True) as progress:
        extracted = extract_frames(collection, digit_frames, progress)
    assert extracted.counts.tolist() == [1] * 12
    champion = load_recognizer("champion")
    read = champion.classify(extracted.frames).argmax(axis=1).astype(str)
    accepted = champion.digit_scores(extracted.frames) >= champion.card.digit_threshold
    assert ((read == collection.truths) & accepted).mean() > 0.8


@pytest.mark.parametrize("texture", non_digits.TEXTURES)
def test_textures_use_the_full_range(texture) -> None:
    levels = texture(np.random.default_rng(1), 24, 32)
    assert levels.shape == (24, 32)
    assert (levels.min(), levels.max()) == (0, pytest.approx(1))


def test_letters_do_not_look_like_digits() -> None:
    assert not set(non_digits.LETTERS) & set("OoQDCcUuIilLJjrtZzSsGbBTYyagq0123456789")
    assert len(set(non_digits.LETTERS)) == len(non_digits.LETTERS)


@pytest.mark.skipif(not non_digits.FASHION.is_file(), reason="needs Fashion-MNIST")
def test_fashion_has_all_images() -> None:
    frames = non_digits.fashion().frames
    assert (frames.shape, frames.dtype) == ((10_000, 28, 28), np.uint8)
    # The first image is an ankle boot: most of it is in the lower half.
    assert frames[0, :3].max() == 0
    assert frames[0, 14:].sum() > frames[0, :14].sum()


def test_table_marks_missing_collections(
    recognizer: Recognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(non_digits, "FASHION", tmp_path / "none.gz")
    monkeypatch.setattr(prints, "_font", lambda name: None)
    monkeypatch.setattr(pictures, "DEVELOPMENT_STROKES", tmp_path / "none.gz")
    monkeypatch.setattr(pictures, "DEVELOPMENT_PHOTOS", tmp_path / "none.zip")
    known = {recognizer.card.name: np.ones(2), measures.BASELINE: np.ones(2)}
    rows = []
    for make in (non_digits.fashion, non_digits.letters):
        rows += measures.detection(make(), [recognizer], known)
    for collection in (
        pictures.drawn_strokes(18, certainty=True),
        pictures.scattered_strokes(),
        pictures.photographs(),
        prints.printed_digits(),
    ):
        with tqdm(disable=True) as progress:
            extracted = extract_frames(collection, digit_frames, progress)
        rows += measures.measure(collection, extracted, [recognizer])
    lines = table(rows, [recognizer.card.name]).splitlines()[2:]
    assert len(lines) == 2 * 2 + 5 + 1 + 1 + 5
    assert all(line.count("not here") == 4 for line in lines)
