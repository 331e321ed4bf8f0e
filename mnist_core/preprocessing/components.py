"""Connected components of ink: strokes that touch, alone or merged with others to a digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_core.preprocessing.budget import check_time
from mnist_core.preprocessing.grey import Image

__all__ = [
    "MAX_COMPONENTS",
    "Box",
    "Component",
    "Labels",
    "component_mask",
    "find_components",
    "label_type",
    "of_most_ink",
    "typical_height",
]

# More components are a texture, not a sheet of digits: the largest are kept.
MAX_COMPONENTS = 500
# (x, y, width, height) in pixels.
Box = tuple[int, int, int, int]
# (h, w), the component that each pixel belongs to; 0 is background.
Labels = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Component:
    """One or several connected components: the edges of their box, half-open, and their labels."""

    left: int
    top: int
    right: int
    bottom: int
    labels: tuple[int, ...]
    # Height of the tallest connected component, in pixels: it does not grow by merging.
    scale: int

    @property
    def box(self) -> Box:
        """(x, y, width, height) in pixels."""
        return self.left, self.top, self.width, self.height

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def side(self) -> int:
        return max(self.width, self.height)

    def merge(self, other: Component) -> Component:
        return Component(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            self.labels + other.labels,
            max(self.scale, other.scale),
        )


def find_components(solid: Image, most: int) -> tuple[list[Component], Labels]:
    """Find the `most` largest connected components of an image, the largest first; and all labels.

    Ink is where `solid`, (h, w) uint8, is not 0.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, ltype=label_type(solid.shape))
    sides = stats[:count, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1)
    sides[0] = 0  # the background
    largest = np.argsort(-sides, kind="stable")[: min(count - 1, most)]
    components = [
        Component(x, y, x + w, y + h, (label,), h)
        for label, (x, y, w, h, _) in zip(largest.tolist(), stats[largest].tolist(), strict=True)
    ]
    return components, labels


def typical_height(components: Sequence[Component]) -> float:
    """The height of most ink, in pixels; 0 without components. See `of_most_ink`."""
    heights = [component.height for component in components]
    return of_most_ink(heights, heights)


def of_most_ink(values: Sequence[float], inks: Sequence[float]) -> float:
    """The median of values in which each counts as often as its component has ink.

    Neither many dots nor a single tall component change it. 0 without values.
    """
    if not values:
        return 0.0
    order = np.argsort(values)
    sums = np.cumsum(np.array(inks)[order])
    return float(values[order[np.searchsorted(2 * sums, sums[-1])]])


def label_type(shape: tuple[int, ...]) -> int:
    """OpenCV's type for the labels of the components of an image of (h, w).

    With 16 bits, OpenCV labels four times as fast. They are enough for most images: there is at
    most one component in every second row and column.
    """
    most = ((shape[0] + 1) // 2) * ((shape[1] + 1) // 2)
    return int(cv2.CV_16U if most < 2**16 - 2 else cv2.CV_32S)


def component_mask(component: Component, labels: Labels) -> Image:
    """Where the ink of a component is in its box: (height, width) uint8, 0 or 1.

    Raises:
        ClutteredImageError: the time for the image is used up. All work on a component begins here.
    """
    check_time()
    window = labels[component.top : component.bottom, component.left : component.right]
    mask = window == component.labels[0]
    for label in component.labels[1:]:
        mask |= window == label
    return mask.view(np.uint8)
