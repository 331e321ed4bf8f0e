"""Simulated webcam frames, from easy to hard, and how well and how fast they are read.

Run it from anywhere; it prints tables in Markdown, after about ten minutes:

    python tests/benchmarks/video.py
    python tests/benchmarks/video.py --model mlp --frames 20 --no-classic
    python tests/benchmarks/video.py --frames 30 --errors /tmp/errors

A pen writes MNIST *test* digits, or draws the development strokes, on a sheet that is held into the
reader's box, and a severity of 0 to 4 tells how hard the camera, the light and the hand make it.
Every second frame has 1280x720 pixels, the others 640x480. In other frames there is nothing to
read: empty paper, hands, faces, surfaces. All of it is a simulation: it shows where reading video
breaks, not how often it will in the world.

Beside it stands the classic way: blur, a fixed threshold, a small box in the middle, one
`model.predict` a frame. It is measured on the same frames, where digits are seldom in its box, and
once more with its box laid around the digit by somebody who knows where it is.
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

from filming import empty_paper, exposed, filmed, region, surface
from papers import SEVERITIES, write
from people import face_scene, hands_scene
from support.strokes import DEVELOPMENT_STROKES, Stroke, load_development_strokes

from mnist_core import MnistError, Recognizer, load_mnist, load_recognizer
from mnist_core.webcam.reader import FrameReader, FrameResult, WebcamSettings

if TYPE_CHECKING:
    import keras

__all__ = ["KINDS", "SIZES", "SOURCES", "Shot", "frames", "nothing", "region"]

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Generator = np.random.Generator
Box = tuple[int, int, int, int]
Source = Literal["mnist", "strokes"]

SOURCES: tuple[Source, ...] = ("mnist", "strokes")
DIGITS = (1, 3)
# (width, height) of a frame, in turns.
SIZES = ((1280, 720), (640, 480))

# The classic way's level and box, in pixels.
CLASSIC_LEVEL, CLASSIC_SIDE = 100, 150
# Timed: so many different frames of each number of digits, so often.
TIMED, TURNS = 30, 8
# The contact sheet: columns, pixels of a cell without its line of text, and no more than so many.
COLUMNS, CELL, LINE, MOST = 5, (320, 240), 22, 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Shot:
    """A frame of video, and what is in it.

    Attributes:
        frame: (h, w, 3) BGR uint8.
        text: the number that it shows, "" for none.
        place: (left, top, width, height) of the number in pixels, all 0 for none.
    """

    frame: Image
    text: str
    place: Box = (0, 0, 0, 0)


def frames(
    severity: int, count: int, digits: int, source: Source, seed: int
) -> list[tuple[Image, str]]:
    """Frames that show a number: (h, w, 3) BGR uint8, and the number.

    Args:
        severity: 0, a clean black marker on white, to 4, hard.
        count: how many; more begin with the same ones.
        digits: of each number, 1 or more.
        source: "mnist" or "strokes", in the same light and so on.
        seed: another one, other frames.
    """
    made = (shot(severity, index, digits, source, seed) for index in range(count))
    return [(each.frame, each.text) for each in made]


def nothing(count: int, seed: int) -> list[tuple[Image, str]]:
    """Frames with nothing to read: (h, w, 3) BGR uint8, and which of `KINDS`, in turns."""
    return [empty_shot(index, seed) for index in range(count)]


def shot(severity: int, index: int, digits: int, source: Source, seed: int) -> Shot:
    """One of the frames that show a number."""
    if severity not in SEVERITIES or source not in SOURCES or digits < 1:
        raise ValueError(
            f"A severity is 0 to 4, a source one of {SOURCES}, and digits are 1 or more. "
            f"Received: {severity!r}, {source!r}, {digits!r}"
        )
    written, labels = _handwriting(source)
    # Apart, so that light, camera and hand do not depend on what is written.
    choosing, filming = np.random.default_rng((seed, severity, index)).spawn(2)
    chosen: list[int] = []
    while len(chosen) < digits:
        each = int(choosing.integers(len(labels)))
        if source == "strokes" or _keeps_its_shape(each):
            chosen.append(each)
    size = SIZES[index % len(SIZES)]
    frame, place = filmed([written[each] for each in chosen], severity / 4, size, filming)
    return Shot(frame=frame, text="".join(str(labels[each]) for each in chosen), place=place)


def empty_shot(index: int, seed: int) -> tuple[Image, str]:
    """One of the frames with nothing to read, and its kind."""
    random = np.random.default_rng((seed, len(SEVERITIES), index))
    kind, size = list(KINDS)[index % len(KINDS)], SIZES[index // len(KINDS) % len(SIZES)]
    share = random.integers(1, len(SEVERITIES)) / 4
    return exposed(KINDS[kind](size, share, random), share, random), kind


@cache
def _handwriting(source: Source) -> tuple[Sequence[Image | Sequence[Stroke]], NDArray[np.int64]]:
    if source == "strokes":
        return load_development_strokes()
    dataset = load_mnist()
    return list(dataset.x_test), dataset.y_test


@cache
def _keeps_its_shape(index: int) -> bool:
    """Has an MNIST test digit the same parts and holes when a pen has written it anew?

    The pen follows the middle of its strokes, which falls to pieces where they are faint, and
    forks where they are thick. That would be a mistake of the picture's, not of its reader's.
    """
    frame = _handwriting("mnist")[0][index]
    large = cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    anew = write(frame, height=90, width=4) > 0.5
    # Where the ink ends is a matter of opinion: at most it is one part, and has all its holes.
    parts, holes = zip(*(_parts_and_holes(large >= level) for level in (40, 70, 100)), strict=True)
    return _parts_and_holes(anew) == (min(parts), max(holes))


def _parts_and_holes(solid: NDArray[np.bool_]) -> tuple[int, int]:
    padded = np.pad(solid, 1).view(np.uint8)
    parts, _ = cv2.connectedComponents(padded, connectivity=8)
    holes, _ = cv2.connectedComponents(1 - padded, connectivity=4)
    return parts - 1, holes - 2


KINDS: dict[str, Callable[[tuple[int, int], float, Generator], Floats]] = {
    "empty paper": empty_paper,
    "hands": hands_scene,
    "faces": face_scene,
    "textures": surface,
}


# How they are read.


@dataclass(frozen=True, kw_only=True, eq=False)
class Wrong:
    """A frame that was read wrongly.

    Attributes:
        picture: a small copy of the frame as the reader showed it, BGR.
        title: what it is and what was read.
    """

    picture: Image
    title: str


def read(recognizer: Recognizer, frame: Image) -> FrameResult:
    """What the reader makes of one frame alone."""
    return FrameReader(recognizer).process(frame, WebcamSettings(smoothing=1))


def classic_frame(frame: Image, place: Box | None = None) -> Image:
    """The classic way from a frame of video to what the network sees, (28, 28) uint8.

    Args:
        frame: (h, w, 3) BGR uint8.
        place: of the number; a square around it is the box then, and not the frame's middle.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    _, ink = cv2.threshold(grey, CLASSIC_LEVEL, 255, cv2.THRESH_BINARY_INV)
    height, width = ink.shape
    x, y, side = width / 2, height / 2, CLASSIC_SIDE
    if place is not None:
        x, y = place[0] + place[2] / 2, place[1] + place[3] / 2
        side = round(1.05 * max(place[2:]))
    left, top = max(0, round(x - side / 2)), max(0, round(y - side / 2))
    box = ink[top : top + side, left : left + side]
    return np.pad(cv2.resize(box, (20, 20), interpolation=cv2.INTER_AREA), 4)


