"""What MNIST-C's 15 corruptions do to images; `corruptions` says whose they are.

Each takes (n, 28, 28) float32 images from 0 to 1, a severity from 1 to 5 and a generator, and gives
new images of the same shape, which may go beyond 0 and 1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE
from mnist_core.robustness.affine import Grey, affine

__all__ = [
    "brightness",
    "canny_edges",
    "dotted_line",
    "fog",
    "glass_blur",
    "impulse_noise",
    "motion_blur",
    "rotate",
    "scale",
    "shear",
    "shot_noise",
    "spatter",
    "stripe",
    "translate",
    "zigzag",
]

# A drawn line fades out so many pixels from its middle.
_LINE = 2.3
# The side of the map of fog, of which a frame sees a part.
_FOG = 64


def _either_way(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    return rng.choice([-1.0, 1.0], shape)


def _blurred(images: Grey, sigma: float) -> Grey:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(images, (0, sigma, sigma), mode="nearest")


def shot_noise(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Few photons: each pixel's number of them is left to chance."""
    photons = (60, 25, 12, 5, 3)[severity - 1]
    return rng.poisson(images * photons).astype(np.float32) / photons


def impulse_noise(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Single pixels white or black."""
    share = (0.03, 0.06, 0.09, 0.17, 0.27)[severity - 1]
    chance = rng.random(images.shape)
    images = np.where(chance < share / 2, np.float32(1), images)
    return np.where(chance > 1 - share / 2, np.float32(0), images)


def glass_blur(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Blurred, pixels changing places with neighbours, and blurred again."""
    settings = ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
    sigma, reach, rounds = settings[severity - 1]
    images = _blurred(images, sigma)
    each, side = np.arange(len(images)), FRAME_SIZE - 2 * reach
    for _ in range(rounds):
        # Half of the pixels change places with a neighbour, one after the other.
        swap = rng.random((side, side, len(images)), np.float32) < 0.5
        away = rng.integers(-reach, reach + 1, (2, *swap.shape)) * swap
        for row, column in np.ndindex(side, side):
            y, x = reach + row, reach + column
            there = each, y + away[0, row, column], x + away[1, row, column]
            here = images[:, y, x].copy()
            images[:, y, x] = images[there]
            images[there] = here
    return _blurred(images, sigma)


def motion_blur(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Blurred along a line of any slant."""
    radius, sigma = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))[severity - 1]
    steps = np.arange(2 * radius + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    weights /= weights.sum()
    center = steps[-1]
    blurred = np.empty_like(images)
    for row, angle in enumerate(rng.uniform(-np.pi / 4, np.pi / 4, len(images))):
        kernel = np.zeros((2 * center + 1, 2 * center + 1), np.float32)
        places = np.rint(np.outer([np.sin(angle), np.cos(angle)], steps)).astype(int) + center
        np.add.at(kernel, tuple(places), weights)
        blurred[row] = cv2.filter2D(images[row], -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return blurred


def shear(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Slanted either way."""
    shear = severity / 5 * _either_way(rng, len(images))
    matrices = np.tile(np.eye(2), (len(images), 1, 1))
    matrices[:, 0, 1] = shear
    return affine(images, matrices)


def scale(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Shrunk, down to half the size."""
    return affine(images, np.eye(2) / (1 - severity / 10))


def rotate(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Turned either way, up to 57 degrees."""
    angle = severity / 5 * _either_way(rng, len(images))
    cosine, sine = np.cos(angle), np.sin(angle)
    return affine(images, np.array([[cosine, -sine], [sine, cosine]]).transpose(2, 0, 1))


def brightness(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """All pixels brighter."""
    return images + np.float32(severity / 10)


def translate(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Moved to a corner, a pixel each way for each severity."""
    return affine(images, np.eye(2), -severity * _either_way(rng, len(images), 2))


def stripe(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Both sides inverted."""
    width = round(7 * severity / 5)
    images = images.copy()
    for side in (np.s_[..., :width], np.s_[..., -width:]):
        images[side] = 1 - images[side]
    return images


def fog(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Clouds before the digit."""
    thick, decay = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))[severity - 1]
    fog = _plasma(len(images), decay, rng)[:, :FRAME_SIZE, :FRAME_SIZE]
    return (images + np.float32(thick) * fog) / np.float32(1 + thick)


def _plasma(count: int, decay: float, rng: np.random.Generator) -> Grey:
    """Clouds by the diamond-square algorithm (Fournier, Fussell and Carpenter, 1982), 0 to 1.

    The maps go round at their borders, (count, 64, 64). A level's roughness is `decay` squared
    times less than the coarser one's, as in the images of both papers.
    """
    clouds = np.zeros((count, 1, 1), np.float32)
    rough = 1.0

    def wobble(means: Grey) -> Grey:
        return means + rough * rng.uniform(-1, 1, means.shape).astype(np.float32)

    while clouds.shape[1] < _FOG:
        side = 2 * clouds.shape[1]
        finer = np.empty((count, side, side), np.float32)
        finer[:, ::2, ::2] = clouds
        across = clouds + np.roll(clouds, -1, 2)
        centers = wobble((across + np.roll(across, -1, 1)) / 4)
        finer[:, 1::2, 1::2] = centers
        # The middle of an edge lies between two corners and two centers.
        finer[:, ::2, 1::2] = wobble((across + centers + np.roll(centers, 1, 1)) / 4)
        along = clouds + np.roll(clouds, -1, 1)
        finer[:, 1::2, ::2] = wobble((along + centers + np.roll(centers, 1, 2)) / 4)
        clouds, rough = finer, rough / decay**2
    clouds -= clouds.min((1, 2), keepdims=True)
    return clouds / clouds.max((1, 2), keepdims=True)


def spatter(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Drops of mud before the digit."""
    settings = (
        (0.65, 0.3, 4.0, 0.69, 0.6),
        (0.65, 0.3, 3.0, 0.68, 0.6),
        (0.65, 0.3, 2.0, 0.68, 0.5),
        (0.65, 0.3, 1.0, 0.65, 1.5),
        (0.67, 0.4, 1.0, 0.65, 1.5),
    )
    mean, spread, sigma, wet, soft = settings[severity - 1]
    liquid = _blurred(rng.normal(mean, spread, images.shape).astype(np.float32), sigma)
    mud = _blurred((liquid > wet).astype(np.float32), soft)
    mud[mud < 0.8] = 0
    return images * (1 - mud) + np.float32(63 / 255) * mud


def _drawn(middle: NDArray[np.floating]) -> Grey:
    """A line that has its middle at row `middle` of each column: (n, 28) -> (n, 28, 28), 0 to 1."""
    rows = np.arange(FRAME_SIZE)[:, np.newaxis]
    away = np.clip(np.abs(rows - middle[:, np.newaxis]), 0, _LINE - 1e-6)
    return np.clip(1 + np.log(1 - away / _LINE), 0, 1).astype(np.float32)


def dotted_line(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """A dotted line drawn across."""
    start, end = rng.integers(0, FRAME_SIZE - 1, (2, len(images), 1))
    columns = np.arange(FRAME_SIZE)
    line = _drawn(start + (end - start) * columns / (FRAME_SIZE - 1))
    # Two columns drawn, two left out.
    line *= columns % 4 >= 2
    return images + np.float32(severity / 5) * line


def zigzag(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """A zigzag drawn across."""
    columns, first, last, teeth = np.arange(FRAME_SIZE), 2, 25, 2.0
    start = rng.integers(0, FRAME_SIZE - 1, (len(images), 1))
    rise = rng.integers(-5, 5, (len(images), 1))
    # From the base line two up, four down, four up …, a column for each row.
    phase = (columns - first) / (4 * teeth) + 0.25
    wave = 4 * teeth * np.abs(phase - np.floor(phase) - 0.5) - teeth
    line = _drawn(start + rise * (columns - first) / (last - first) + wave)
    line *= (columns >= first) & (columns <= last)
    return images + np.float32(severity / 5) * line


def canny_edges(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """The outlines in the image's place."""
    from skimage.feature import canny

    edges = np.stack([canny(image) for image in images]).astype(np.float32)
    return images + np.float32(severity / 5) * (edges - images)
