"""Rotation, shift, size and noise in small steps, to see at which level the model fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import check_frames
from mnist_core.errors import require_choice
from mnist_core.robustness.affine import Grey, affine, rotations

__all__ = ["SWEEPS", "Sweep", "distort"]


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A distortion and the levels at which it is measured.

    Attributes:
        name: in the cache and on charts.
        axis: title of a chart's axis, with the unit of the levels.
        levels: ascending.
        clean: the level that changes nothing.
        apply: ((n, 28, 28) float32 from 0 to 255, level, generator) -> the same shape.
    """

    name: str
    axis: str
    levels: tuple[float, ...]
    clean: float
    apply: Callable[[Grey, float, np.random.Generator], Grey]


def distort(
    images: NDArray[np.uint8], name: str, level: float, *, seed: int = 0
) -> NDArray[np.uint8]:
    """Distort images; the same arguments give the same result.

    Args:
        images: (n, 28, 28) uint8, white ink on black; n may be 0.
        name: a key of `SWEEPS`.
        level: in the unit of the sweep's axis; not only one of its levels.
        seed: of the random generator, 0 or more; the same at each level.

    Returns:
        (n, 28, 28) uint8, new.

    Raises:
        InvalidImageError: the images are not frames.
        MnistError: there is no such sweep.
    """
    check_frames(images)
    require_choice("The sweep", name, SWEEPS)
    if not len(images):
        return images.copy()
    rng = np.random.default_rng([seed, list(SWEEPS).index(name)])
    grey = SWEEPS[name].apply(images.astype(np.float32), level, rng)
    return np.rint(np.clip(grey, 0, 255)).astype(np.uint8)


def _rotate(images: Grey, degrees: float, rng: np.random.Generator) -> Grey:
    return affine(images, rotations(np.deg2rad(degrees)))


def _shift(images: Grey, pixels: float, rng: np.random.Generator) -> Grey:
    angle = rng.uniform(0, 2 * np.pi, len(images))
    return affine(images, np.eye(2), pixels * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _scale(images: Grey, factor: float, rng: np.random.Generator) -> Grey:
    return affine(images, np.eye(2) / factor)


def _add_noise(images: Grey, deviation: float, rng: np.random.Generator) -> Grey:
    return images + np.float32(deviation) * rng.standard_normal(images.shape, np.float32)


SWEEPS = {
    sweep.name: sweep
    for sweep in (
        Sweep(
            name="rotation",
            axis="rotation, ° counterclockwise",
            levels=tuple(range(-90, 91, 15)),
            clean=0,
            apply=_rotate,
        ),
        Sweep(
            name="shift",
            axis="shift in a random direction, px",
            levels=tuple(range(11)),
            clean=0,
            apply=_shift,
        ),
        Sweep(
            name="size",
            axis="size, factor",
            levels=(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5),
            clean=1,
            apply=_scale,
        ),
        Sweep(
            name="noise",
            axis="noise, s.d. in grey levels",
            levels=tuple(range(0, 161, 20)),
            clean=0,
            apply=_add_noise,
        ),
    )
}
