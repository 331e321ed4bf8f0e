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

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import check_frames
from mnist_core.errors import MnistError
from mnist_core.robustness import corruption_functions
from mnist_core.robustness.affine import Grey

__all__ = ["CORRUPTIONS", "SEVERITIES", "Corruption", "corrupt"]

SEVERITIES = (1, 2, 3, 4, 5)


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


CORRUPTIONS = {
    apply.__name__: Corruption(
        name=apply.__name__, summary=summary, apply=apply, paper_severity=paper_severity
    )
    for apply, paper_severity, summary in (
        (corruption_functions.shot_noise, 5, "Few photons: bright pixels flicker."),
        (corruption_functions.impulse_noise, 4, "Single pixels white or black."),
        (corruption_functions.glass_blur, 1, "Seen through frosted glass: pixels change places."),
        (corruption_functions.motion_blur, 1, "The camera moved."),
        (corruption_functions.shear, 2, "Slanted either way."),
        (corruption_functions.scale, 3, "Shrunk, down to half its size."),
        (corruption_functions.rotate, 2, "Turned either way, up to 57 degrees."),
        (corruption_functions.brightness, 5, "The black turns grey."),
        (corruption_functions.translate, 3, "Moved to a corner, 1 to 5 px each way."),
        (corruption_functions.stripe, 5, "Both sides inverted, up to 7 columns each."),
        (corruption_functions.fog, 5, "Clouds before the digit."),
        (corruption_functions.spatter, 4, "Spattered with mud."),
        (corruption_functions.dotted_line, 5, "A dotted line drawn across."),
        (corruption_functions.zigzag, 5, "A zigzag drawn across."),
        (corruption_functions.canny_edges, 5, "Only the outlines remain."),
    )
}
