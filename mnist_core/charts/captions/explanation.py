"""Captions of the images that explain one prediction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnist_core.charts.captions.caption import Caption, count
from mnist_core.data import FRAME_SIZE
from mnist_core.explanation.crossing import Crossing
from mnist_core.explanation.occlusion import Explanation

__all__ = ["describe_crossing", "describe_evidence", "describe_grad_cam"]

_INK = 128
_MILLION = 6  # powers of ten
_PLACES = (
    ("top left", "top", "top right"),
    ("left", "center", "right"),
    ("bottom left", "bottom", "bottom right"),
)


def describe_evidence(explanation: Explanation) -> Caption:
    """Of `evidence_map` of the predicted digit and of the runner-up."""
    label = explanation.label
    evidence = explanation.evidence[label]
    strongest = np.unravel_index(int(evidence.argmax()), evidence.shape)
    kind = "ink" if explanation.frame[strongest] >= _INK else "empty paper"
    # Evidence is a logarithm: beyond this, the factor says no more, and would overflow.
    logarithm = float(evidence[strongest])
    times = f"{10**logarithm:,.{int(logarithm < 1)}f}"
    if logarithm > _MILLION:
        times = "more than a million"
    return Caption(
        "Blue parts, ink or empty paper, support the digit, orange ones speak against it.",
        f"The strongest support for {label} is the {kind} at the {_place(evidence)}: without it, "
        f"the odds of {label} are {times} times lower."
        if logarithm > 0
        else f"No part alone supports {label}.",
    )


def describe_grad_cam(heats: Mapping[int, NDArray[np.float32]]) -> Caption:
    """Of `heat_over` for some digits.

    Args:
        heats: digit -> (28, 28) from `grad_cam`; at least one.
    """
    parts = [
        f"{digit} most at the {_place(heat)}" if heat.any() else f"{digit} nowhere"
        for digit, heat in heats.items()
    ]
    stack = np.stack(list(heats.values()))
    if len(heats) > 1 and stack.any(axis=(1, 2)).all():
        overlap = float(stack.min(axis=0).sum() / stack.max(axis=0).sum())
        parts[-1] += f"; the places overlap by {overlap:.0%}"
    return Caption(
        "Orange marks where a late convolution supports the digit (Grad-CAM, Selvaraju et al., "
        "2017).",
        f"It supports {' and '.join(parts)}.",
    )


def describe_crossing(crossing: Crossing, label: int, *, is_digit: bool) -> Caption:
    """Of the images before and after a `Crossing`.

    Args:
        crossing: the change.
        label: the answer before.
        is_digit: False if the changed image is refused as a non-digit.
    """
    refused = "" if is_digit else ", but refused as a non-digit"
    digit = crossing.label
    return Caption(
        f"Cells of the image were replaced by those of the images labeled {digit} above, until the "
        f"answer changed; what was not needed was put back (after Goyal et al., 2019).",
        f"{count(crossing.pixels, 'pixel')} of {FRAME_SIZE**2}, taken from image "
        f"{crossing.source + 1}, turn the {label} into {'an' if digit == 8 else 'a'} {digit} for "
        f"this network ({crossing.probabilities[digit]:.1%}{refused}).",
    )


def _place(values: NDArray[np.float32]) -> str:
    """Where the maximum of a (28, 28) map is."""
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return _PLACES[3 * int(row) // FRAME_SIZE][3 * int(column) // FRAME_SIZE]
