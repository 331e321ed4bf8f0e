"""Trains, tests and saves the string network. TensorFlow is imported inside."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from mnist_core.augmentation.digit_strings import write_strings
from mnist_core.augmentation.glyphs import GlyphPool
from mnist_core.data import LabelledArrays, load_mnist, split_training
from mnist_core.errors import TrainingError, require_int
from mnist_core.evaluation.metrics import wilson_interval
from mnist_core.inference.strings import StringReader
from mnist_core.registry.card import STRINGS, TFLITE, ModelCard, write_card
from mnist_core.registry.staging import staged_model
from mnist_core.training.cpu import prepare_tensorflow
from mnist_core.training.export import draft_card, export_network

__all__ = ["train_strings"]

# The share of MNIST's training half, by `split_training`, whose digits are not trained on, and the
# number of validation and of test strings: as many of two, three and four digits.
_VALIDATION, _STRINGS = 1 / 12, 3_000


def train_strings(
    *,
    steps: int = 20_000,
    seed: int = 1998,
    pool_size: float = 1.0,
    backup: Path | None = None,
    directory: Path | None = None,
    on_message: Callable[[str], None] = lambda text: None,
) -> ModelCard:
    """Train the network that reads digits that touch, and save it as `models/strings`.

    Args:
        steps: number of batches of 64 strings.
        seed: of everything random.
        pool_size: share of the usual number of synthetic digits; for tests.
        backup: a folder for checkpoints, from which an interrupted training continues.
        directory: of the model, instead of `models_directory()`.
        on_message: called with lines of progress.

    Returns:
        Its card; the accuracies are of whole strings of digits that touch, overlap or are close.

    Raises:
        TrainingError: the number of steps or the seed is out of range.
        OSError: the folder cannot be written.
    """
    require_int("The number of steps", steps, 1, 10_000_000, error=TrainingError)
    require_int("The seed", seed, 0, 2**32 - 1, error=TrainingError)
    prepare_tensorflow()
    from mnist_core.training.string_network import train_string_network

    start = time.monotonic()
    dataset = load_mnist()
    held_out, trained = split_training(seed, _VALIDATION)
    with (
        tempfile.TemporaryDirectory() as temporary,
        staged_model(STRINGS, directory, overwrite=True) as stage,
    ):
        on_message("Generating synthetic digits and non-digits")
        network = train_string_network(
            dataset.training.select(trained),
            backup or Path(temporary),
            steps=steps,
            seed=seed,
            pool_size=pool_size,
            on_step=lambda step, loss: on_message(f"Step {step:,} of {steps:,}: loss {loss:.3f}"),
        )
        export_network(network, stage)
        reader = StringReader((stage / TFLITE).read_bytes())
        draft = draft_card(
            name=STRINGS,
            architecture=STRINGS,
            parameters=network.count_params(),
            seed=seed,
            epochs=1,
            training_seconds=round(time.monotonic() - start, 1),
            configuration={"steps": steps, "pool_size": pool_size},
        )
        validation = _measure_accuracy(reader, dataset.training.select(held_out), seed)
        test = _measure_accuracy(reader, dataset.test, seed)
        return write_card(
            replace(
                draft,
                validation_accuracy=validation,
                test_accuracy=test,
                test_interval=wilson_interval(round(test * _STRINGS), _STRINGS),
            ),
            stage,
        )


def _measure_accuracy(reader: StringReader, digits: LabelledArrays, seed: int) -> float:
    """The share of synthetic numbers of these digits that are read correctly."""
    random = np.random.default_rng(seed)
    pool = GlyphPool(digits, random, size=0.1)
    correct = 0
    for length in (2, 3, 4):
        lines, labels = write_strings(_STRINGS // 3, length, 160, pool, random)
        for line, row in zip(lines, labels, strict=True):
            classes = [symbol.label for symbol in reader.read_line(line)]
            correct += classes == row[row >= 0].tolist()
    return correct / _STRINGS
