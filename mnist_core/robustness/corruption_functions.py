"""The functions of MNIST-C's 15 corruptions; their sources are in `corruptions`.

Each takes (n, 28, 28) float32 images from 0 to 1, a severity from 1 to 5 and a random generator,
and returns new images of the same shape, which may exceed 0 and 1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.data import FRAME_SIZE
from mnist_core.robustness.affine import Grey, affine, rotations

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

# Distance from its middle at which a line has faded out, px.
_LINE = 2.3
# Side of the map of fog from which frames are cut, px.
_FOG = 64


def _random_signs(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    return rng.choice([-1.0, 1.0], shape)


def _blur(images: Grey, sigma: float) -> Grey:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(images, (0, sigma, sigma), mode="nearest")


def shot_noise(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Few photons: the number of each pixel is Poisson-distributed."""
    photons = (60, 25, 12, 5, 3)[severity - 1]
    return rng.poisson(images * photons).astype(np.float32) / photons


def impulse_noise(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Turn single pixels white or black."""
    share = (0.03, 0.06, 0.09, 0.17, 0.27)[severity - 1]
    uniform = rng.random(images.shape)
    images = np.where(uniform < share / 2, np.float32(1), images)
    return np.where(uniform > 1 - share / 2, np.float32(0), images)


def glass_blur(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Blur, swap pixels with neighbors, and blur again."""
    settings = ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
    sigma, reach, rounds = settings[severity - 1]
    images = _blur(images, sigma)
    every, side = np.arange(len(images)), FRAME_SIZE - 2 * reach
    for _ in range(rounds):
        # Half of the pixels are swapped with a neighbor, one after the other.
        swapped = rng.random((side, side, len(images)), np.float32) < 0.5
        offsets = rng.integers(-reach, reach + 1, (2, *swapped.shape)) * swapped
        for row, column in np.ndindex(side, side):
            y, x = reach + row, reach + column
            neighbor = every, y + offsets[0, row, column], x + offsets[1, row, column]
            pixel = images[:, y, x].copy()
            images[:, y, x] = images[neighbor]
            images[neighbor] = pixel
    return _blur(images, sigma)


def motion_blur(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Blur along a line of a random angle."""
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
    """Slant to the left or right."""
    shear = severity / 5 * _random_signs(rng, len(images))
    matrices = np.tile(np.eye(2), (len(images), 1, 1))
    matrices[:, 0, 1] = shear
    return affine(images, matrices)


def scale(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Shrink, down to half the size."""
    return affine(images, np.eye(2) / (1 - severity / 10))


def rotate(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Rotate to the left or right, by up to 1 radian."""
    return affine(images, rotations(severity / 5 * _random_signs(rng, len(images))))


def brightness(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Brighten all pixels."""
    return images + np.float32(severity / 10)


def translate(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Move towards a corner, `severity` pixels along each axis."""
    return affine(images, np.eye(2), -severity * _random_signs(rng, len(images), 2))


def stripe(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Invert both sides."""
    width = round(7 * severity / 5)
    images = images.copy()
    for side in (np.s_[..., :width], np.s_[..., -width:]):
        images[side] = 1 - images[side]
    return images


def fog(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Lay clouds over the digit."""
    thick, decay = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))[severity - 1]
    fog = _plasma(len(images), decay, rng)[:, :FRAME_SIZE, :FRAME_SIZE]
    return (images + np.float32(thick) * fog) / np.float32(1 + thick)


def _plasma(count: int, decay: float, rng: np.random.Generator) -> Grey:
    """Clouds by the diamond-square algorithm (Fournier, Fussell and Carpenter, 1982), 0 to 1.

    The maps, (count, 64, 64), wrap around at their borders. From one level to the next finer one
    the roughness is divided by `decay` squared, as in the images of both papers.
    """
    clouds = np.zeros((count, 1, 1), np.float32)
    roughness = 1.0

    def perturb(means: Grey) -> Grey:
        return means + roughness * rng.uniform(-1, 1, means.shape).astype(np.float32)

    while clouds.shape[1] < _FOG:
        side = 2 * clouds.shape[1]
        finer = np.empty((count, side, side), np.float32)
        finer[:, ::2, ::2] = clouds
        across = clouds + np.roll(clouds, -1, 2)
        centers = perturb((across + np.roll(across, -1, 1)) / 4)
        finer[:, 1::2, 1::2] = centers
        # The middle of an edge lies between two corners and two centers.
        finer[:, ::2, 1::2] = perturb((across + centers + np.roll(centers, 1, 1)) / 4)
        along = clouds + np.roll(clouds, -1, 1)
        finer[:, 1::2, ::2] = perturb((along + centers + np.roll(centers, 1, 2)) / 4)
        clouds, roughness = finer, roughness / decay**2
    clouds -= clouds.min((1, 2), keepdims=True)
    return clouds / clouds.max((1, 2), keepdims=True)


def spatter(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Lay drops of mud over the digit."""
    settings = (
        (0.65, 0.3, 4.0, 0.69, 0.6),
        (0.65, 0.3, 3.0, 0.68, 0.6),
        (0.65, 0.3, 2.0, 0.68, 0.5),
        (0.65, 0.3, 1.0, 0.65, 1.5),
        (0.67, 0.4, 1.0, 0.65, 1.5),
    )
    mean, deviation, sigma, threshold, edge_sigma = settings[severity - 1]
    liquid = _blur(rng.normal(mean, deviation, images.shape).astype(np.float32), sigma)
    mud = _blur((liquid > threshold).astype(np.float32), edge_sigma)
    mud[mud < 0.8] = 0
    return images * (1 - mud) + np.float32(63 / 255) * mud


def _draw_lines(middles: NDArray[np.floating]) -> Grey:
    """Lines, given the row of their middle in each column: (n, 28) -> (n, 28, 28), 0 to 1."""
    rows = np.arange(FRAME_SIZE)[:, np.newaxis]
    distance = np.clip(np.abs(rows - middles[:, np.newaxis]), 0, _LINE - 1e-6)
    return np.clip(1 + np.log(1 - distance / _LINE), 0, 1).astype(np.float32)


def dotted_line(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Draw a dotted line across the image."""
    start, end = rng.integers(0, FRAME_SIZE - 1, (2, len(images), 1))
    columns = np.arange(FRAME_SIZE)
    lines = _draw_lines(start + (end - start) * columns / (FRAME_SIZE - 1))
    # Two columns of line, two of gap.
    lines *= columns % 4 >= 2
    return images + np.float32(severity / 5) * lines


def zigzag(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Draw a zigzag line across the image."""
    columns, first, last, teeth = np.arange(FRAME_SIZE), 2, 25, 2.0
    start = rng.integers(0, FRAME_SIZE - 1, (len(images), 1))
    rise = rng.integers(-5, 5, (len(images), 1))
    # From the base line 2 px up, 4 down, 4 up …, one column per pixel.
    phase = (columns - first) / (4 * teeth) + 0.25
    wave = 4 * teeth * np.abs(phase - np.floor(phase) - 0.5) - teeth
    lines = _draw_lines(start + rise * (columns - first) / (last - first) + wave)
    lines *= (columns >= first) & (columns <= last)
    return images + np.float32(severity / 5) * lines


def canny_edges(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    """Blend the image into its Canny edges."""
    from skimage.feature import canny

    edges = np.stack([canny(image) for image in images]).astype(np.float32)
    return images + np.float32(severity / 5) * (edges - images)
