"""The images that a network with an output for non-digits learns from. Imports TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnist_core.augmentation.damaged_images import halve_images, join_images, strike_images
from mnist_core.augmentation.outliers import synthesize_outliers
from mnist_core.augmentation.prints import print_digits
from mnist_core.augmentation.stroke_width import vary_stroke_width
from mnist_core.augmentation.synthetic_digits import synthesize_digits
from mnist_core.augmentation.transforms import Source
from mnist_core.data import NOT_A_DIGIT, LabelledArrays

__all__ = ["Shares", "make_sources", "synthetic_sources"]


_Damage = Callable[[LabelledArrays, int, np.random.Generator], NDArray[np.uint8]]


@dataclass(frozen=True, kw_only=True)
class Shares:
    """The share of each kind of image in every batch, 0 to 1; MNIST's own images are the rest.

    Attributes:
        widths: MNIST's images with another stroke width.
        styles: digits in styles that MNIST lacks.
        outliers: non-digits made by code, among them printed letters and signs.
        prints: printed digits.
        halves, pairs, struck: halves of digits, pairs that touch and crossed-out digits, made of
            MNIST's images: non-digits.
    """

    widths: float
    styles: float
    outliers: float
    prints: float = 0.0
    halves: float = 0.0
    pairs: float = 0.0
    struck: float = 0.0

    @property
    def total(self) -> float:
        """The share of all images that are not MNIST's own."""
        return sum(getattr(self, field.name) for field in fields(self))


# Of a training; and as many images are made before a complete one as a kind's share of this number.
_SHARES = Shares(widths=0.11, styles=0.22, outliers=0.1)
_TOTAL = 450_000


def synthetic_sources(training: LabelledArrays, seed: int, size: float) -> list[Source]:
    """The images of a training.

    Args:
        training: MNIST's images.
        seed: of the images that are made.
        size: their number relative to a complete training's, above 0.
    """
    return make_sources(training, _SHARES, _TOTAL * size, seed)


def make_sources(training: LabelledArrays, shares: Shares, total: float, seed: int) -> list[Source]:
    """MNIST's images, and images that are made by code or made of MNIST's.

    Args:
        training: MNIST's images; for halves and pairs, all ten digits must occur.
        shares: of each kind.
        total: as many images of a kind are made as its share of this number, at least one.
        seed: of the images.

    Returns:
        A source for each kind that has a share; MNIST's own images are the first one.
    """
    random = np.random.default_rng(seed)

    def labels(count: int) -> NDArray[np.uint8]:
        return random.integers(0, 10, count).astype(np.uint8)

    def widths(count: int) -> LabelledArrays:
        chosen = random.permutation(len(training.labels))[:count]
        return LabelledArrays(
            vary_stroke_width(training.images[chosen], random), training.labels[chosen]
        )

    def styles(count: int) -> LabelledArrays:
        digits = labels(count)
        return LabelledArrays(synthesize_digits(digits, random), digits)

    def prints(count: int) -> LabelledArrays:
        digits = labels(count)
        return LabelledArrays(print_digits(digits, random), digits)

    def outliers(count: int) -> LabelledArrays:
        return _non_digits(synthesize_outliers(count, random))

    def damaged(damage: _Damage, count: int) -> LabelledArrays:
        return _non_digits(damage(training, count, random))

    kinds: tuple[tuple[float, Callable[[int], LabelledArrays]], ...] = (
        (shares.widths, widths),
        (shares.styles, styles),
        (shares.prints, prints),
        (shares.outliers, outliers),
        (shares.halves, partial(damaged, halve_images)),
        (shares.pairs, partial(damaged, join_images)),
        (shares.struck, partial(damaged, strike_images)),
    )
    made = [Source(*make(max(1, round(share * total))), share) for share, make in kinds if share]
    return [Source(*training, 1 - shares.total), *made]


def _non_digits(frames: NDArray[np.uint8]) -> LabelledArrays:
    return LabelledArrays(frames, np.full(len(frames), NOT_A_DIGIT, np.uint8))
