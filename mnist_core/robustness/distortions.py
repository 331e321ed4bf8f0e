"""Digits turned, moved, enlarged and made noisy, little by little, to see where reading breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import check_frames
from mnist_core.errors import MnistError
from mnist_core.robustness.affine import Grey, affine

__all__ = ["SWEEPS", "Sweep", "distort"]


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """One way to distort, from little to much.

    Attributes:
        name: what the cache and the charts call it.
        axis: what the levels are, for the axis of a chart.
        levels: how much, ascending.
        clean: the level that changes nothing.
        apply: ((n, 28, 28) float32 from 0 to 255, a level, a generator) -> the same shape.
    """

    name: str
    axis: str
    levels: tuple[float, ...]
    clean: float
    apply: Callable[[Grey, float, np.random.Generator], Grey]


def distort(
    images: NDArray[np.uint8], name: str, level: float, *, seed: int = 0
) -> NDArray[np.uint8]:
    """Distort images; the same arguments give the same images.

    Args:
        images: (n, 28, 28) uint8, white ink on black; n may be 0.
        name: a key of `SWEEPS`.
        level: how much, in the unit of the sweep's axis; any number, not only one of its levels.
        seed: of all chance, 0 or more; the same at each level.

    Returns:
        (n, 28, 28) uint8, new.

    Raises:
        InvalidImageError: the images are no frames.
        MnistError: there is no such sweep.
    """
    check_frames(images)
    if name not in SWEEPS:
        raise MnistError(f"No such sweep. Choose one of: {', '.join(SWEEPS)}. Received: {name!r}")
    if not len(images):
        return images.copy()
    rng = np.random.default_rng([seed, list(SWEEPS).index(name)])
    grey = SWEEPS[name].apply(images.astype(np.float32), level, rng)
    return np.rint(np.clip(grey, 0, 255)).astype(np.uint8)


def _turned(images: Grey, degrees: float, rng: np.random.Generator) -> Grey:
    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    # Rows count downwards: this turns against the clock for the eye.
    return affine(images, np.array([[cosine, -sine], [sine, cosine]]))


def _moved(images: Grey, pixels: float, rng: np.random.Generator) -> Grey:
    angle = rng.uniform(0, 2 * np.pi, len(images))
    return affine(images, np.eye(2), pixels * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _scaled(images: Grey, factor: float, rng: np.random.Generator) -> Grey:
    return affine(images, np.eye(2) / factor)


def _noisy(images: Grey, deviation: float, rng: np.random.Generator) -> Grey:
    return images + np.float32(deviation) * rng.standard_normal(images.shape, np.float32)


SWEEPS = {
    sweep.name: sweep
    for sweep in (
        Sweep(
            name="rotation",
            axis="rotation, ° anticlockwise",
            levels=tuple(range(-90, 91, 15)),
            clean=0,
            apply=_turned,
        ),
        Sweep(
            name="shift",
            axis="shift in any direction, px",
            levels=tuple(range(11)),
            clean=0,
            apply=_moved,
        ),
        Sweep(
            name="size",
            axis="size, times as large",
            levels=(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5),
            clean=1,
            apply=_scaled,
        ),
        Sweep(
            name="noise",
            axis="noise, s.d. in grey levels",
            levels=tuple(range(0, 161, 20)),
            clean=0,
            apply=_noisy,
        ),
    )
}
