"""Captions of the charts of attacks and of changed weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.captions.caption import Caption, count, enumerate_words
from mnist_core.perturbations.attacks import AttackPath
from mnist_core.perturbations.measurement import STATED, AccuracyCurve

__all__ = [
    "describe_attack_path",
    "describe_attacked_accuracy",
    "describe_changed_answers",
    "describe_changed_weights_accuracy",
    "describe_missing_parts",
    "describe_missing_parts_accuracy",
]

_LEVELS = 255
# Names of levels in a sentence.
_WORDS = {"noise": "noise of {:.0%} of the weights' standard deviation", "bits": "{:g} bits"}


def describe_attack_path(path: AttackPath) -> Caption:
    """Of `answer_curves` of an attack."""
    labels, flip = path.labels, path.flip
    if flip is None:
        result = f"The answer stays {labels[0]}, up to ε = {path.epsilons[-1]:.2f}."
    else:
        epsilon = path.epsilons[flip]
        result = (
            f"The answer changes from {labels[0]} to {labels[flip]} at ε = {epsilon:.2f}, which is "
            f"{count(int(_LEVELS * epsilon), 'grey level')} of {_LEVELS} for each pixel."
        )
    refused = np.flatnonzero(~path.is_digit)
    if len(refused):
        result += f" From ε = {path.epsilons[refused[0]]:.2f} on, some are refused as non-digits."
    return Caption(
        "From left to right, the pixels may change more; each line is the probability of a digit, "
        "and the highest one is the answer.",
        result,
    )


def describe_changed_answers(
    change: str, levels: Sequence[float], probabilities: NDArray[np.float32]
) -> Caption:
    """Of `answer_curves` of changed weights.

    Args:
        change: "noise" or "bits".
        levels: (k,) the first one changes the weights least.
        probabilities: (k, 10).
    """
    labels = probabilities.argmax(axis=1)
    flips = np.flatnonzero(labels != labels[0])
    words = _WORDS[change]
    if len(flips):
        first = int(flips[0])
        result = (
            f"With {words.format(levels[first])}, the answer changes from {labels[0]} to "
            f"{labels[first]}."
        )
    else:
        result = f"The answer stays {labels[0]}, even with {words.format(levels[-1])}."
    return Caption(
        "From left to right, the weights change more; each line is the probability of a digit, "
        "and the highest one is the answer.",
        result,
    )


def describe_missing_parts(
    parts: Sequence[str], probabilities: NDArray[np.float32], label: int
) -> Caption:
    """Of `part_bars` for one image.

    Args:
        parts: (k,) names of layers and branches.
        probabilities: (k, 10), without each of them.
        label: the answer of the complete network.
    """
    changed = [
        part for part, row in zip(parts, probabilities, strict=True) if row.argmax() != label
    ]
    if not changed:
        result = f"The answer stays {label}, whichever of them is missing."
    elif len(changed) == len(parts):
        result = f"The answer {label} needs each of them."
    else:
        result = f"The answer {label} changes without {enumerate_words(changed)}."
    return Caption(
        f"One layer or branch was switched off at a time; each bar is the probability of {label} "
        "without it.",
        result,
    )


def describe_attacked_accuracy(curves: Mapping[str, AccuracyCurve]) -> Caption:
    """Of `accuracy_curves` under attacks; at least one curve."""
    parts = []
    for curve in curves.values():
        stated = enumerate_words([f"{curve.at(e):.1%} at {e:g}" for e in STATED])
        parts.append(f"{stated} under {curve.row}")
    first = next(iter(curves.values()))
    return Caption(
        "The share of images that are read correctly although each pixel may change by up to ε "
        "(1 is from black to white); vertical bars are 95% intervals.",
        f"Of {count(first.images, 'image')}, {first.accuracy[0]:.1%} are read correctly without "
        f"an attack; {'; '.join(parts)}.",
    )


def describe_changed_weights_accuracy(curve: AccuracyCurve) -> Caption:
    """Of `accuracy_curves` with noise or fewer bits."""
    words, accuracy = _WORDS[curve.row], curve.accuracy
    # As good as at first: its interval still contains that accuracy.
    low = np.flatnonzero(curve.intervals[:, 1] < accuracy[0])
    if len(low):
        first = int(low[0])
        level = float(curve.levels[first])
        result = (
            f"Of {count(curve.images, 'image')}, {accuracy[0]:.1%} are read correctly at first; "
            f"with {words.format(level)} it is {accuracy[first]:.1%}, and at the end "
            f"{accuracy[-1]:.1%}."
        )
    else:
        result = (
            f"Of {count(curve.images, 'image')}, {accuracy[0]:.1%} are read correctly at first and "
            f"{accuracy[-1]:.1%} at the end: no significant difference."
        )
    return Caption(
        "From left to right, the weights change more; vertical bars are 95% intervals.", result
    )


def describe_missing_parts_accuracy(curve: AccuracyCurve, complete: float) -> Caption:
    """Of `part_bars` for a set.

    Args:
        curve: of the row "off".
        complete: accuracy of the complete network on the same images, 0 to 1.
    """
    worst, best = int(curve.accuracy.argmin()), int(curve.accuracy.argmax())
    return Caption(
        "One layer or branch was switched off at a time; each bar is the accuracy without it.",
        f"The complete network reads {complete:.1%} of {count(curve.images, 'image')}; without "
        f"{curve.levels[best]} it is {curve.accuracy[best]:.1%}, without {curve.levels[worst]} "
        f"{curve.accuracy[worst]:.1%}.",
    )