def score(
    recognizer: Recognizer, count: int, seed: int, classic: keras.Model | None
) -> tuple[list[str], list[Wrong]]:
    """The tables of what is read rightly, and what is not."""
    from tqdm import tqdm

    sources = [each for each in SOURCES if each != "strokes" or DEVELOPMENT_STROKES.is_file()]
    wrong: list[Wrong] = []
    columns = [f"{_count(digits)}, {source}" for digits in DIGITS for source in sources]
    ways = ["in the middle", "around the digit"] if classic is not None else []
    columns += [f"classic, box {way}, {source}" for source in sources for way in ways]
    lines = _head(["severity", *columns])
    total = len(SEVERITIES) * len(DIGITS) * len(sources) * count + len(KINDS) * count
    with tqdm(total=total, unit=" frames", mininterval=0.5) as progress:
        for severity in SEVERITIES:
            shares, classics = [], []
            for digits in DIGITS:
                for source in sources:
                    right, truths, small = [], [], []
                    for index in range(count):
                        each = shot(severity, index, digits, source, seed)
                        result = read(recognizer, each.frame)
                        right.append(result.reading == each.text)
                        if not right[-1]:
                            wrong.append(_wrong(result, f"{severity}, {source}: {each.text}"))
                        truths.append(each.text)
                        small.append([classic_frame(each.frame, at) for at in (None, each.place)])
                        progress.update()
                    shares.append(float(np.mean(right)))
                    if classic is not None and digits == 1:
                        for seen in np.array(small, np.float32).swapaxes(0, 1):
                            answers = classic.predict(seen, verbose=0)[:, :10].argmax(axis=1)
                            classics.append(float(np.mean(answers == np.array(truths, int))))
            lines.append(_row(severity, shares + classics))
        lines += ["", *_head(["nothing to read", "frames", "read all the same"])]
        readings: dict[str, list[bool]] = {kind: [] for kind in KINDS}
        for index in range(len(KINDS) * count):
            frame, kind = empty_shot(index, seed)
            result = read(recognizer, frame)
            readings[kind].append(bool(result.reading))
            if result.reading:
                wrong.append(_wrong(result, kind))
            progress.update()
    lines += [f"| {kind} | {len(some)} | {np.mean(some):.1%} |" for kind, some in readings.items()]
    if "strokes" not in sources:
        lines += ["", "The development strokes are not beside this checkout."]
    return lines, wrong


