"""Why a digit was read as it was: what happens to the answer when a little of the image changes.

Patches of the image are covered, one at a time, and the network is asked again (M. D. Zeiler and
R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014). They covered with
grey; ink on paper knows two ways: a patch is wiped clean, or filled with ink. So empty paper can
speak as well: the gap that makes a 4 no 9.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE, check_frames
from mnist_core.preprocessing.framing import Box

__all__ = ["Explanation", "Perturbation", "explain"]

# The side of a patch and the way to the next one, px. The patches' middles are the pixels of an
# image of half the size, so that the map can be enlarged from it.
_PATCH, _STEP = 4, 2
_CELLS = FRAME_SIZE // _STEP
# Probabilities below this are as good as none.
_LEAST = 1e-30


@dataclass(frozen=True, kw_only=True, eq=False)
class Perturbation:
    """A change of one patch, and what the network answers then.

    Attributes:
        kind: "erased" or "inked".
        box: (x, y, width, height) of the patch, px of the frame.
        frame: (28, 28) uint8, the changed image.
        probabilities: (10,) of the changed image.
    """

    kind: Literal["erased", "inked"]
    box: Box
    frame: NDArray[np.uint8]
    probabilities: NDArray[np.float32]

    @property
    def label(self) -> int:
        """The answer after the change."""
        return int(self.probabilities.argmax())


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """What in an image speaks for each digit, and what would change the answer.

    Attributes:
        frame: (28, 28) uint8, white ink on black.
        probabilities: (10,), of the image as it is.
        evidence: (10, 28, 28) float32, for each digit and pixel: how much what is there, ink or
            empty paper, speaks for the digit (above 0) or against it (below 0). In powers of ten
            of the odds: at 1 they fall to a tenth when the patch around the pixel is changed.
        nearest: of all changes, the one after which the answer is least sure, or another.
    """

    frame: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    evidence: NDArray[np.float32]
    nearest: Perturbation

    @property
    def label(self) -> int:
        """The answer."""
        return int(self.probabilities.argmax())

    @property
    def runner_up(self) -> int:
        """The second most probable digit."""
        return int(np.argsort(self.probabilities)[-2])

    @property
    def limit(self) -> float:
        """The strongest evidence for or against the answer or the runner-up; for a scale."""
        return float(np.abs(self.evidence[[self.label, self.runner_up]]).max())


def explain(
    classify: Callable[[NDArray[np.uint8]], NDArray[np.float32]], frame: NDArray[np.uint8]
) -> Explanation:
    """Find out what an answer rests on; asks about some 250 images, all in one batch.

    Args:
        classify: (n, 28, 28) uint8 -> (n, 10) probabilities, such as `Recognizer.classify`.
        frame: (28, 28) uint8, white ink on black.

    Raises:
        InvalidImageError: the frame is none.
    """
    check_frames(frame[np.newaxis])
    changes: list[tuple[Literal["erased", "inked"], int, int]] = []
    images = [frame]
    for kind, level in (("erased", 0), ("inked", 255)):
        for row in range(_CELLS):
            for column in range(_CELLS):
                x, y, width, height = _box(row, column)
                patch = frame[y : y + height, x : x + width]
                # What is wiped or full already stays the same, and so does the answer.
                if (patch == level).all():
                    continue
                changed = frame.copy()
                changed[y : y + height, x : x + width] = level
                images.append(changed)
                changes.append((kind, row, column))  # type: ignore[arg-type]
    answers = classify(np.stack(images))
    odds = _log_odds(answers)
    loss = {kind: np.zeros((_CELLS, _CELLS, 10), np.float32) for kind in ("erased", "inked")}
    for (kind, row, column), after in zip(changes, odds[1:], strict=True):
        loss[kind][row, column] = odds[0] - after
    erased, inked = (
        cv2.resize(loss[kind], (FRAME_SIZE, FRAME_SIZE), interpolation=cv2.INTER_LINEAR)
        for kind in ("erased", "inked")
    )
    # A pixel speaks by what it is: ink by what is missing without it, paper by what ink would do.
    ink = frame[..., np.newaxis].astype(np.float32) / 255
    evidence = ink * erased + (1 - ink) * inked
    weakest = 1 + int(odds[1:, answers[0].argmax()].argmin())
    kind, row, column = changes[weakest - 1]
    return Explanation(
        frame=frame,
        probabilities=answers[0],
        evidence=np.ascontiguousarray(evidence.transpose(2, 0, 1)),
        nearest=Perturbation(
            kind=kind,
            box=_box(row, column),
            frame=images[weakest],
            probabilities=answers[weakest],
        ),
    )


def _box(row: int, column: int) -> Box:
    """The patch of a cell, as much of it as lies within the frame."""
    margin = (_PATCH - _STEP) // 2
    x, y = max(0, _STEP * column - margin), max(0, _STEP * row - margin)
    right = min(FRAME_SIZE, _STEP * column - margin + _PATCH)
    bottom = min(FRAME_SIZE, _STEP * row - margin + _PATCH)
    return x, y, right - x, bottom - y


def _log_odds(probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n, 10) probabilities -> the logarithm to base 10 of each digit's odds against all others."""
    exact = probabilities.astype(np.float64)
    # Not 1 - p, of which nothing would be left where p is nearly 1.
    others = exact @ (1 - np.eye(exact.shape[1]))
    odds = np.log10(np.maximum(exact, _LEAST)) - np.log10(np.maximum(others, _LEAST))
    return odds.astype(np.float32)
