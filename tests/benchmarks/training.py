"""How many images a second a training takes in: python tests/benchmarks/training.py [champion]

For the small networks: ours, with its events and checkpoints, and plain `model.fit` on NumPy arrays
of the same images, in two processes that take turns, an epoch each; timed from an epoch's first
batch to its last by callbacks, the first epoch left out. For the champion: the input alone and the
whole training, with and without altering the images, turn about.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BATCH, STEPS, ROUNDS = 128, 60, 5
# Images of an epoch: enough of them for a second or more.
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
from mnist_core.training.events import BatchEnd, EpochEnd
from mnist_core.training.fitting import fit
name, count, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = load_mnist()
config = TrainingConfig(architecture=name, epochs=rounds, batch_size=128, target_accuracy=1.0)
keras.utils.set_random_seed(config.seed)
tf.config.experimental.enable_op_determinism()
def report(event):
    if isinstance(event, EpochEnd):
        print(event.images_per_second, flush=True)
        if event.epoch < rounds:
            input()
input()
with tempfile.TemporaryDirectory() as folder:
    parts = ((data.x_train[:count], data.y_train[:count]),
             (data.x_train[-1000:], data.y_train[-1000:]))
    fit(config, *parts, report, Checkpoints(Path(folder), dataclasses.asdict(config)))
"""


def main() -> None:
    """Print a table for each network, or the champion's alone."""
    if sys.argv[1:] == ["champion"]:
        champion()
        return
    print(f"{os.cpu_count()} cores, batches of {BATCH}, {ROUNDS} epochs each; images a second")
    print(
        "| network | ours, median | plain `model.fit`, median | ratio, its range | ours, best "
        "| plain, best | ratio |\n| --- " + "| ---: " * 6 + "|"
    )
    for name, count in IMAGES.items():
        ours, plain = side_by_side(name, count)
        ratios = sorted(one / other for one, other in zip(ours, plain, strict=True))
        # A machine that others share gives now all of itself, now half: the best epochs tell more.
        print(
            f"| {name} | {statistics.median(ours):,.0f} | {statistics.median(plain):,.0f} | "
            f"{statistics.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f} | "
            f"{max(ours):,.0f} | {max(plain):,.0f} | {max(ours) / max(plain):.2f} |",
            flush=True,
        )


def side_by_side(name: str, count: int) -> tuple[list[float], list[float]]:
    """Images a second of ours and of plain `fit`, an epoch each in turn."""
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
        for process, told in zip(processes, speeds, strict=True):
            assert process.stdin and process.stdout
            process.stdin.write("\n")
            process.stdin.flush()
            told.append(float(process.stdout.readline()))
    for process in processes:
        process.communicate()
    return speeds[0][1:], speeds[1][1:]


def champion() -> None:
    """Print the champion's table."""
    from mnist_core.training.cpu import prepare_tensorflow

    prepare_tensorflow()
    import numpy as np
    import tensorflow as tf

    from mnist_core import TrainingConfig, load_mnist
    from mnist_core.augmentation.transforms import Source, batches
    from mnist_core.networks.architectures import get_architecture
    from mnist_core.training.fitting import build_compiled_model

    dataset = load_mnist()
    source = Source(dataset.x_train, dataset.y_train, 1.0)
    tf.config.experimental.enable_op_determinism()
    model = build_compiled_model(
        get_architecture("champion"), TrainingConfig(architecture="champion"), STEPS
    )

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
