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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from drawing import Box
from filming import capture_frame, empty_paper, film_number, surface
from papers import SEVERITIES, Floats, Generator, Image, write
from people import face_scene, hands_scene
from support.strokes import DEVELOPMENT_STROKES, Stroke, load_development_strokes

from mnist_core import MnistError, Recognizer, load_mnist, load_recognizer
from mnist_core.webcam.reader import FrameReader, FrameResult, WebcamSettings

if TYPE_CHECKING:
    import keras

Source = Literal["mnist", "strokes"]

SOURCES: tuple[Source, ...] = ("mnist", "strokes")
DIGITS = (1, 3)
# (width, height); the frames alternate.
SIZES = ((1280, 720), (640, 480))

# Threshold and side of the box of the classic method, grey level and pixels.
CLASSIC_LEVEL, CLASSIC_SIDE = 100, 150
# Frames that are timed for each number of digits, and the number of rounds.
TIMED, ROUNDS = 30, 8
# A contact sheet: columns, a cell and its line of text in pixels, maximum number of cells.
COLUMNS, CELL, LINE, MAX_CELLS = 5, (320, 240), 22, 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Shot:
    """A frame that shows a number.

    Attributes:
        frame: (h, w, 3) BGR uint8.
        text: the number.
        box: (left, top, width, height) of the number in pixels.
    """

    frame: Image
    text: str
    box: Box


def make_shot(severity: int, index: int, digits: int, source: Source, seed: int) -> Shot:
    """Film a number.

    Args:
        severity: 0, a clean black marker on white, to 4, hard.
        index: of the frame; frames with the same index differ only in their digits.
        digits: length of the number.
        source: of the digits: "mnist" or "strokes".
        seed: of the random state.
    """
    written, labels = _load_digits(source)
    # Two random states: light, camera and position do not depend on the digits.
    choosing, filming = np.random.default_rng((seed, severity, index)).spawn(2)
    chosen: list[int] = []
    while len(chosen) < digits:
        digit = int(choosing.integers(len(labels)))
        if source == "strokes" or _keeps_topology(digit):
            chosen.append(digit)
    size = SIZES[index % len(SIZES)]
    frame, box = film_number([written[digit] for digit in chosen], severity / 4, size, filming)
    return Shot(frame=frame, text="".join(str(labels[digit]) for digit in chosen), box=box)


def film_without_digits(index: int, seed: int) -> tuple[Image, str]:
    """A frame without digits, (h, w, 3) BGR uint8, and its kind, one of `KINDS` in turns."""
    random = np.random.default_rng((seed, len(SEVERITIES), index))
    kind, size = list(KINDS)[index % len(KINDS)], SIZES[index // len(KINDS) % len(SIZES)]
    share = random.integers(1, len(SEVERITIES)) / 4
    return capture_frame(KINDS[kind](size, share, random), share, random), kind


@cache
def _load_digits(source: Source) -> tuple[Sequence[Image | Sequence[Stroke]], NDArray[np.int64]]:
    if source == "strokes":
        return load_development_strokes()
    dataset = load_mnist()
    return list(dataset.x_test), dataset.y_test


@cache
def _keeps_topology(index: int) -> bool:
    """Check that an MNIST test digit has the same parts and holes after a pen has redrawn it.

    The skeleton breaks where strokes are faint and forks where they are thick. Such a picture would
    be wrong, not its reading.
    """
    frame = _load_digits("mnist")[0][index]
    large = cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    redrawn = write(frame, height=90, width=4) > 0.5
    # The result depends on the threshold of the ink: fewest parts and most holes are expected.
    parts, holes = zip(*(_parts_and_holes(large >= level) for level in (40, 70, 100)), strict=True)
    return _parts_and_holes(redrawn) == (min(parts), max(holes))


def _parts_and_holes(ink: NDArray[np.bool_]) -> tuple[int, int]:
    padded = np.pad(ink, 1).view(np.uint8)
    parts, _ = cv2.connectedComponents(padded, connectivity=8)
    holes, _ = cv2.connectedComponents(1 - padded, connectivity=4)
    return parts - 1, holes - 2


KINDS: dict[str, Callable[[tuple[int, int], float, Generator], Floats]] = {
    "empty paper": empty_paper,
    "hands": hands_scene,
    "faces": face_scene,
    "textures": surface,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Misreading:
    """A frame that was read incorrectly.

    Attributes:
        picture: a small copy of the annotated frame, BGR.
        title: the number and the reading.
    """

    picture: Image
    title: str


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


def available_sources() -> list[Source]:
    """The sources of digits whose files are here."""
    return [name for name in SOURCES if name != "strokes" or DEVELOPMENT_STROKES.is_file()]


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
                            errors.append(_misreading(result, f"{severity}, {source}: {shot.text}"))
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
                errors.append(_misreading(result, kind))
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


def save_sheets(folder: Path, errors: Sequence[Misreading]) -> list[Path]:
    """Save contact sheets of errors with their titles; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for start in range(0, len(errors), MAX_CELLS):
        cells = [_cell(error) for error in errors[start : start + MAX_CELLS]]
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
        rows = [np.hstack(cells[i : i + COLUMNS]) for i in range(0, len(cells), COLUMNS)]
        files.append(folder / f"errors-{start // MAX_CELLS + 1}.png")
        cv2.imwrite(str(files[-1]), np.vstack(rows))
    return files


def _misreading(result: FrameResult, truth: str) -> Misreading:
    height, width = result.annotated.shape[:2]
    scale = min(CELL[0] / width, CELL[1] / height)
    small = cv2.resize(result.annotated, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Misreading(picture=small, title=f"{truth} read as {result.reading or 'nothing'}")


def _cell(error: Misreading) -> Image:
    cell = np.full((CELL[1] + LINE, CELL[0], 3), 255, np.uint8)
    height, width = error.picture.shape[:2]
    cell[LINE : LINE + height, :width] = error.picture
    place, font = (4, LINE - 6), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(cell, error.title, place, font, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return cell


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
