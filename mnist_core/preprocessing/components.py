"""Connected components of ink: strokes that touch, alone or merged with others to a digit."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "Component", "component_mask", "find_components", "label_type"]

# (x, y, width, height) in pixels.
Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Component:
    """One or several connected components: the edges of their box, half-open, and their labels."""

    left: int
    top: int
    right: int
    bottom: int
    labels: tuple[int, ...]

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
        )


def find_components(
    solid: NDArray[np.uint8], most: int
) -> tuple[list[Component], NDArray[np.integer]]:
    """Find the connected components of an image, the largest first.

    Args:
        solid: (h, w) uint8, not 0 for ink.
        most: only this many are returned.

    Returns:
        The components, and (h, w) labels: the component of each pixel, 0 for background.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, ltype=label_type(solid.shape))
    sides = stats[:count, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1)
    sides[0] = 0  # the background
    largest = np.argsort(-sides, kind="stable")[: min(count - 1, most)]
    components = [
        Component(x, y, x + w, y + h, (label,))
        for label, (x, y, w, h, _) in zip(largest.tolist(), stats[largest].tolist(), strict=True)
    ]
    return components, labels


def label_type(shape: tuple[int, ...]) -> int:
    """OpenCV's type for the labels of the components of an image of (h, w).

    With 16 bits, OpenCV labels four times as fast. They are enough for most images: there is at
    most one component in every second row and column.
    """
    most = ((shape[0] + 1) // 2) * ((shape[1] + 1) // 2)
    return int(cv2.CV_16U if most < 2**16 - 2 else cv2.CV_32S)


def component_mask(component: Component, labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """The ink of a component, without its neighbors'.

    Args:
        component: h high and w wide.
        labels: (h', w'), the label of each pixel of the image, 0 for background.

    Returns:
        (h, w) uint8, 0 or 1.
    """
    window = labels[component.top : component.bottom, component.left : component.right]
    mask = window == component.labels[0]
    for label in component.labels[1:]:
        mask |= window == label
    return mask.view(np.uint8)
