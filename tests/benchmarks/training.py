"""Training speed in images per second: python tests/benchmarks/training.py [champion]

Small networks: this project, with its events and checkpoints, and plain `model.fit` on NumPy arrays
of the same images, in two processes that take turns, one epoch each. Callbacks measure the time
from the first batch of an epoch to the last; the first epoch is not counted. Champion: the input
pipeline alone, also with Keras's augmentation layers, and the complete training, with and without
augmentation; all methods take turns.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BATCH, STEPS, ROUNDS = 128, 60, 5
# Images per epoch: an epoch must take a second or more.
IMAGES = {"mlp": 55_000, "cnn": 9_600}
PLAIN = """
import sys, time
import keras
from mnist_core import load_mnist
from mnist_core.networks.architectures import get_architecture
name, count, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = load_mnist()
model = get_architecture(name).build()
model.compile(keras.optimizers.Adam(1e-3), metrics=["accuracy"],
              loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
class Turns(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        input()
        self.start = time.perf_counter()
    def on_train_batch_end(self, batch, logs=None):
        self.end = time.perf_counter()
    def on_epoch_end(self, epoch, logs=None):
        print(count / (self.end - self.start), flush=True)
model.fit(data.x_train[:count], data.y_train[:count], batch_size=128, epochs=rounds, verbose=0,
          validation_data=(data.x_train[-1000:], data.y_train[-1000:]), callbacks=[Turns()])
"""
OURS = """
import dataclasses, sys, tempfile
from pathlib import Path
from mnist_core.training.cpu import prepare_tensorflow
prepare_tensorflow()
import keras, tensorflow as tf
from mnist_core import TrainingConfig, load_mnist
from mnist_core.training.checkpoints import Checkpoints
from mnist_core.training.events import EpochEnd, Hooks
from mnist_core.training.fitting import fit
from mnist_core.training.inputs import TrainingData
name, count, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = load_mnist()
settings = TrainingConfig(
    architecture=name, epochs=rounds, batch_size=128, target_accuracy=1.0
).resolved()
keras.utils.set_random_seed(settings.seed)
tf.config.experimental.enable_op_determinism()
def report(event):
    if isinstance(event, EpochEnd):
        print(event.images_per_second, flush=True)
        if event.epoch < rounds:
            input()
input()
with tempfile.TemporaryDirectory() as folder:
    arrays = TrainingData(training=data.training.select(slice(count)),
                          validation=data.training.select(slice(-1000, None)))
    checkpoints = Checkpoints(Path(folder), dataclasses.asdict(settings))
    fit(settings, arrays, Hooks(on_event=report, checkpoints=checkpoints))
"""


def main() -> None:
    """Print a table for each network, or the champion's alone."""
    if sys.argv[1:] == ["champion"]:
        champion()
        return
    print(f"{os.cpu_count()} cores, batches of {BATCH}, {ROUNDS} epochs each; images per second")
    print(
        "| network | this project, median | plain `model.fit`, median | ratio, range | best "
        "| plain, best | ratio |\n| --- " + "| ---: " * 6 + "|"
    )
    for name, count in IMAGES.items():
        ours, plain = side_by_side(name, count)
        ratios = sorted(one / other for one, other in zip(ours, plain, strict=True))
        # The speed of a shared machine varies by a factor of two; the best epochs are comparable.
        print(
            f"| {name} | {statistics.median(ours):,.0f} | {statistics.median(plain):,.0f} | "
            f"{statistics.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f} | "
            f"{max(ours):,.0f} | {max(plain):,.0f} | {max(ours) / max(plain):.2f} |",
            flush=True,
        )


def side_by_side(name: str, count: int) -> tuple[list[float], list[float]]:
    """Images per second of this project and of plain `fit`, one epoch each in turns."""
    arguments = [name, str(count), str(ROUNDS + 1)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        for program in (OURS, PLAIN)
    ]
    speeds: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        for process, measured in zip(processes, speeds, strict=True):
            assert process.stdin and process.stdout
            process.stdin.write("\n")
            process.stdin.flush()
            measured.append(float(process.stdout.readline()))
    for process in processes:
        process.communicate()
    return speeds[0][1:], speeds[1][1:]


def champion() -> None:
    """Print the champion's table."""
    from mnist_core.training.cpu import prepare_tensorflow

    prepare_tensorflow()
    import keras
    import numpy as np
    import tensorflow as tf

    from mnist_core import TrainingConfig, load_mnist
    from mnist_core.augmentation.transforms import Source, batches
    from mnist_core.training.fitting import build_compiled_model

    dataset = load_mnist()
    source = Source(dataset.x_train, dataset.y_train, 1.0)
    keras.utils.set_random_seed(1)
    tf.config.experimental.enable_op_determinism()
    model = build_compiled_model(TrainingConfig(architecture="champion").resolved(), STEPS)

    def data(strength: float) -> tf.data.Dataset:
        return batches([source], BATCH, range(STEPS + 1), 1, strength=strength)

    def read(strength: float) -> float:
        return seconds_to_read(data(strength))

    def read_keras(strength: float) -> float:
        layers = keras_augmentation(strength)
        images = tf.data.Dataset.from_tensor_slices(dataset.x_train).shuffle(60_000).batch(BATCH)
        return seconds_to_read(
            images.take(STEPS + 1)
            .map(
                lambda x: layers(tf.cast(x, tf.float32)[..., tf.newaxis], training=True),
                num_parallel_calls=tf.data.AUTOTUNE,
                deterministic=True,
            )
            .prefetch(tf.data.AUTOTUNE)
        )

    def fit(strength: float) -> float:
        images = iter(data(strength))
        next(images)
        start = time.perf_counter()
        for x, y in images:
            model.train_on_batch(x, y)
        return time.perf_counter() - start

    constant = [x.numpy() for x, _ in data(0.0).take(2)]
    labels = dataset.y_train[:BATCH].astype(np.int32)

    def bare(strength: float) -> float:
        del strength
        start = time.perf_counter()
        for step in range(STEPS):
            model.train_on_batch(constant[step % 2], labels)
        return time.perf_counter() - start

    methods: dict[str, tuple[Callable[[float], float], float]] = {
        "input alone, without augmentation": (read, 0.0),
        "input alone, augmented": (read, 1.0),
        "input alone, augmented by Keras's layers": (read_keras, 1.0),
        "training on two constant batches": (bare, 0.0),
        "training, without augmentation": (fit, 0.0),
        "training, augmented": (fit, 1.0),
    }
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    bare(0.0)
    for _ in range(ROUNDS):
        for name, (method, strength) in methods.items():
            seconds[name].append(method(strength))
    print(f"{os.cpu_count()} cores, batches of {BATCH}, median of {ROUNDS} rounds of {STEPS} steps")
    print("| | images per second |\n| --- | ---: |")
    for name, times in seconds.items():
        print(f"| {name} | {BATCH * STEPS / statistics.median(times):,.0f} |")


def seconds_to_read(batches: tf.data.Dataset) -> float:
    """The time to read all batches but the first, which builds the graph."""
    iterator = iter(batches)
    next(iterator)
    start = time.perf_counter()
    for _ in iterator:
        pass
    return time.perf_counter() - start


def keras_augmentation(strength: float) -> keras.layers.Layer:
    """Keras's own layers for most of what `batches` does, with about the same strengths."""
    import keras

    layers = keras.layers
    black = {"fill_mode": "constant"}
    return layers.Pipeline(
        [
            layers.RandomRotation(0.05 * strength, **black),
            layers.RandomShear(0.3 * strength, **black),
            layers.RandomZoom(0.16 * strength, 0.16 * strength, **black),
            layers.RandomTranslation(0.07 * strength, 0.07 * strength, **black),
            layers.RandomElasticTransform(scale=strength, **black),
            layers.RandomGaussianBlur(0.2 * strength, value_range=(0, 255)),
            layers.RandomErasing(0.1 * strength, scale=(0.005, 0.05), value_range=(0, 255)),
        ]
    )


if __name__ == "__main__":
    main()
