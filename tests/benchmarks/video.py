"""Accuracy and speed on simulated webcam frames, from easy to hard.

It prints tables in Markdown, after about ten minutes:

    python tests/benchmarks/video.py
    python tests/benchmarks/video.py --model mlp --frames 20 --no-classic
    python tests/benchmarks/video.py --frames 30 --errors /tmp/errors

MNIST *test* digits or the development strokes are written on a sheet and filmed with a severity of
0 to 4. The frames alternate between 1280x720 and 640x480 pixels. Other frames show no digits: empty
paper, hands, faces, textures. The simulation shows where reading fails, not how often it fails in
reality.

The baseline is the classic method: blur, a fixed threshold, a small box in the middle, and
`model.predict` for each frame. It is measured on the same frames, where digits are rarely inside
its box, and again with the box placed around the digit at its known position.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from contact_sheets import Misreading, misreading, save_sheets
from digit_sources import available_sources
from drawing import Box
from simulation import SEVERITIES, Image
from video_frames import KINDS, SIZES, film_without_digits, make_shot

from mnist_core import MnistError, Recognizer, load_recognizer
from mnist_core.webcam.reader import FrameReader, FrameResult, WebcamSettings

if TYPE_CHECKING:
    import keras

DIGITS = (1, 3)
# Threshold and side of the box of the classic method, grey level and pixels.
CLASSIC_LEVEL, CLASSIC_SIDE = 100, 150
# Frames that are timed for each number of digits, and the number of rounds.
TIMED, ROUNDS = 30, 8


def read(recognizer: Recognizer, frame: Image) -> FrameResult:
    """Read one frame alone."""
    return FrameReader(recognizer).process(frame, WebcamSettings(smoothing=1))


def classic_frame(frame: Image, known: Box | None = None) -> Image:
    """The network's input of the classic method: (28, 28) uint8.

    Args:
        frame: (h, w, 3) BGR uint8.
        known: box of the number; without it, the box is in the middle of the frame.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    _, ink = cv2.threshold(grey, CLASSIC_LEVEL, 255, cv2.THRESH_BINARY_INV)
    height, width = ink.shape
    x, y, side = width / 2, height / 2, CLASSIC_SIDE
    if known is not None:
        x, y = known[0] + known[2] / 2, known[1] + known[3] / 2
        side = round(1.05 * max(known[2:]))
    left, top = max(0, round(x - side / 2)), max(0, round(y - side / 2))
    box = ink[top : top + side, left : left + side]
    return np.pad(cv2.resize(box, (20, 20), interpolation=cv2.INTER_AREA), 4)


def measure_accuracy(
    recognizer: Recognizer, count: int, seed: int, classic: keras.Model | None
) -> tuple[list[str], list[Misreading]]:
    """The tables of the accuracy, and the errors."""
    from tqdm import tqdm

    sources = available_sources()
    errors: list[Misreading] = []
    columns = [f"{_count(digits)}, {source}" for digits in DIGITS for source in sources]
    boxes = ["in the middle", "around the digit"] if classic is not None else []
    columns += [f"classic, box {box}, {source}" for source in sources for box in boxes]
    lines = _head(["severity", *columns])
    total = len(SEVERITIES) * len(DIGITS) * len(sources) * count + len(KINDS) * count
    with tqdm(total=total, unit=" frames", mininterval=0.5) as progress:
        for severity in SEVERITIES:
            shares, classics = [], []
            for digits in DIGITS:
                for source in sources:
                    correct, truths, inputs = [], [], []
                    for index in range(count):
                        shot = make_shot(severity, index, digits, source, seed)
                        result = read(recognizer, shot.frame)
                        correct.append(result.reading == shot.text)
                        if not correct[-1]:
                            truth = f"{severity}, {source}: {shot.text}"
                            errors.append(misreading(result.annotated, truth, result.reading))
                        truths.append(shot.text)
                        inputs.append([classic_frame(shot.frame, box) for box in (None, shot.box)])
                        progress.update()
                    shares.append(float(np.mean(correct)))
                    if classic is not None and digits == 1:
                        for images in np.array(inputs, np.float32).swapaxes(0, 1):
                            labels = classic.predict(images, verbose=0)[:, :10].argmax(axis=1)
                            classics.append(float(np.mean(labels == np.array(truths, int))))
            lines.append(_row(severity, shares + classics))
        lines += ["", *_head(["without digits", "frames", "read as a number"])]
        readings: dict[str, list[bool]] = {kind: [] for kind in KINDS}
        for index in range(len(KINDS) * count):
            frame, kind = film_without_digits(index, seed)
            result = read(recognizer, frame)
            readings[kind].append(bool(result.reading))
            if result.reading:
                errors.append(misreading(result.annotated, kind, result.reading))
            progress.update()
    lines += [f"| {kind} | {len(some)} | {np.mean(some):.1%} |" for kind, some in readings.items()]
    if "strokes" not in sources:
        lines += ["", "The development strokes are not here."]
    return lines, errors


