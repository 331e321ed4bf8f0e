"""The network that reads digits that touch: an image of a line to a class in each of its columns.

All layers are convolutions, so a line may have any width: after H. Zhan, S. Lyu and Y. Lu,
"Handwritten Digit String Recognition using Convolutional Neural Network" (ICPR 2018), where they
read strings as well as recurrent networks, and faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_core.data import CLASSES
from mnist_core.preprocessing.framing import LINE_HEIGHT

if TYPE_CHECKING:
    import keras

__all__ = ["STRING_CLASSES", "build_string_network"]

# Ten digits, the non-digit, and CTC's blank.
STRING_CLASSES = CLASSES + 2


def build_string_network() -> keras.Model:
    """Build the untrained network.

    It takes (n, `LINE_HEIGHT`, width) float32 from 0 to 255 and returns logits, (n, width / 2,
    `STRING_CLASSES`) float32. The width is a multiple of 2.
    """
    import keras
    from keras import layers

    def convolutions(
        *filters: int, window: tuple[int, int] = (3, 3), **options: object
    ) -> list[keras.Layer]:
        return [
            layer
            for count in filters
            for layer in (
                layers.Conv2D(count, window, use_bias=False, **{"padding": "same", **options}),
                layers.BatchNormalization(),
                layers.ReLU(),
            )
        ]

    rows = LINE_HEIGHT // 8
    return keras.Sequential(
        [
            keras.Input((LINE_HEIGHT, None), dtype="float32", name="line"),
            layers.Rescaling(1 / 255),
            layers.Reshape((LINE_HEIGHT, -1, 1)),
            *convolutions(16),
            *convolutions(32, strides=2),
            *convolutions(32),
            layers.MaxPooling2D((2, 1)),
            *convolutions(48, 64),
            layers.MaxPooling2D((2, 1)),
            *convolutions(64),
            # From here on one row: each column sees a digit's height and about two widths.
            *convolutions(128, window=(rows, 5), padding="valid"),
            *convolutions(128, window=(1, 5)),
            layers.Dropout(0.1),
            *convolutions(128, window=(1, 3)),
            layers.Conv2D(STRING_CLASSES, 1, dtype="float32", name="logits"),
            layers.Reshape((-1, STRING_CLASSES), dtype="float32"),
        ],
        name="strings",
    )
