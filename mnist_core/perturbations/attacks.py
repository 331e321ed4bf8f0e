"""Adversarial attacks: small changes of all pixels that make a network err.

FGSM takes one step along the sign of the gradient (I. Goodfellow, J. Shlens and C. Szegedy,
"Explaining and Harnessing Adversarial Examples", ICLR 2015); PGD takes many small ones from a
random start, and returns to the permitted range after each (A. Madry et al., "Towards Deep Learning
Models Resistant to Adversarial Attacks", ICLR 2018). No pixel changes by more than epsilon, a
fraction of the range from black to white.

Both raise the cross-entropy of the label. Its gradient vanishes in float32 where the network is
certain, so another one with the same sign is computed: that of the log-odds against the label.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import CLASSES, FRAME_SIZE, check_frames
from mnist_core.errors import require_choice, require_number
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.inference.recognizer import Recognizer
from mnist_core.registry.card import ModelCard

if TYPE_CHECKING:
    import keras

__all__ = ["ATTACKS", "PATH", "STEPS", "AttackPath", "attack", "attack_path", "compute_attack"]

ATTACKS = ("FGSM", "PGD")
# Of PGD; each is 2.5 epsilon / STEPS long, so that the steps can cross the range, as in the paper.
STEPS = 20
_STEP = 2.5 / STEPS
# The epsilons of a path: at 0.5, every pixel can become the same grey.
PATH = tuple(hundredths / 100 for hundredths in range(51))
# Images in one request: other visitors wait until it ends.
_CHUNK = 128
_SEED = 0


def attack(
    process: KerasProcess,
    card: ModelCard,
    frames: NDArray[np.uint8],
    labels: NDArray[np.integer],
    epsilons: NDArray[np.floating],
    method: str,
) -> NDArray[np.uint8]:
    """Change images so that a network no longer sees their labels. The first call takes seconds.

    The same image, label and epsilon give the same result, whatever the others are.

    Args:
        process: computes the gradients, of the Keras model.
        card: of a model in `models_directory()`.
        frames: (n, 28, 28) uint8, white ink on black; n may be 0.
        labels: (n,) the digits to lead away from, 0 to 9.
        epsilons: (n,) the largest change of a pixel, 0 to 1: a fraction of the range from black to
            white. They are rounded down to whole grey levels.
        method: one of `ATTACKS`.

    Returns:
        (n, 28, 28) uint8.

    Raises:
        InvalidImageError: another shape or dtype of the frames.
        ModelLoadError: the Keras model is missing or damaged.
        MnistError: an epsilon is not 0 to 1, there is no such method, TensorFlow is not installed,
            or the process ended.
    """
    check_frames(frames)
    require_choice("The attack", method, ATTACKS)
    for epsilon in epsilons.tolist():
        require_number("Epsilon", epsilon, 0, 1)
    attacked = np.empty_like(frames)
    for start in range(0, len(frames), _CHUNK):
        part = slice(start, start + _CHUNK)
        attacked[part] = process.call(
            "An attack", card, compute_attack, frames[part], labels[part], epsilons[part], method
        )
    return attacked


@dataclass(frozen=True, kw_only=True, eq=False)
class AttackPath:
    """One image under an attack that becomes stronger, and what the model answers.

    Attributes:
        epsilons: (k,) of `PATH`, the first one is 0.
        frames: (k, 28, 28) uint8.
        probabilities: (k, 10) float32.
        is_digit: (k,) False where the model refuses the image as a non-digit.
    """

    epsilons: NDArray[np.float64]
    frames: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    is_digit: NDArray[np.bool_]

    @property
    def labels(self) -> NDArray[np.int64]:
        """(k,) the predicted digits."""
        return self.probabilities.argmax(axis=1)

    @property
    def flip(self) -> int | None:
        """The place on the path where another digit is first predicted; None if it never is."""
        places = np.flatnonzero(self.labels != self.labels[0])
        return int(places[0]) if len(places) else None


def attack_path(
    process: KerasProcess, recognizer: Recognizer, frame: NDArray[np.uint8], method: str
) -> AttackPath:
    """Attack the predicted digit of an image with all epsilons of `PATH`.

    The gradients are those of the Keras model; the answers are the recognizer's, as on all pages.

    Args:
        process: computes the gradients.
        recognizer: of a model in `models_directory()`.
        frame: (28, 28) uint8, white ink on black.
        method: one of `ATTACKS`.

    Raises:
        InvalidImageError, ModelLoadError, MnistError: as for `attack`.
    """
    check_frames(frame[np.newaxis])
    epsilons = np.array(PATH)
    label = recognizer.classify(frame[np.newaxis])[0].argmax()
    frames = attack(
        process,
        recognizer.card,
        np.repeat(frame[np.newaxis], len(epsilons), axis=0),
        np.full(len(epsilons), label),
        epsilons,
        method,
    )
    return AttackPath(
        epsilons=epsilons,
        frames=frames,
        probabilities=recognizer.classify(frames),
        is_digit=recognizer.digit_scores(frames) >= recognizer.card.digit_threshold,
    )


def compute_attack(
    model: keras.Model,
    frames: NDArray[np.uint8],
    labels: NDArray[np.integer],
    epsilons: NDArray[np.floating],
    method: str,
) -> NDArray[np.uint8]:
    """Compute what `attack` returns; imports TensorFlow."""
    gradient_sign = _gradient_sign(model)
    clean = frames.astype(np.float32) / 255
    radius = epsilons.astype(np.float32)[:, np.newaxis, np.newaxis]
    low, high = np.maximum(clean - radius, 0), np.minimum(clean + radius, 1)
    labels = labels.astype(np.int32)
    if method == "FGSM":
        moved = np.clip(clean + radius * gradient_sign(clean, labels).numpy(), low, high)
    else:
        # The same start for each image: the result does not depend on the other ones.
        start = np.random.default_rng(_SEED).uniform(-1, 1, (FRAME_SIZE, FRAME_SIZE))
        moved = np.clip(clean + radius * start.astype(np.float32), low, high)
        for _ in range(STEPS):
            step = _STEP * radius * gradient_sign(moved, labels).numpy()
            moved = np.clip(moved + step, low, high)
    # Towards the original, so that no pixel exceeds epsilon; the rest is the error of float32.
    levels = 255 * (moved - clean)
    change = np.fix(levels + np.sign(levels) * 1e-3)
    return (frames + change).astype(np.uint8)


@lru_cache(maxsize=3)
def _gradient_sign(model: keras.Model) -> Any:
    """A compiled function of images, (n, 28, 28) from 0 to 1, and labels, (n,)."""
    import tensorflow as tf

    def gradient_sign(images: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            # Called without `training`, dropout and normalization are in inference mode.
            logits = model(255 * images)[:, :CLASSES]
            is_label = tf.one_hot(labels, CLASSES, on_value=True, off_value=False)
            others = tf.where(is_label, logits.dtype.min, logits)
            odds = tf.reduce_logsumexp(others, axis=1) - tf.reduce_sum(
                tf.where(is_label, logits, 0), axis=1
            )
        return tf.sign(tape.gradient(odds, images))

    signature = [tf.TensorSpec([None, FRAME_SIZE, FRAME_SIZE]), tf.TensorSpec([None], tf.int32)]
    return tf.function(gradient_sign, input_signature=signature)
