"""The two limits of a model's digit score, chosen on images that it has not learned from.

    0 ... non-digit ... digit_threshold ... unusual digit ... ordinary_threshold ... ordinary ... 1

Both come from one function, `cheapest_threshold`, on the same held-out collections. They differ in
what an error costs:

- a digit that is shown as "?" is lost, a non-digit that is read is one digit too many: a refusal
  costs as much as `_REFUSAL` accepted non-digits;
- a remark on an ordinary digit hardly disturbs, a non-digit without one is taken for granted: a
  remark costs `_REMARK` of a non-digit without it.

A network that was not trained to tell digits from non-digits takes two thirds of all pictures of
clothes for digits at any useful threshold. Its limits are quantiles of its validation images.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.damaged_images import halve_images, join_images, strike_images
from mnist_core.augmentation.outliers import synthesize_outliers
from mnist_core.augmentation.prints import print_digits
from mnist_core.augmentation.synthetic_digits import synthesize_digits
from mnist_core.data import LabelledArrays
from mnist_core.evaluation.calibration import ScoreLimits, cheapest_threshold
from mnist_core.inference.recognizer import Recognizer

__all__ = ["choose_limits", "held_out_digits", "held_out_non_digits"]

# The costs above. With 2 for a refusal, the champion refuses 0.1% fewer of the MNIST digits, but
# takes 0.7% of scribbles and 2.0% of photographed textures for digits (aim: 0.5, 1.5%).
_REFUSAL, _REMARK = 1.0, 0.1
# Without an output for non-digits: the shares of the validation images below the limits.
_REFUSED, _REMARKED = 0.003, 0.01
# Images of each collection that is drawn. Their seed is not that of a training, 0 to 2**32 - 1.
_COUNT, _SEED = 1000, 2**32


def choose_limits(
    recognizer: Recognizer, digits: LabelledArrays, scores: NDArray[np.floating] | None = None
) -> ScoreLimits:
    """Choose the limits of a model's digit score.

    Args:
        recognizer: the calibrated model.
        digits: MNIST's images that it was validated on.
        scores: their (n,) digit scores; None: the recognizer's own.
    """
    if scores is None:
        scores = recognizer.digit_scores(digits.images)
    if not recognizer.detects_non_digits:
        refused, remarked = np.quantile(scores, [_REFUSED, _REMARKED]).tolist()
        return ScoreLimits(digit=refused, ordinary=remarked)
    yes = [scores, *map(recognizer.digit_scores, held_out_digits().values())]
    no = list(map(recognizer.digit_scores, held_out_non_digits(digits).values()))
    lower, upper = (cheapest_threshold(yes, no, cost) for cost in (_REFUSAL, _REMARK))
    return ScoreLimits(digit=lower, ordinary=upper)


def held_out_digits() -> dict[str, NDArray[np.uint8]]:
    """Drawn and printed digits, each (n, 28, 28) uint8; MNIST's validation images are others."""
    random = np.random.default_rng(_SEED)
    labels = np.arange(_COUNT, dtype=np.uint8) % 10
    return {
        "drawn at the rims of their styles": synthesize_digits(labels, random, at_rims=True),
        "printed": print_digits(labels, random),
    }


def held_out_non_digits(digits: LabelledArrays) -> dict[str, NDArray[np.uint8]]:
    """Non-digits that are drawn, and that are made of these digits, each (n, 28, 28) uint8."""
    random = np.random.default_rng(_SEED + 1)
    drawn = ("letters", "scribbles", "textures")
    made = {"halves": halve_images, "pairs": join_images, "crossed out": strike_images}
    return {
        **{group: synthesize_outliers(_COUNT, random, group) for group in drawn},
        **{name: make(digits, _COUNT, random) for name, make in made.items()},
    }