def measure_speed(recognizer: Recognizer, seed: int, classic: keras.Model | None) -> list[str]:
    """The table of the time per frame of 640x480 at severity 0 to 2; the methods take turns."""
    from tqdm import tqdm

    odd = range(1, len(SIZES) * TIMED, len(SIZES))
    shots = {
        digits: [
            make_shot(number % 3, index, digits, "mnist", seed).frame
            for number, index in enumerate(odd)
        ]
        for digits in DIGITS
    }
    reader = FrameReader(recognizer)
    methods: dict[str, tuple[int, Callable[[Image], object]]] = {
        f"process, {_count(digits)}": (digits, reader.process) for digits in DIGITS
    }
    if classic is not None:
        network = classic
        methods["classic"] = (
            1,
            lambda frame: network.predict(
                classic_frame(frame)[np.newaxis].astype(np.float32), verbose=0
            ),
        )
    for digits, run in methods.values():
        run(shots[digits][0])  # the first call initializes
    times = defaultdict(list)
    for _ in tqdm(range(ROUNDS), unit=" rounds"):
        for name, (digits, run) in methods.items():
            run(shots[digits][0])  # fills the processor's caches, which the others have used
            for frame in shots[digits]:
                start = time.perf_counter()
                run(frame)
                times[name].append(1000 * (time.perf_counter() - start))
    lines = _head(
        ["640x480", "median (ms)", "99th percentile (ms)", "ratio to one digit", "frames"]
    )
    one = np.median(next(iter(times.values())))
    for name, values in times.items():
        median, high = np.median(values), np.percentile(values, 99)
        lines.append(
            f"| {name} | {median:.2f} | {high:.2f} | {median / one:.2f}x | {len(values)} |"
        )
    return lines


def _count(digits: int) -> str:
    return "one digit" if digits == 1 else f"{digits} digits"


def _head(names: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(names)} |", "| --- " * len(names) + "|"]


def _row(name: object, shares: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |"


def main() -> None:
    """Measure accuracy and speed, and print the tables."""
    parser = argparse.ArgumentParser(description="Accuracy and speed on simulated webcam frames.")
    parser.add_argument("--model", help="a folder of models/; default: the default model")
    parser.add_argument("--frames", type=int, default=100, help="number per severity and kind")
    parser.add_argument("--seed", type=int, default=28)
    parser.add_argument("--no-classic", action="store_true", help="without the classic method")
    parser.add_argument(
        "--errors", type=Path, metavar="DIR", help="for contact sheets of the errors"
    )
    options = parser.parse_args()
    if options.frames < 1:
        parser.error("--frames must be at least 1")
    try:
        recognizer = load_recognizer(options.model)
    except MnistError as error:
        parser.error(str(error))
    classic = None if options.no_classic else _classic_model()
    lines, errors = measure_accuracy(recognizer, options.frames, options.seed, classic)
    lines += ["", *measure_speed(recognizer, options.seed, classic)]
    print("\n".join(lines))
    if options.errors:
        for path in save_sheets(options.errors, errors):
            print(path)


def _classic_model() -> keras.Model:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    from mnist_core.networks import architectures  # noqa: F401 (registers its layers)
    from mnist_core.storage.paths import models_directory

    return keras.models.load_model(models_directory() / "cnn" / "model.keras", compile=False)


if __name__ == "__main__":
    main()
