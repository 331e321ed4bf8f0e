"""Fits the output "this is a digit" of a trained network again. Imports TensorFlow.

A network's last layer is linear, so each output can be fitted alone, on the features that the
others use: the answers to digits stay exactly what they are. It is a logistic regression, whose
weights are drawn to the former ones, on more of what was taken for the other: halves of digits,
digits that touch and crossed-out ones, made of MNIST's training images, and printed digits (in the
training, all that is printed is a letter or sign, and so a non-digit).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from scipy.optimize import minimize

from mnist_core.augmentation.transforms import batches
from mnist_core.data import NOT_A_DIGIT, LabelledArrays, load_mnist, split_training
from mnist_core.errors import TrainingError
from mnist_core.networks.keras_files import load_network
from mnist_core.registry.card import KERAS, TFLITE, ModelCard
from mnist_core.registry.splits import splits
from mnist_core.training.sources import Shares, make_sources

__all__ = ["fit_digit_score", "refit"]

# Batches of images, and their size.
_STEPS, _BATCH = 360, 128
# The strength of the augmentation, as on average in the training.
_AUGMENTATION = 0.7
_SHARES = Shares(
    widths=0.06, styles=0.18, prints=0.06, outliers=0.2, halves=0.06, pairs=0.06, struck=0.02
)
# The cost of a standardized weight's distance from the former one, squared. Where 0.3% of the
# validation images are refused, 1.0% of MNIST's halves are accepted with it (3.5% before) and 0.1%
# of letters in handwriting (0.1%); with a tenth of it 1.2% and 0.6%, with a hundredth 2.0%, 2.5%.
_PULL = 0.01
# This share of the digits has the lowest scores, as about as many are refused.
_LOW = 0.003


def refit(folder: Path, card: ModelCard) -> None:
    """Fit the digit score of a model again, in its files.

    The LiteRT file is not made again: its last layer is float32, in 8 bits, too, and is replaced.

    Args:
        folder: with the model's files, which are changed.
        card: the model's.

    Raises:
        TrainingError: the LiteRT file has another last layer than the Keras network.
    """
    model = load_network(folder / KERAS)
    ((seed, fraction),) = splits(card)
    _, training = split_training(seed, fraction)
    before = model.layers[-1].get_weights()
    fit_digit_score(model, load_mnist().training.select(training), card.seed)
    after = model.layers[-1].get_weights()
    content = (folder / TFLITE).read_bytes()
    (folder / TFLITE).write_bytes(_replace_layer(content, before, after))
    model.save(folder / KERAS)


def _replace_layer(
    content: bytes,
    before: Sequence[NDArray[np.float32]],
    after: Sequence[NDArray[np.float32]],
) -> bytes:
    """Replace the kernel and bias of a dense layer in a LiteRT model, which stores both."""
    for old, new in zip(before, after, strict=True):
        # LiteRT's kernels have a row for each output.
        values = np.ascontiguousarray(old.T).tobytes()
        if content.count(values) != 1:
            raise TrainingError(
                "The last layers of the LiteRT file and the Keras network are different. Make the "
                f"first one again with 'export'. Received: {content.count(values)} equal ones"
            )
        content = content.replace(values, np.ascontiguousarray(new.T).tobytes())
    return content


def fit_digit_score(model: keras.Model, training: LabelledArrays, seed: int) -> None:
    """Fit the eleventh output of a network to tell digits from non-digits; the ten others stay.

    Args:
        model: one with eleven outputs, which is changed.
        training: MNIST's images that it was trained on.
        seed: of the images that are drawn, and of the augmentation.
    """
    sources = make_sources(training, _SHARES, _STEPS * _BATCH, seed)
    images = batches(sources, _BATCH, range(_STEPS), seed, strength=_AUGMENTATION)
    last = model.layers[-1]
    features, labels = _features(keras.Model(model.inputs, last.input), images)
    kernels, biases = last.get_weights()
    kernel, bias = kernels[:, NOT_A_DIGIT], float(biases[NOT_A_DIGIT])
    is_digit = labels != NOT_A_DIGIT
    fitted, offset = _regress(features, is_digit, kernel, bias)
    digits = features[is_digit]
    scale, shift = _match(digits @ kernel + bias, digits @ fitted + offset)
    kernels[:, NOT_A_DIGIT], biases[NOT_A_DIGIT] = scale * fitted, scale * offset + shift
    last.set_weights([kernels, biases])


def _match(
    before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]]
) -> tuple[float, float]:
    """The scale and shift of the digits' new logits that keep the lowest and the median ones.

    What weighs several digits against each other (`inference/context.py`) knows the former scale.
    """
    (low, middle), (new_low, new_middle) = (
        np.quantile(logits, [_LOW, 0.5]).tolist() for logits in (before, after)
    )
    scale = (middle - low) / (new_middle - new_low)
    return scale, middle - scale * new_middle


def _features(
    network: keras.Model, images: Any
) -> tuple[NDArray[np.float32], NDArray[np.integer[Any]]]:
    """The outputs of a network for batches of images, (n, features), and their labels, (n,)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.tflite"
        # On one core three times as fast as TensorFlow.
        network.export(path, format="litert", verbose=False)
        interpreter = Interpreter(model_content=path.read_bytes())
    interpreter.allocate_tensors()
    first, last = (
        details()[0]["index"]
        for details in (interpreter.get_input_details, interpreter.get_output_details)
    )
    features, labels = [], []
    for batch, answers in images:
        for image in batch.numpy():
            interpreter.set_tensor(first, image[np.newaxis])
            interpreter.invoke()
            features.append(interpreter.get_tensor(last)[0])
        labels.append(answers.numpy())
    return np.stack(features), np.concatenate(labels)


def _regress(
    features: NDArray[np.float32],
    truths: NDArray[np.bool_],
    kernel: NDArray[np.float32],
    bias: float,
) -> tuple[NDArray[np.float64], float]:
    """The weights and bias of a logistic regression that starts at, and is drawn to, others."""
    scale = features.std(axis=0) + 1e-3
    signs = np.where(truths, 1.0, -1.0)

    def loss(steps: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = (kernel + steps[:-1] / scale).astype(np.float32)
        margins = signs * (features @ weights + bias + steps[-1])
        slopes = -signs * np.exp(-np.logaddexp(0, margins)) / len(signs)
        gradient = np.append(features.T @ slopes.astype(np.float32) / scale, slopes.sum())
        gradient[:-1] += 2 * _PULL * steps[:-1]
        cost = float(np.logaddexp(0, -margins).mean() + _PULL * (steps[:-1] ** 2).sum())
        return cost, gradient

    steps = minimize(loss, np.zeros(len(kernel) + 1), jac=True, method="L-BFGS-B").x
    return kernel + steps[:-1] / scale, bias + float(steps[-1])
