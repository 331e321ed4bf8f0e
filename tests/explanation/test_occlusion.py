"""Explanations by occlusion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_core import Dataset, InvalidImageError, Recognizer
from mnist_core.explanation.occlusion import Explanation, explain


def corner_classifier(frames: np.ndarray) -> np.ndarray:
    """Predicts a 3 by the ink in the upper left corner, else an 8; ignores all other pixels."""
    logits = np.zeros((len(frames), 10), np.float32)
    logits[:, 3] = 4 * frames[:, :6, :6].mean(axis=(1, 2)) / 255
    logits[:, 8] = 1
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def gap_classifier(frames: np.ndarray) -> np.ndarray:
    """Predicts a 9 if there is ink at the top center, else a 4."""
    closed = frames[:, 2:6, 12:16].mean(axis=(1, 2)) / 255
    probabilities = np.full((len(frames), 10), 0.001, np.float32)
    probabilities[:, 9] = 0.1 + 0.8 * closed
    probabilities[:, 4] = 0.992 - probabilities[:, 9]
    return probabilities


def test_explain_finds_the_pixels_that_matter() -> None:
    frame = np.full((28, 28), 255, np.uint8)
    explanation = explain(corner_classifier, frame)
    assert explanation.label == 3
    assert explanation.runner_up == 8
    evidence = explanation.evidence[3]
    assert (evidence[:5, :5] > 0.01).all()
    # Patches reach beyond the corner, but not farther.
    assert (evidence[9:] == 0).all()
    assert (evidence[:, 9:] == 0).all()
    # Evidence for one digit is evidence against the other.
    assert (explanation.evidence[8][:5, :5] < 0).all()
    x, y, width, height = explanation.nearest.box
    assert x + width <= 7
    assert y + height <= 7
    assert explanation.nearest.kind == "erased"


def test_explain_finds_evidence_in_empty_paper() -> None:
    frame = np.zeros((28, 28), np.uint8)
    frame[10:26, 17:19] = 255
    explanation = explain(gap_classifier, frame)
    assert (explanation.label, explanation.runner_up) == (4, 9)
    peak = np.unravel_index(explanation.evidence[4].argmax(), (28, 28))
    assert 2 <= peak[0] < 6
    assert 12 <= peak[1] < 16
    change = explanation.nearest
    assert change.kind == "inked"
    assert change.label == 9
    assert change.probabilities[9] == pytest.approx(gap_classifier(change.frame[np.newaxis])[0, 9])
    x, y, width, height = change.box
    outside = np.ones((28, 28), bool)
    outside[y : y + height, x : x + width] = False
    assert (change.frame[outside] == frame[outside]).all()
    assert (change.frame[~outside] == 255).all()


def test_explain_finds_no_evidence_for_a_constant_prediction() -> None:
    explanation = explain(
        lambda frames: np.full((len(frames), 10), 0.1), np.eye(28, dtype=np.uint8)
    )
    assert not explanation.evidence.any()
    assert explanation.limit == 0


def test_explain_is_exact_for_nearly_certain_predictions() -> None:
    def certain(frames: np.ndarray) -> np.ndarray:
        # The odds fall from 10^8 to 10^6; in float32, 1 - p would be 0 for both.
        odds = np.where(frames[:, 14, 14] > 0, 1e8, 1e6)
        probabilities = np.zeros((len(frames), 10), np.float32)
        probabilities[:, 0] = odds / (1 + odds)
        probabilities[:, 1] = 1 / (1 + odds)
        return probabilities

    frame = np.zeros((28, 28), np.uint8)
    frame[12:17, 12:17] = 255
    evidence = explain(certain, frame).evidence[0]
    assert evidence[14, 14] == pytest.approx(2, abs=1e-3)


@pytest.mark.parametrize("level", [0, 128, 255], ids=["blank", "grey", "full"])
def test_explain_accepts_any_frame(recognizer: Recognizer, level: int) -> None:
    explanation = explain(recognizer.classify, np.full((28, 28), level, np.uint8))
    assert explanation.evidence.shape == (10, 28, 28)
    assert np.isfinite(explanation.evidence).all()
    assert explanation.probabilities == pytest.approx(
        recognizer.classify(explanation.frame[np.newaxis])[0]
    )


@pytest.mark.parametrize(
    "frame",
    [np.zeros((28, 28), np.float32), np.zeros((1, 28, 28), np.uint8), np.zeros((20, 28), np.uint8)],
)
def test_explain_refuses_other_shapes_and_dtypes(frame: np.ndarray) -> None:
    with pytest.raises(InvalidImageError, match="Received"):
        explain(corner_classifier, frame)


@settings(max_examples=15, deadline=None)
@given(arrays(np.uint8, (28, 28), elements=st.sampled_from([0, 0, 0, 255, 90])))
def test_explain_classifies_one_batch_and_finds_the_largest_change(frame: np.ndarray) -> None:
    batches = []

    def classify(frames: np.ndarray) -> np.ndarray:
        batches.append(frames)
        return corner_classifier(frames)

    explanation = explain(classify, frame)
    (frames,) = batches
    assert len(frames) <= 1 + 2 * 14 * 14
    assert (frames[0] == frame).all()
    probabilities = corner_classifier(frames)
    label = explanation.label
    assert explanation.nearest.probabilities[label] == pytest.approx(probabilities[1:, label].min())


@pytest.fixture(scope="module")
def four(dataset: Dataset, recognizer: Recognizer) -> Explanation:
    return explain(recognizer.classify, dataset.x_test[4])


def test_explain_finds_the_open_top_of_a_four(four: Explanation) -> None:
    assert (four.label, four.runner_up) == (4, 9)
    # Between the ends of its arms, where ink would make a 9.
    assert four.evidence[4][4:9, 11:18].max() > 1
    assert four.evidence[9][4:9, 11:18].min() < -1
    assert four.limit >= 1
