"""The networks: a name, what it is, how it is trained unless told otherwise, and its Keras builder.

Every network takes raw grey levels, (n, 28, 28) float32 from 0 to 255, and scales them itself, so
that training and reading cannot disagree about it. It returns logits, (n, 10) float32: softmax and
temperature belong to the reader. A network that also tells digits from everything else has an
eleventh: the logit of "this is a digit".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_core.errors import TrainingError

if TYPE_CHECKING:
    import keras

__all__ = ["ARCHITECTURES", "Architecture", "get_architecture"]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network and the training that suits it.

    Attributes:
        name: what the command line and the cards call it.
        summary: one sentence for people.
        build: makes the untrained network; imports Keras when called. A number, 0 to 0.9, replaces
            the shares of units that are dropped in training.
        epochs: at most so many passes over the training images.
        quick_epochs: so many are enough for a good network.
        batch_size: images per step.
        learning_rate: the optimizer's, at the start.
        optimizer: a key of `OPTIMIZERS`.
        schedule: a key of `SCHEDULES`.
        augmentation: how strongly training alters the images, 0 to 1.
        steps_at_once: steps that run without Python between them; where a step takes a few
            milliseconds, Python's part of it is a good deal.
        target_accuracy: stop at the end of the first epoch whose training accuracy reaches this.
        gains_from_16_bits: it trains quicker in mixed precision, and as well, where the processor
            multiplies bfloat16 by itself.
        from_the_world: True trains on more than MNIST as it is: altered images, other pens, styles
            that MNIST lacks and what is no digit. Its network has the eleventh output.
    """

    name: str
    summary: str
    build: Callable[..., keras.Model]
    epochs: int
    quick_epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str = "adam"
    schedule: str = "constant"
    augmentation: float = 0.0
    steps_at_once: int = 1
    target_accuracy: float | None = None
    gains_from_16_bits: bool = False
    uses_synthetic_data: bool = False


# In mixed precision the logits stay float32: the loss needs them so.


def _build_mlp(dropout: float | None = None) -> keras.Model:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28), dtype="float32", name="image"),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            *([layers.Dropout(dropout)] if dropout else []),
            layers.Dense(10, dtype="float32", name="logits"),
        ],
        name="mlp",
    )


def _convolutions(*filters: int, window: int = 3) -> list[keras.Layer]:
    """Convolutions that look at nothing beyond the border, one after the other."""
    from keras import layers

    return [
        layer
        for count in filters
        for layer in (
            # The normalization has a shift of its own; it is folded into the kernel on export.
            layers.Conv2D(count, window, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
        )
    ]


def _build_cnn(dropout: float | None = None) -> keras.Model:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28), dtype="float32", name="image"),
            layers.Rescaling(1 / 255),
            layers.Reshape((28, 28, 1)),
            *_convolutions(24, 32),
            layers.MaxPooling2D(),
            *_convolutions(48, 64),
            layers.MaxPooling2D(),
            layers.Dropout(0.3 if dropout is None else dropout),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5 if dropout is None else dropout),
            layers.Dense(10, dtype="float32", name="logits"),
        ],
        name="cnn",
    )


def _build_champion(dropout: float | None = None) -> keras.Model:
    import keras
    from keras import layers

    def branch(name: str, *convolutions: keras.Layer) -> keras.Model:
        rate = 0.3 if dropout is None else dropout
        return keras.Sequential([*convolutions, layers.Flatten(), layers.Dropout(rate)], name=name)

    # Convolution after convolution down to 2x2 pixels, without a hidden layer that has most of the
    # weights, and with windows of three sizes: after S. An, M. Lee, S. Park, H. Yang and J. So, "An
    # Ensemble of Simple Convolutional Neural Network Models for MNIST Digit Recognition",
    # arXiv:2008.10400, 2020. There they are networks of their own; here they are the branches of
    # one, whose first convolutions and last layer they share. It pools once, which leaves a tenth
    # of the multiplications. oneDNN is quick with 16 channels, or 32, 48 …
    image = keras.Input((28, 28), dtype="float32", name="image")
    stem = keras.Sequential(
        [
            layers.Rescaling(1 / 255),
            layers.Reshape((28, 28, 1)),
            *_convolutions(32, 48),
            layers.MaxPooling2D(),
        ],
        name="stem",
    )
    seen = stem(image)
    features = [
        branch("windows_3x3", *_convolutions(64, 80, 96, 112, 128))(seen),
        branch("windows_5x5", *_convolutions(64, 96, window=5), *_convolutions(128))(seen),
        branch("windows_7x7", *_convolutions(48, window=7), *_convolutions(96, window=5))(seen),
    ]
    logits = layers.Dense(11, dtype="float32", name="logits")
    return keras.Model(image, logits(layers.Concatenate()(features)), name="champion")


ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            name="mlp",
            summary="One hidden layer of 512 units: trains in seconds.",
            build=_build_mlp,
            epochs=10,
            quick_epochs=3,
            batch_size=128,
            learning_rate=1e-3,
            steps_at_once=10,
            target_accuracy=0.99,
        ),
        Architecture(
            name="cnn",
            summary="Four small convolutions and dropout: trains in minutes.",
            build=_build_cnn,
            epochs=12,
            quick_epochs=2,
            batch_size=128,
            learning_rate=1e-3,
            schedule="cosine",
            gains_from_16_bits=True,
        ),
        Architecture(
            name="champion",
            summary="Convolutions in three branches, for what people really write: takes hours.",
            build=_build_champion,
            epochs=100,
            quick_epochs=4,
            batch_size=128,
            learning_rate=2e-3,
            optimizer="adamw",
            schedule="warm-up",
            augmentation=1.0,
            gains_from_16_bits=True,
            uses_synthetic_data=True,
        ),
    )
}


def get_architecture(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        TrainingError: there is none.
    """
    if not isinstance(name, str) or name not in ARCHITECTURES:
        raise TrainingError(
            f"No such architecture. Choose one of: {', '.join(ARCHITECTURES)}. Received: {name!r}"
        )
    return ARCHITECTURES[name]
