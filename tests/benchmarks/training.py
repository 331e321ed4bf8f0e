"""How many images a second the champion's training takes in: python tests/benchmarks/training.py

The input alone and the whole training, with and without altering the images, turn about.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from mnist_core import load_mnist
from mnist_core.architectures import get_architecture
from mnist_core.augmentation import Source, batches
from mnist_core.losses import digit_loss

BATCH, STEPS, ROUNDS = 128, 60, 5


def main() -> None:
    """Print a table."""
    dataset = load_mnist()
    source = Source(dataset.x_train, dataset.y_train, 1.0)
    tf.config.experimental.enable_op_determinism()
    model = get_architecture("champion").build()
    model.compile(keras.optimizers.AdamW(1e-3), digit_loss)

    def data(strength: float) -> tf.data.Dataset:
        return batches([source], BATCH, range(STEPS + 1), 1, strength=strength)

    def read(strength: float) -> float:
        images = iter(data(strength))
        next(images)  # builds the graph
        start = time.perf_counter()
        for _ in images:
            pass
        return time.perf_counter() - start

    def fit(strength: float) -> float:
        images = iter(data(strength))
        next(images)
        start = time.perf_counter()
        for x, y in images:
            model.train_on_batch(x, y)
        return time.perf_counter() - start

    held = [x.numpy() for x, _ in data(0.0).take(2)]
    labels = dataset.y_train[:BATCH].astype(np.int32)

    def bare(strength: float) -> float:
        del strength
        start = time.perf_counter()
        for step in range(STEPS):
            model.train_on_batch(held[step % 2], labels)
        return time.perf_counter() - start

    ways: dict[str, tuple[Callable[[float], float], float]] = {
        "input alone, images as they are": (read, 0.0),
        "input alone, altered": (read, 1.0),
        "training on two batches held in memory": (bare, 0.0),
        "training, images as they are": (fit, 0.0),
        "training, altered": (fit, 1.0),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    bare(0.0)
    for _ in range(ROUNDS):
        for name, (way, strength) in ways.items():
            seconds[name].append(way(strength))
    print(f"{os.cpu_count()} cores, batches of {BATCH}, median of {ROUNDS} rounds of {STEPS}")
    print("| | images a second |\n| --- | ---: |")
    for name, times in seconds.items():
        print(f"| {name} | {BATCH * STEPS / statistics.median(times):,.0f} |")


if __name__ == "__main__":
    main()
