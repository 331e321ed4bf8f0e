"""What a small change would take to turn an image into another digit for a network.

Cells of the image are replaced by those of similar images of the other digit, until the answer is
that digit (after Y. Goyal et al., "Counterfactual Visual Explanations", ICML 2019). The network is
only asked for its answers: no gradients, no Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE, check_frames

__all__ = ["Crossing", "find_crossing"]

Classify: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
Frame: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]

# Side of the cells that are replaced, and of those that are put back afterwards, px. With the
# nearest source alone, 40 test images changed by the ink of 15.7 full pixels (median; `cnn`, 7 ms),
# and with cells of 2 px from the beginning by 14.9 (29 ms).
_CELL, _FINE = 4, 2
# Cells that a source tries from its second step on: the best of the step before. With all of them,
# 100 test images took twice as long (`champion`, 95%: 245 instead of 118 to 180 ms, with 6 to 10
# cells), and changed by the ink of 13.9 instead of 14.5 to 14.1 full pixels (mean).
_TRIED = 8
# Smaller probabilities count as this.
_MIN_PROBABILITY = 1e-30


@dataclass(frozen=True, kw_only=True, eq=False)
class Crossing:
    """An image that was changed until a network reads another digit.

    Attributes:
        original: (28, 28) uint8, white ink on black.
        frame: (28, 28) uint8, the changed image.
        source: which of the sources the new pixels are from.
        probabilities: (10,) float32, of the changed image.
    """

    original: Frame
    frame: Frame
    source: int
    probabilities: NDArray[np.float32]

    @property
    def label(self) -> int:
        """The predicted digit after the change."""
        return int(self.probabilities.argmax())

    @property
    def pixels(self) -> int:
        """The number of changed pixels."""
        return int((self.frame != self.original).sum())


def find_crossing(
    classify: Classify, frame: Frame, sources: NDArray[np.uint8], digit: int
) -> Crossing | None:
    """Replace as little of an image as is needed to have it read as another digit.

    In each step, every source replaces the cell that raises the odds of the digit most. When one of
    them has changed the answer, what is not needed is put back. It is the smallest change that this
    search finds, not the smallest there is.

    Args:
        classify: (n, 28, 28) uint8 -> (n, 10) probabilities, such as `Recognizer.classify`.
        frame: (28, 28) uint8, white ink on black.
        sources: (k, 28, 28) uint8, images of the digit; best similar ones. Those that the network
            does not read as the digit are left out.
        digit: 0 to 9.

    Returns:
        The change of the fewest grey levels; None if no source is left.

    Raises:
        InvalidImageError: another shape or dtype.
    """
    check_frames(frame[np.newaxis])
    check_frames(sources)
    usable = np.flatnonzero(classify(sources).argmax(axis=1) == digit)
    if not len(usable):
        return None
    masks, crossed = _replace_cells(classify, frame, sources[usable], digit)
    found: list[Crossing] = []
    for place in np.flatnonzero(crossed):
        source = sources[usable[place]]
        mask = _put_back(classify, frame, source, masks[place], digit)
        changed = np.where(mask, source, frame)
        found.append(
            Crossing(
                original=frame,
                frame=changed,
                source=int(usable[place]),
                probabilities=classify(changed[np.newaxis])[0],
            )
        )
    return min(found, key=_change)


def _replace_cells(
    classify: Classify, frame: Frame, sources: NDArray[np.uint8], digit: int
) -> tuple[Mask, Mask]:
    """Replace cells by each source, until at least one of them has the digit as its answer.

    All sources are read as the digit, so the loop ends at the latest when all cells are replaced.

    Returns:
        (k, 28, 28) where each source replaces the image, and (k,) True where that is enough.
    """
    masks = np.zeros(sources.shape, bool)
    answers = classify(frame[np.newaxis])
    label = int(answers[0].argmax())
    crossed = np.repeat(answers.argmax(axis=1) == digit, len(sources))
    waiting = [list(_cells(_CELL, frame != source)) for source in sources]
    most = FRAME_SIZE**2  # in the first step, all of them
    while not crossed.any():
        tried = [
            (place, masks[place] | cell)
            for place, cells in enumerate(waiting)
            for cell in cells[:most]
        ]
        places = np.array([place for place, _ in tried])
        changed = np.stack([mask for _, mask in tried])
        probabilities = classify(np.where(changed, sources[places], frame))
        odds = _log_odds(probabilities, label, digit)
        for place in np.unique(places):
            own = np.flatnonzero(places == place)
            ranking = np.argsort(-odds[own], kind="stable")
            best, cells = own[ranking[0]], waiting[place]
            masks[place] = changed[best]
            crossed[place] = probabilities[best].argmax() == digit
            waiting[place] = [cells[number] for number in ranking[1:]] + cells[len(own) :]
        most = _TRIED
    return masks, crossed


def _put_back(classify: Classify, frame: Frame, source: Frame, mask: Mask, digit: int) -> Mask:
    """Put small cells of the image back, the least needed first, as long as the answer stays."""
    cells = list(_cells(_FINE, mask & (frame != source)))
    if not cells:
        return mask
    without = classify(np.stack([np.where(mask & ~cell, source, frame) for cell in cells]))
    for place in np.argsort(-without[:, digit], kind="stable"):
        less = mask & ~cells[place]
        if classify(np.where(less, source, frame)[np.newaxis])[0].argmax() == digit:
            mask = less
    return mask


def _cells(side: int, where: Mask) -> Iterator[Mask]:
    """The cells of this side, px, that contain a pixel of a mask: each (28, 28)."""
    for row, column in np.ndindex(FRAME_SIZE // side, FRAME_SIZE // side):
        cell = np.zeros_like(where)
        cell[side * row : side * (row + 1), side * column : side * (column + 1)] = True
        if (cell & where).any():
            yield cell


def _log_odds(probabilities: NDArray[np.float32], label: int, digit: int) -> NDArray[np.float32]:
    """The logarithm of the odds of a digit against another one, (n,)."""
    logarithms = np.log(np.maximum(probabilities, _MIN_PROBABILITY))
    odds: NDArray[np.float32] = logarithms[:, digit] - logarithms[:, label]
    return odds


def _change(crossing: Crossing) -> int:
    """The sum of the changes of all pixels, in grey levels."""
    return int(np.abs(crossing.frame.astype(int) - crossing.original).sum())