def timing(recognizer: Recognizer, seed: int, classic: keras.Model | None) -> list[str]:
    """The table of how long a frame of 640x480 takes, at severity 0 to 2; the ways take turns."""
    from tqdm import tqdm

    odd = range(1, len(SIZES) * TIMED, len(SIZES))
    shots = {
        digits: [
            shot(number % 3, index, digits, "mnist", seed).frame for number, index in enumerate(odd)
        ]
        for digits in DIGITS
    }
    reader = FrameReader(recognizer)
    ways: dict[str, tuple[int, Callable[[Image], object]]] = {
        f"process, {_count(digits)}": (digits, reader.process) for digits in DIGITS
    }
    if classic is not None:
        network = classic
        ways["classic"] = (
            1,
            lambda frame: network.predict(
                classic_frame(frame)[np.newaxis].astype(np.float32), verbose=0
            ),
        )
    for digits, run in ways.values():
        run(shots[digits][0])  # the first time is another story
    times = defaultdict(list)
    for _ in tqdm(range(TURNS), unit=" turns"):
        for name, (digits, run) in ways.items():
            run(shots[digits][0])  # awake again: the others had the processor's caches
            for frame in shots[digits]:
                start = time.perf_counter()
                run(frame)
                times[name].append(1000 * (time.perf_counter() - start))
    lines = _head(["640x480", "median (ms)", "99 % (ms)", "to one digit", "frames"])
    one = np.median(next(iter(times.values())))
    for name, values in times.items():
        middle, late = np.median(values), np.percentile(values, 99)
        lines.append(
            f"| {name} | {middle:.2f} | {late:.2f} | {middle / one:.2f}x | {len(values)} |"
        )
    return lines


def save_sheets(folder: Path, wrong: Sequence[Wrong]) -> list[Path]:
    """Contact sheets of frames that were read wrongly, each with its title; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for start in range(0, len(wrong), MOST):
        cells = [_cell(each) for each in wrong[start : start + MOST]]
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
        rows = [np.hstack(cells[at : at + COLUMNS]) for at in range(0, len(cells), COLUMNS)]
        files.append(folder / f"wrong-{start // MOST + 1}.png")
        cv2.imwrite(str(files[-1]), np.vstack(rows))
    return files


def _wrong(result: FrameResult, truth: str) -> Wrong:
    height, width = result.annotated.shape[:2]
    scale = min(CELL[0] / width, CELL[1] / height)
    small = cv2.resize(result.annotated, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Wrong(picture=small, title=f"{truth} read as {result.reading or 'nothing'}")


def _cell(wrong: Wrong) -> Image:
    cell = np.full((CELL[1] + LINE, CELL[0], 3), 255, np.uint8)
    height, width = wrong.picture.shape[:2]
    cell[LINE : LINE + height, :width] = wrong.picture
    place, font = (4, LINE - 6), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(cell, wrong.title, place, font, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return cell


def _count(digits: int) -> str:
    return "one digit" if digits == 1 else f"{digits} digits"


def _head(names: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(names)} |", "| --- " * len(names) + "|"]


def _row(name: object, shares: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |"


def main() -> None:
    """Read frames of every severity, and frames of nothing, and print the tables."""
    parser = argparse.ArgumentParser(description="Read simulated webcam frames.")
    parser.add_argument("--model", help="a folder of models/; the default model where not given")
    parser.add_argument("--frames", type=int, default=100, help="of each severity and kind")
    parser.add_argument("--seed", type=int, default=28)
    parser.add_argument("--no-classic", action="store_true", help="leave out the classic way")
    parser.add_argument("--errors", type=Path, metavar="DIR", help="for sheets of wrong frames")
    options = parser.parse_args()
    if options.frames < 1:
        parser.error("--frames is 1 or more")
    try:
        recognizer = load_recognizer(options.model)
    except MnistError as error:
        parser.error(str(error))
    classic = None if options.no_classic else _classic_model()
    lines, wrong = score(recognizer, options.frames, options.seed, classic)
    lines += ["", *timing(recognizer, options.seed, classic)]
    print("\n".join(lines))
    if options.errors:
        for path in save_sheets(options.errors, wrong):
            print(path)


def _classic_model() -> keras.Model:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    from mnist_core.networks import architectures  # noqa: F401 -- layers of its own, where there are any
    from mnist_core.storage.paths import models_directory

    return keras.models.load_model(models_directory() / "cnn" / "model.keras", compile=False)


if __name__ == "__main__":
    main()
