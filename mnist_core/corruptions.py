"""The 15 corruptions of MNIST-C: what paper, pens and cameras do to digits, in five severities.

After N. Mu and J. Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision" (2019); noises,
blurs, brightness, fog and spatter with the severities of D. Hendrycks and T. Dietterich,
"Benchmarking Neural Network Robustness to Common Corruptions and Perturbations" (ICLR 2019), which
MNIST-C took over. Stripe, dotted line, zigzag and Canny edges have one strength in the paper: it is
severity 5 here, and the others are parts of it.

All chance follows from the seed and the corruption alone, not from the severity: the same image is
turned the same way, only further.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.errors import InvalidImageError, MnistError
from mnist_core.preprocessing import FRAME_SIZE

__all__ = ["CORRUPTIONS", "SEVERITIES", "Corruption", "affine", "check_frames", "corrupt"]

SEVERITIES = (1, 2, 3, 4, 5)
# The centre of a frame lies between its middle pixels.
_MIDDLE = (FRAME_SIZE - 1) / 2
# A drawn line fades out so many pixels from its middle.
_LINE = 2.3
# The side of the map of fog, of which a frame sees a part.
_FOG = 64

# float32, 0 to 1 in a corruption.
Grey = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """One of the fifteen.

    Attributes:
        name: what the command line and the cache call it.
        summary: what it does to an image, for people.
        apply: ((n, 28, 28) float32 from 0 to 1, severity 1 to 5, a generator) -> (n, 28, 28)
            float32, new, which may go beyond 0 and 1.
        paper_severity: the severity that MNIST-C's own images have, by its authors' code.
    """

    name: str
    summary: str
    apply: Callable[[Grey, int, np.random.Generator], Grey]
    paper_severity: int

    @property
    def title(self) -> str:
        """The name as a chart shows it."""
        return self.name.replace("_", " ")


def corrupt(
    images: NDArray[np.uint8], name: str, severity: int, *, seed: int = 0
) -> NDArray[np.uint8]:
    """Corrupt images; the same arguments give the same images.

    Args:
        images: (n, 28, 28) uint8, white ink on black; n may be 0.
        name: a key of `CORRUPTIONS`.
        severity: 1 to 5; 0 leaves the images as they are.
        seed: of all chance, 0 or more.

    Returns:
        (n, 28, 28) uint8, new.

    Raises:
        InvalidImageError: the images are no frames.
        MnistError: there is no such corruption or severity.
    """
    check_frames(images)
    if name not in CORRUPTIONS:
        raise MnistError(
            f"No such corruption. Choose one of: {', '.join(CORRUPTIONS)}. Received: {name!r}"
        )
    if severity not in (0, *SEVERITIES):
        raise MnistError(
            f"A severity is a whole number from 0 to {SEVERITIES[-1]}. Received: {severity!r}"
        )
    if severity == 0 or not len(images):
        return images.copy()
    rng = np.random.default_rng([seed, list(CORRUPTIONS).index(name)])
    grey = CORRUPTIONS[name].apply(images.astype(np.float32) / 255, severity, rng)
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


def check_frames(images: NDArray[np.uint8]) -> None:
    """Refuse what is not (n, 28, 28) uint8.

    Raises:
        InvalidImageError: another shape or dtype.
    """
    if images.dtype != np.uint8 or images.shape[1:] != (FRAME_SIZE, FRAME_SIZE):
        raise InvalidImageError(
            "Frames are images of 28x28 grey levels. Pass an array of shape (n, 28, 28) and dtype "
            f"uint8. Received: shape {images.shape}, dtype {images.dtype}"
        )


def affine(
    images: Grey, matrices: NDArray[np.floating], shifts: NDArray[np.floating] | float = 0.0
) -> Grey:
    """Turn, shear, scale or move images about their centre; what comes in from outside is black.

    Args:
        images: (n, 28, 28) float32.
        matrices: (n, 2, 2) or (2, 2): from a place in the result, (x, y) from its centre, to the
            place in the image.
        shifts: (n, 2) px: how far (x, y) the result lies to the right and below.

    Returns:
        (n, 28, 28) float32, sampled bilinearly.
    """
    matrices = np.broadcast_to(matrices, (len(images), 2, 2))
    centre = np.full(2, _MIDDLE)
    offsets = centre - np.einsum(
        "nij,nj->ni", matrices, centre + np.broadcast_to(shifts, (len(images), 2))
    )
    size = (FRAME_SIZE, FRAME_SIZE)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = np.empty_like(images)
    for row, (image, matrix, offset) in enumerate(zip(images, matrices, offsets, strict=True)):
        warped[row] = cv2.warpAffine(image, np.column_stack([matrix, offset]), size, flags=flags)
    return warped


def _either_way(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    return rng.choice([-1.0, 1.0], shape)


def _blurred(images: Grey, sigma: float) -> Grey:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(images, (0, sigma, sigma), mode="nearest")


def _shot_noise(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    photons = (60, 25, 12, 5, 3)[severity - 1]
    return rng.poisson(images * photons).astype(np.float32) / photons


def _impulse_noise(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    share = (0.03, 0.06, 0.09, 0.17, 0.27)[severity - 1]
    chance = rng.random(images.shape)
    images = np.where(chance < share / 2, np.float32(1), images)
    return np.where(chance > 1 - share / 2, np.float32(0), images)


def _glass_blur(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
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


def _motion_blur(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    radius, sigma = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))[severity - 1]
    steps = np.arange(2 * radius + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    weights /= weights.sum()
    centre = steps[-1]
    blurred = np.empty_like(images)
    for row, angle in enumerate(rng.uniform(-np.pi / 4, np.pi / 4, len(images))):
        kernel = np.zeros((2 * centre + 1, 2 * centre + 1), np.float32)
        places = np.rint(np.outer([np.sin(angle), np.cos(angle)], steps)).astype(int) + centre
        np.add.at(kernel, tuple(places), weights)
        blurred[row] = cv2.filter2D(images[row], -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return blurred


def _shear(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    shear = severity / 5 * _either_way(rng, len(images))
    matrices = np.tile(np.eye(2), (len(images), 1, 1))
    matrices[:, 0, 1] = shear
    return affine(images, matrices)


def _scale(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    return affine(images, np.eye(2) / (1 - severity / 10))


def _rotate(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    angle = severity / 5 * _either_way(rng, len(images))
    cosine, sine = np.cos(angle), np.sin(angle)
    return affine(images, np.array([[cosine, -sine], [sine, cosine]]).transpose(2, 0, 1))


def _brightness(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    return images + np.float32(severity / 10)


def _translate(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    return affine(images, np.eye(2), -severity * _either_way(rng, len(images), 2))


def _stripe(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    width = round(7 * severity / 5)
    images = images.copy()
    for side in (np.s_[..., :width], np.s_[..., -width:]):
        images[side] = 1 - images[side]
    return images


def _fog(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
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
        centres = wobble((across + np.roll(across, -1, 1)) / 4)
        finer[:, 1::2, 1::2] = centres
        # The middle of an edge lies between two corners and two centres.
        finer[:, ::2, 1::2] = wobble((across + centres + np.roll(centres, 1, 1)) / 4)
        along = clouds + np.roll(clouds, -1, 1)
        finer[:, 1::2, ::2] = wobble((along + centres + np.roll(centres, 1, 2)) / 4)
        clouds, rough = finer, rough / decay**2
    clouds -= clouds.min((1, 2), keepdims=True)
    return clouds / clouds.max((1, 2), keepdims=True)


def _spatter(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
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


def _dotted_line(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    start, end = rng.integers(0, FRAME_SIZE - 1, (2, len(images), 1))
    columns = np.arange(FRAME_SIZE)
    line = _drawn(start + (end - start) * columns / (FRAME_SIZE - 1))
    # Two columns drawn, two left out.
    line *= columns % 4 >= 2
    return images + np.float32(severity / 5) * line


def _zigzag(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    columns, first, last, teeth = np.arange(FRAME_SIZE), 2, 25, 2.0
    start = rng.integers(0, FRAME_SIZE - 1, (len(images), 1))
    rise = rng.integers(-5, 5, (len(images), 1))
    # From the base line two up, four down, four up …, a column for each row.
    phase = (columns - first) / (4 * teeth) + 0.25
    wave = 4 * teeth * np.abs(phase - np.floor(phase) - 0.5) - teeth
    line = _drawn(start + rise * (columns - first) / (last - first) + wave)
    line *= (columns >= first) & (columns <= last)
    return images + np.float32(severity / 5) * line


def _canny_edges(images: Grey, severity: int, rng: np.random.Generator) -> Grey:
    from skimage.feature import canny

    edges = np.stack([canny(image) for image in images]).astype(np.float32)
    return images + np.float32(severity / 5) * (edges - images)


CORRUPTIONS = {
    corruption.name: corruption
    for corruption in (
        Corruption(
            name="shot_noise",
            summary="Few photons: bright pixels flicker.",
            apply=_shot_noise,
            paper_severity=5,
        ),
        Corruption(
            name="impulse_noise",
            summary="Single pixels white or black.",
            apply=_impulse_noise,
            paper_severity=4,
        ),
        Corruption(
            name="glass_blur",
            summary="Seen through frosted glass: pixels change places.",
            apply=_glass_blur,
            paper_severity=1,
        ),
        Corruption(
            name="motion_blur",
            summary="The camera moved.",
            apply=_motion_blur,
            paper_severity=1,
        ),
        Corruption(name="shear", summary="Slanted either way.", apply=_shear, paper_severity=2),
        Corruption(
            name="scale", summary="Shrunk, down to half its size.", apply=_scale, paper_severity=3
        ),
        Corruption(
            name="rotate",
            summary="Turned either way, up to 57 degrees.",
            apply=_rotate,
            paper_severity=2,
        ),
        Corruption(
            name="brightness", summary="The black turns grey.", apply=_brightness, paper_severity=5
        ),
        Corruption(
            name="translate",
            summary="Moved to a corner, 1 to 5 px each way.",
            apply=_translate,
            paper_severity=3,
        ),
        Corruption(
            name="stripe",
            summary="Both sides inverted, up to 7 columns each.",
            apply=_stripe,
            paper_severity=5,
        ),
        Corruption(name="fog", summary="Clouds before the digit.", apply=_fog, paper_severity=5),
        Corruption(name="spatter", summary="Spattered with mud.", apply=_spatter, paper_severity=4),
        Corruption(
            name="dotted_line",
            summary="A dotted line drawn across.",
            apply=_dotted_line,
            paper_severity=5,
        ),
        Corruption(
            name="zigzag", summary="A zigzag drawn across.", apply=_zigzag, paper_severity=5
        ),
        Corruption(
            name="canny_edges",
            summary="Only the outlines remain.",
            apply=_canny_edges,
            paper_severity=5,
        ),
    )
}
