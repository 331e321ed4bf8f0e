"""The architectures: name, summary, default training settings, and the function that builds it.

Every network takes grey levels, (n, 28, 28) float32 from 0 to 255, and scales them itself, so that
training and inference cannot differ in this. It returns logits, (n, 10) float32; softmax and
temperature are applied by the recognizer. A network that detects non-digits has an eleventh logit:
"this is a digit".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_core.errors import TrainingError

if TYPE_CHECKING:
    import keras

__all__ = ["ARCHITECTURES", "Architecture", "get_architecture"]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network and its default training settings.

    Attributes:
        name: its name on the command line and in model cards.
        summary: one sentence for users.
        build: builds the untrained network; imports Keras when called. A number, 0 to 0.9, replaces
            the network's own dropout rates.
        epochs: maximum number of passes over the training images.
        quick: settings of a short training that gives a good network, the rest as for a full one.
        batch_size: images per step.
        learning_rate: initial learning rate.
        optimizer: a key of `OPTIMIZERS`.
        schedule: a key of `SCHEDULES`.
        augmentation: strength of the augmentation, 0 to 1.
        steps_at_once: steps per execution, without Python in between; worth it where a step takes
            only a few milliseconds.
        target_accuracy: stop after the first epoch whose training accuracy reaches this.
        gains_from_16_bits: mixed precision makes its training faster and not less accurate, where
            the processor multiplies bfloat16 natively.
        gains_from_8_bits: with 8 bits it reads faster, and hardly slower on processors that lack
            instructions for them (see `mnist_core.training.quantization`).
        uses_synthetic_data: train on augmented images, other stroke widths, synthetic digits and
            non-digits besides MNIST. Its network has the eleventh output.
    """

    name: str
    summary: str
    build: Callable[..., keras.Model]
    epochs: int
    quick: Mapping[str, Any]
    batch_size: int
    learning_rate: float
    optimizer: str = "adam"
    schedule: str = "constant"
    augmentation: float = 0.0
    steps_at_once: int = 1
    target_accuracy: float | None = None
    gains_from_16_bits: bool = False
    gains_from_8_bits: bool = False
    uses_synthetic_data: bool = False


# In mixed precision the logits stay float32, as the loss needs them.

# Keras's default of 0.99 is too slow for a training of one epoch: after its 430 steps, the moving
# statistics still contain 1.3% of their initial values, and the variances are about a hundredth of
# these. The `cnn` then read 97.80% of the validation images, and 98.82% with 0.9.
_QUICK_MOMENTUM = 0.9


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


def _convolutions(*filters: int, window: int = 3, momentum: float = 0.99) -> list[keras.Layer]:
    """Unpadded convolutions in sequence, each with batch normalization and ReLU.

    `momentum` is that of the moving statistics.
    """
    from keras import layers

    return [
        layer
        for count in filters
        for layer in (
            # No bias: the normalization has an offset. The export folds both into the kernel.
            layers.Conv2D(count, window, use_bias=False),
            layers.BatchNormalization(momentum=momentum),
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
            *_convolutions(16, window=5, momentum=_QUICK_MOMENTUM),
            layers.MaxPooling2D(),
            *_convolutions(32, 32, 64, momentum=_QUICK_MOMENTUM),
            layers.MaxPooling2D(),
            layers.Dropout(0.3 if dropout is None else dropout),
            layers.Flatten(),
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

    # Convolutions down to a few pixels, without a large hidden layer, and with three window sizes:
    # after S. An, M. Lee, S. Park, H. Yang and J. So, "An Ensemble of Simple Convolutional Neural
    # Network Models for MNIST Digit Recognition", arXiv:2008.10400, 2020. There they are separate
    # networks; here they are branches that share the first convolutions and the last layer. Pooling
    # once leaves a tenth of the multiplications. oneDNN is fast with 16, 32, 48 … channels.
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
    shared = stem(image)
    features = [
        branch("windows_3x3", *_convolutions(64, 80, 96, 112, 128))(shared),
        branch("windows_5x5", *_convolutions(64, 96, window=5), *_convolutions(128))(shared),
        branch("windows_7x7", *_convolutions(48, window=7), *_convolutions(96, window=5))(shared),
    ]
    logits = layers.Dense(11, dtype="float32", name="logits")
    return keras.Model(image, logits(layers.Concatenate()(features)), name="champion")


ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            name="mlp",
            summary="One hidden layer of 512 units; trains in seconds.",
            build=_build_mlp,
            epochs=10,
            quick={"epochs": 3},
            batch_size=128,
            learning_rate=1e-3,
            steps_at_once=10,
            target_accuracy=0.99,
        ),
        Architecture(
            name="cnn",
            summary="Four small convolutions and dropout; trains in minutes.",
            build=_build_cnn,
            epochs=12,
            # Of 5,000 validation images 99.14% are read; with batches of 128 98.82%, with half the
            # learning rate 98.92%, with dropout 98.78%.
            quick={
                "epochs": 1,
                "batch_size": 64,
                "learning_rate": 6e-3,
                "schedule": "warm-up",
                "dropout": 0.0,
            },
            batch_size=128,
            learning_rate=3e-3,
            schedule="cosine",
            steps_at_once=10,
            gains_from_16_bits=True,
        ),
        Architecture(
            name="champion",
            summary="Three parallel convolution branches; the most accurate model.",
            build=_build_champion,
            epochs=100,
            quick={"epochs": 4},
            batch_size=128,
            learning_rate=2e-3,
            optimizer="adamw",
            schedule="warm-up",
            augmentation=1.0,
            gains_from_16_bits=True,
            gains_from_8_bits=True,
            uses_synthetic_data=True,
        ),
    )
}


def get_architecture(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        TrainingError: there is no such architecture.
    """
    if not isinstance(name, str) or name not in ARCHITECTURES:
        raise TrainingError(
            f"Unknown architecture. Choose one of: {', '.join(ARCHITECTURES)}. Received: {name!r}"
        )
    return ARCHITECTURES[name]
