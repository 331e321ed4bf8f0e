"""Occlusion: how the prediction changes when a patch of the image is erased or inked.

After M. D. Zeiler and R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
who cover patches with grey. Erasing and inking instead gives evidence for empty paper as well, such
as the gap that distinguishes a 4 from a 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE, check_frames
from mnist_core.preprocessing.extraction import Box

__all__ = ["Explanation", "Perturbation", "explain"]

# Side of a patch and distance to the next one, px. The centers of the patches are the pixels of an
# image of half the size, from which the map is enlarged.
_PATCH, _STEP = 4, 2
_CELLS = FRAME_SIZE // _STEP
# Smaller probabilities count as this.
_MIN_PROBABILITY = 1e-30

Kind = Literal["erased", "inked"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Perturbation:
    """A change of one patch, and the probabilities after it.

    Attributes:
        kind: "erased" or "inked".
        box: (x, y, width, height) of the patch, px of the frame.
        frame: (28, 28) uint8, the changed image.
        probabilities: (10,) of the changed image.
    """

    kind: Kind
    box: Box
    frame: NDArray[np.uint8]
    probabilities: NDArray[np.float32]

    @property
    def label(self) -> int:
        """The predicted digit after the change."""
        return int(self.probabilities.argmax())


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """The evidence for each digit in an image, and the change with the largest effect.

    Attributes:
        frame: (28, 28) uint8, white ink on black.
        probabilities: (10,), of the unchanged image.
        evidence: (10, 28, 28) float32, for each digit and pixel: evidence of the ink or empty paper
            for the digit (positive) or against it (negative), as the base-10 logarithm of the odds:
            at 1, the odds fall to a tenth when the patch around the pixel is changed.
        nearest: the change with the lowest probability of the predicted digit after it.
    """

    frame: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    evidence: NDArray[np.float32]
    nearest: Perturbation

    @property
    def label(self) -> int:
        """The predicted digit."""
        return int(self.probabilities.argmax())

    @property
    def runner_up(self) -> int:
        """The second most probable digit."""
        return int(np.argsort(self.probabilities)[-2])

    @property
    def limit(self) -> float:
        """The largest absolute evidence of the predicted digit and the runner-up."""
        return float(np.abs(self.evidence[[self.label, self.runner_up]]).max())


def explain(
    classify: Callable[[NDArray[np.uint8]], NDArray[np.float32]], frame: NDArray[np.uint8]
) -> Explanation:
    """Explain a prediction; classifies about 250 images in one batch.

    Args:
        classify: (n, 28, 28) uint8 -> (n, 10) probabilities, such as `Recognizer.classify`.
        frame: (28, 28) uint8, white ink on black.

    Raises:
        InvalidImageError: another shape or dtype.
    """
    check_frames(frame[np.newaxis])
    changes = list(_perturb(frame))
    probabilities = classify(np.stack([frame, *(image for *_, image in changes)]))
    odds = _log_odds(probabilities)
    loss = {kind: np.zeros((_CELLS, _CELLS, 10), np.float32) for kind in ("erased", "inked")}
    for (kind, row, column, _), odds_after in zip(changes, odds[1:], strict=True):
        loss[kind][row, column] = odds[0] - odds_after
    erased, inked = (
        cv2.resize(loss[kind], (FRAME_SIZE, FRAME_SIZE), interpolation=cv2.INTER_LINEAR)
        for kind in ("erased", "inked")
    )
    # The evidence of ink is the effect of erasing it, that of paper the effect of inking it.
    ink = frame[..., np.newaxis].astype(np.float32) / 255
    evidence = ink * erased + (1 - ink) * inked
    nearest = int(odds[1:, probabilities[0].argmax()].argmin())
    kind, row, column, image = changes[nearest]
    return Explanation(
        frame=frame,
        probabilities=probabilities[0],
        evidence=np.ascontiguousarray(evidence.transpose(2, 0, 1)),
        nearest=Perturbation(
            kind=kind,
            box=_patch_box(row, column),
            frame=image,
            probabilities=probabilities[1 + nearest],
        ),
    )


def _perturb(frame: NDArray[np.uint8]) -> Iterator[tuple[Kind, int, int, NDArray[np.uint8]]]:
    """Each change that alters the image: its kind, row and column, and the changed image."""
    levels: dict[Kind, int] = {"erased": 0, "inked": 255}
    for kind, level in levels.items():
        for row, column in np.ndindex(_CELLS, _CELLS):
            x, y, width, height = _patch_box(row, column)
            patch = (slice(y, y + height), slice(x, x + width))
            if (frame[patch] != level).any():
                changed = frame.copy()
                changed[patch] = level
                yield kind, row, column, changed


def _patch_box(row: int, column: int) -> Box:
    """The patch of a cell, clipped to the frame."""
    margin = (_PATCH - _STEP) // 2
    x, y = max(0, _STEP * column - margin), max(0, _STEP * row - margin)
    right = min(FRAME_SIZE, _STEP * column - margin + _PATCH)
    bottom = min(FRAME_SIZE, _STEP * row - margin + _PATCH)
    return x, y, right - x, bottom - y


def _log_odds(probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
    """The base-10 logarithm of each digit's odds against the others: (n, 10)."""
    exact = probabilities.astype(np.float64)
    # 1 - p would lose all digits where p is nearly 1.
    others = exact @ (1 - np.eye(exact.shape[1]))
    odds = np.log10(np.maximum(exact, _MIN_PROBABILITY)) - np.log10(
        np.maximum(others, _MIN_PROBABILITY)
    )
    return odds.astype(np.float32)
