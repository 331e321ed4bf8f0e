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

_Apply = Callable[[Grey, float, np.random.Generator], Grey]


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
    apply: _Apply


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


_TABLE: tuple[tuple[str, str, tuple[float, ...], float, _Apply], ...] = (
    ("rotation", "rotation, ° counterclockwise", tuple(range(-90, 91, 15)), 0, _rotate),
    ("shift", "shift in a random direction, px", tuple(range(11)), 0, _shift),
    ("size", "size, factor", tuple(tenths / 10 for tenths in range(3, 16)), 1, _scale),
    ("noise", "noise, s.d. in grey levels", tuple(range(0, 161, 20)), 0, _add_noise),
)
SWEEPS = {
    name: Sweep(name=name, axis=axis, levels=levels, clean=clean, apply=apply)
    for name, axis, levels, clean, apply in _TABLE
}
