"""The time to read many files: by the processes of `read FOLDER`, and by a plain loop.

    python tests/benchmarks/many.py
    python tests/benchmarks/many.py --files 1000 --processes 4

The files are drawings of 280x280 pixels, made of MNIST test digits. Both ways read all of them, and
must agree.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.machine import describe_machine

from mnist_core import MnistError, load_mnist
from mnist_core.inference.many import read_files


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, help="number of drawings")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--model", help="default: the first one")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        files = write_drawings(Path(folder), options.files)
        print(f"{describe_machine()}\n")
        print(f"| {options.files:,} drawings | s | share |\n| --- | ---: | ---: |")
        texts, alone = measure(files, options.model, 1)
        print(f"| a loop | {alone:.1f} | 1.00 |")
        again, together = measure(files, options.model, options.processes)
        print(f"| {options.processes} processes | {together:.1f} | {together / alone:.2f} |")
        assert again == texts


def write_drawings(folder: Path, count: int) -> list[str]:
    """Write MNIST test digits, ten times enlarged, dark on light; returns their paths."""
    frames = load_mnist().x_test
    paths = [str(folder / f"{number:06}.png") for number in range(count)]
    for number, path in enumerate(paths):
        drawing = cv2.resize(
            frames[number % len(frames)], (280, 280), interpolation=cv2.INTER_CUBIC
        )
        cv2.imwrite(path, 255 - drawing)
    return paths


def measure(files: list[str], model: str | None, processes: int) -> tuple[list[str], float]:
    """What was read, and the seconds that it took, with the start of the processes."""
    start = time.perf_counter()
    texts = [
        str(found) if isinstance(found, MnistError) else found.text
        for _, found in read_files(files, model, processes=processes)
    ]
    return texts, time.perf_counter() - start


if __name__ == "__main__":
    main()
