"""The 15 corruptions of MNIST-C at five severities.

After N. Mu and J. Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision" (2019); noises,
blurs, brightness, fog and spatter with the severities of D. Hendrycks and T. Dietterich,
"Benchmarking Neural Network Robustness to Common Corruptions and Perturbations" (ICLR 2019), which
MNIST-C took over. Stripe, dotted line, zigzag and Canny edges have one strength in the paper: it is
severity 5 here, and the others are fractions of it.

The random state depends on the seed and the corruption alone, not on the severity: the same image
is rotated in the same direction, only further.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import check_frames
from mnist_core.errors import require_choice, require_int
from mnist_core.robustness import corruption_functions as functions
from mnist_core.robustness.affine import Grey

__all__ = ["CORRUPTIONS", "SEVERITIES", "Corruption", "corrupt"]

SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """One of the fifteen.

    Attributes:
        name: on the command line and in the cache.
        summary: its effect on an image, for the user.
        apply: ((n, 28, 28) float32 from 0 to 1, severity 1 to 5, generator) -> (n, 28, 28)
            float32, new, which may exceed 0 and 1.
        paper_severity: the severity of MNIST-C's own images, from its authors' code.
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
    """Corrupt images; the same arguments give the same result.

    Args:
        images: (n, 28, 28) uint8, white ink on black; n may be 0.
        name: a key of `CORRUPTIONS`.
        severity: 1 to 5; 0 leaves the images unaltered.
        seed: of the random generator, 0 or more.

    Returns:
        (n, 28, 28) uint8, new.

    Raises:
        InvalidImageError: the images are not frames.
        MnistError: there is no such corruption or severity.
    """
    check_frames(images)
    require_choice("The corruption", name, CORRUPTIONS)
    require_int("The severity", severity, 0, SEVERITIES[-1])
    if severity == 0 or not len(images):
        return images.copy()
    rng = np.random.default_rng([seed, list(CORRUPTIONS).index(name)])
    grey = CORRUPTIONS[name].apply(images.astype(np.float32) / 255, severity, rng)
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


CORRUPTIONS = {
    apply.__name__: Corruption(
        name=apply.__name__, summary=summary, apply=apply, paper_severity=paper_severity
    )
    for apply, paper_severity, summary in (
        (functions.shot_noise, 5, "Few photons: bright pixels flicker."),
        (functions.impulse_noise, 4, "Single pixels turn white or black."),
        (functions.glass_blur, 1, "Frosted glass: pixels swap places."),
        (functions.motion_blur, 1, "The camera moved."),
        (functions.shear, 2, "Slanted to the left or right."),
        (functions.scale, 3, "Shrunk, down to half the size."),
        (functions.rotate, 2, "Rotated to the left or right, by up to 57 degrees."),
        (functions.brightness, 5, "The black background turns grey."),
        (functions.translate, 3, "Moved towards a corner, 1 to 5 px along each axis."),
        (functions.stripe, 5, "Both sides inverted, up to 7 columns each."),
        (functions.fog, 5, "Clouds in front of the digit."),
        (functions.spatter, 4, "Spattered with mud."),
        (functions.dotted_line, 5, "A dotted line across the image."),
        (functions.zigzag, 5, "A zigzag line across the image."),
        (functions.canny_edges, 5, "Only the edges remain."),
    )
}
