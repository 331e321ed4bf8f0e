"""Captions of the charts of attacks and of changed weights."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_core.charts.captions.caption import count, enumerate_words
from mnist_core.charts.captions.perturbations import (
    describe_attack_path,
    describe_attacked_accuracy,
    describe_changed_answers,
    describe_changed_weights_accuracy,
    describe_missing_parts,
    describe_missing_parts_accuracy,
)
from mnist_core.perturbations.attacks import AttackPath
from mnist_core.perturbations.measurement import EPSILONS, AccuracyCurve


def answers(*labels: int) -> np.ndarray:
    return np.eye(10, dtype=np.float32)[list(labels)]


def path(*labels: int, refused: int | None = None) -> AttackPath:
    is_digit = np.ones(len(labels), bool)
    if refused is not None:
        is_digit[refused:] = False
    return AttackPath(
        epsilons=np.arange(len(labels)) / 10,
        frames=np.zeros((len(labels), 28, 28), np.uint8),
        probabilities=answers(*labels),
        is_digit=is_digit,
    )


def curve(row: str, levels: tuple[float | str, ...], *correct: int) -> AccuracyCurve:
    return AccuracyCurve(row=row, levels=levels, correct=np.array(correct), images=200)


@pytest.mark.parametrize(
    ("shown", "result"),
    [
        (
            path(4, 4, 9, 9),
            "The answer changes from 4 to 9 at ε = 0.20, which is 51 grey levels of 255 for each "
            "pixel.",
        ),
        (path(4, 4, 4), "The answer stays 4, up to ε = 0.20."),
        (
            path(4, 4, refused=1),
            "The answer stays 4, up to ε = 0.10. From ε = 0.10 on, some are refused as non-digits.",
        ),
    ],
)
def test_attack_path(shown: AttackPath, result: str) -> None:
    assert describe_attack_path(shown).result == result


def test_changed_answers() -> None:
    noise = describe_changed_answers("noise", (0, 0.5, 1), answers(4, 4, 9))
    assert noise.result == (
        "With noise of 100% of the weights' standard deviation, the answer changes from 4 to 9."
    )
    assert describe_changed_answers("bits", (8, 2), answers(4, 4)).result == (
        "The answer stays 4, even with 2 bits."
    )


def test_missing_parts() -> None:
    parts = ["a", "b", "c"]
    for labels, result in (
        ((4, 4, 4), "The answer stays 4, whichever of them is missing."),
        ((9, 4, 9), "The answer 4 changes without a and c."),
        ((9, 8, 9), "The answer 4 needs each of them."),
    ):
        assert describe_missing_parts(parts, answers(*labels), 4).result == result


def test_accuracy() -> None:
    attacks = {
        "FGSM": curve("FGSM", EPSILONS, 198, 190, 150, 100, 60, 40, 20),
        "PGD": curve("PGD", EPSILONS, 198, 180, 90, 20, 10, 0, 0),
    }
    assert describe_attacked_accuracy(attacks).result == (
        "Of 200 images, 99.0% are read correctly without an attack; 75.0% at 0.1, 30.0% at 0.2 "
        "and 10.0% at 0.3 under FGSM; 45.0% at 0.1, 5.0% at 0.2 and 0.0% at 0.3 under PGD."
    )
    assert describe_changed_weights_accuracy(curve("bits", (8, 4, 2), 198, 197, 100)).result == (
        "Of 200 images, 99.0% are read correctly at first; with 2 bits it is 50.0%, and at the end "
        "50.0%."
    )
    assert describe_changed_weights_accuracy(curve("bits", (8, 4), 198, 197)).result == (
        "Of 200 images, 99.0% are read correctly at first and 98.5% at the end: no significant "
        "difference."
    )
    parts = curve("off", ("branch a", "dense 1"), 196, 20)
    assert describe_missing_parts_accuracy(parts, 0.99).result == (
        "The complete network reads 99.0% of 200 images; without branch a it is 98.0%, without "
        "dense 1 10.0%."
    )


def test_words() -> None:
    assert [count(number, "image") for number in (0, 1, 2000)] == [
        "0 images", "1 image", "2,000 images",
    ]  # fmt: skip
    assert [enumerate_words(list(words)) for words in ("a", "ab", "abc")] == [
        "a", "a and b", "a, b and c",
    ]  # fmt: skip
