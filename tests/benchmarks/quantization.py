"""A model in 8 bits beside the same network in 32 bits: python tests/benchmarks/quantization.py

Both files are made of a `model.keras`, by default the champion's, and compared on its validation
images. Single frames take turns on one thread; on
Linux also in processes from which VNNI, or all of AVX512, is hidden (`hidden_instructions.c`, which
needs a C compiler and a processor with CPUID faulting).
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mnist_core import Recognizer, load_mnist, load_recognizer
from mnist_core.cli.terminal import native_messages_hidden
from mnist_core.evaluation.calibration import reliability
from mnist_core.evaluation.datasets import mnist_validation
from mnist_core.evaluation.metrics import evaluate
from mnist_core.registry.card import TFLITE
from mnist_core.storage.paths import models_directory
from mnist_core.training.export import export_again

KINDS = {"32 bits": False, "8 bits": True}
FRAMES, ROUNDS = 100, 8
HIDDEN = {"VNNI": "1", "AVX512": "2"}


def main(name: str) -> None:
    """Print a table: one column per kind."""
    with tempfile.TemporaryDirectory() as temporary:
        folders = {kind: Path(temporary) / kind for kind in KINDS}
        for kind, folder in folders.items():
            shutil.copytree(models_directory() / name, folder / name)
            with native_messages_hidden(), contextlib.redirect_stdout(io.StringIO()):
                export_again(name, quantize=KINDS[kind], directory=folder)
        recognizers = {kind: load_recognizer(name, folder) for kind, folder in folders.items()}
        print(f"| {name} | {' | '.join(KINDS)} | |\n| --- | ---: | ---: | ---: |")
        sizes = [(folder / name / TFLITE).stat().st_size / 1e6 for folder in folders.values()]
        print(f"| model.tflite | {sizes[0]:.2f} MB | {sizes[1]:.2f} MB | |")
        show_answers(recognizers)
        show_speed("one frame", speeds(recognizers))
        for hidden, level in HIDDEN.items():
            show_speed(f"one frame, {hidden} hidden", speeds_without(level, name, Path(temporary)))


def show_answers(recognizers: dict[str, Recognizer]) -> None:
    """Print what the two answer to the validation images."""
    data = mnist_validation([recognizer.card for recognizer in recognizers.values()])
    results = [evaluate(item, data.images, data.labels) for item in recognizers.values()]
    changed = int((results[0].predicted != results[1].predicted).sum())
    correct = [f"{int(result.correct.sum()):,}" for result in results]
    print(f"| correct of {len(data.labels):,} validation images | {' | '.join(correct)} |", end="")
    print(f" {changed} other answers |")
    print(f"| ECE | {' | '.join(f'{reliability(result).ece:.2%}' for result in results)} | |")


def show_speed(title: str, milliseconds: list[float]) -> None:
    """Print a row of times and their ratio."""
    if not milliseconds:
        print(f"| {title} | not here | not here | |")
        return
    plain, quantized = milliseconds
    print(f"| {title} | {plain:.3f} ms | {quantized:.3f} ms | {plain / quantized:.2f} times |")


def speeds(recognizers: dict[str, Recognizer]) -> list[float]:
    """Median time of one frame, in turns, ms."""
    frames = load_mnist().x_train[:FRAMES, np.newaxis]
    times: dict[str, list[float]] = {kind: [] for kind in recognizers}
    for _ in range(ROUNDS):
        for kind, recognizer in recognizers.items():
            for frame in frames:
                start = time.perf_counter()
                recognizer.classify(frame)
                times[kind].append(time.perf_counter() - start)
    return [1e3 * median(values) for values in times.values()]


def speeds_without(level: str, name: str, folder: Path) -> list[float]:
    """The same in a process from which instructions are hidden; [] where that is not possible."""
    library = folder / "hidden_instructions.so"
    source = Path(__file__).with_name("hidden_instructions.c")
    try:
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
        result = subprocess.run(
            [sys.executable, __file__, name, str(folder)],
            env=os.environ | {"LD_PRELOAD": str(library), "HIDE": level},
            capture_output=True,
            check=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    return [float(value) for value in result.stdout.split()]


if __name__ == "__main__":
    model = sys.argv[1] if len(sys.argv) > 1 else "champion"
    if len(sys.argv) > 2:  # the child process of `speeds_without`
        print(*speeds({kind: load_recognizer(model, Path(sys.argv[2]) / kind) for kind in KINDS}))
    else:
        main(model)
