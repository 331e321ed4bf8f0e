"""The first training beside plain Keras: python tests/benchmarks/first_training.py [PAIRS]

Complete commands in new processes, in turns: `train --architecture cnn --quick`, which also writes
the LiteRT file, calibrates and writes the card; and a program that fits the same network with
Adam by Keras's `model.fit`, on NumPy arrays, until an epoch reaches 99.0% of the MNIST test images
(it may look at them after each epoch). Other load affects the elapsed time of both, and the time of
all cores less: compare the ratios.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_EPOCHS, GOAL = 12, 0.990
PLAIN = """
import sys
import keras
from mnist_core import load_mnist
from mnist_core.networks.architectures import get_architecture
data = load_mnist()
model = get_architecture("cnn").build()
model.compile(keras.optimizers.Adam(1e-3), metrics=["accuracy"],
              loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs):
        self.model.stop_training = logs["val_accuracy"] >= float(sys.argv[2])
history = model.fit(data.x_train, data.y_train, batch_size=128, epochs=int(sys.argv[3]), verbose=0,
                    validation_data=(data.x_test, data.y_test), callbacks=[Stop()])
model.save(sys.argv[1])
print(history.history["val_accuracy"][-1], len(history.history["val_accuracy"]))
"""


def main(pairs: int) -> None:
    """Print each pair, then the median ratios."""
    print(f"{os.cpu_count()} cores; elapsed time, time of all cores, MNIST test accuracy, epochs")
    print("| `train --architecture cnn --quick` | plain `model.fit` | ratios |")
    print("| --- | --- | ---: |")
    ratios: list[tuple[float, float]] = []
    for _ in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            one, other = ours(Path(folder)), plain(Path(folder))
        ratios.append((other.elapsed / one.elapsed, other.cores / one.cores))
        print(f"| {one} | {other} | {ratios[-1][0]:.2f}, {ratios[-1][1]:.2f} |", flush=True)
    elapsed, cores = (statistics.median(values) for values in zip(*ratios, strict=True))
    print(f"median ratios: {elapsed:.2f} elapsed, {cores:.2f} of all cores")


@dataclass(frozen=True)
class Training:
    """A complete command: its times in s, the test accuracy, 0 to 1, and the number of epochs."""

    elapsed: float
    cores: float
    accuracy: float
    epochs: int

    def __str__(self) -> str:
        return (
            f"{self.elapsed:.1f} s, {self.cores:.1f} s, {self.accuracy:.2%}, {self.epochs} "
            f"epoch{'s' * (self.epochs != 1)}"
        )


def ours(folder: Path) -> Training:
    """Run the command."""
    command = ["-m", "mnist_core", "train", "--architecture", "cnn", "--quick", "--name", "first"]
    places = {"MNIST_MODELS": str(folder / "models"), "MNIST_RUNS": str(folder / "runs")}
    elapsed, cores, _ = timed(command, **places)
    card = json.loads((folder / "models" / "first" / "card.json").read_text(encoding="utf-8"))
    return Training(elapsed, cores, card["test_accuracy"], card["epochs"])


def plain(folder: Path) -> Training:
    """Run the program."""
    arguments = [str(folder / "plain.keras"), str(GOAL), str(MOST_EPOCHS)]
    elapsed, cores, output = timed(["-c", PLAIN, *arguments])
    accuracy, epochs = output.split()
    return Training(elapsed, cores, float(accuracy), int(epochs))


def timed(command: list[str], **environment: str) -> tuple[float, float, str]:
    """Run Python with these arguments: elapsed time and that of all cores, s, and the output."""
    start, before = time.perf_counter(), os.times()
    result = subprocess.run(
        [sys.executable, *command],
        env=os.environ | environment,
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    elapsed, after = time.perf_counter() - start, os.times()
    cores = sum(after[2:4]) - sum(before[2:4])
    return elapsed, cores, result.stdout


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
