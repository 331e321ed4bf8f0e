"""The accuracy on simulated photographs of sheets and cards that lie on a desk.

It prints tables in Markdown, after about ten minutes:

    python tests/benchmarks/surfaces.py
    python tests/benchmarks/surfaces.py --pictures 10 --seed 5 --only cards
    python tests/benchmarks/surfaces.py --pictures 3 --explain
    python tests/benchmarks/surfaces.py --errors errors

MNIST *test* digits or the development strokes, one to six, are written on a surface. A picture is
read correctly if exactly its number is read. Other surfaces are empty. The cards are read as live
video, too, with the whole frame as region. The constants were tuned with seeds 1 to 9.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from contact_sheets import Misreading, misreading, save_sheets
from desks import GROUNDS, Surface, photograph_surface
from digit_sources import available_sources, choose_number
from simulation import Image

from mnist_core import MnistError, Recognizer, load_recognizer
from mnist_core.errors import ClutteredImageError
from mnist_core.preprocessing.extraction import Extract, extract_digits, extract_surfaces
from mnist_core.webcam.reader import FrameReader, WebcamSettings

# Longer sides of the photographs, in pixels.
SIDES = (800, 1600)
VIDEO_SIZES = ((1280, 720), (640, 480))
MAX_DIGITS = 6
WHOLE_FRAME = WebcamSettings(roi=(0.0, 0.0, 1.0, 1.0), smoothing=1)

# name -> the surface; each is seen on all grounds.
KINDS: dict[str, Callable[[str], Surface]] = {
    "sheets, no edge visible": lambda g: Surface(ground=g, sides=0, turn=6, slant=10),
    "sheets, one edge": lambda g: Surface(ground=g, sides=1, turn=8, slant=20),
    "sheets, two edges": lambda g: Surface(ground=g, sides=2, turn=8, slant=20),
    "sheets, three edges": lambda g: Surface(ground=g, sides=3, turn=8, slant=20),
    "sheets, four edges": lambda g: Surface(ground=g, size=(0.65, 0.95), turn=10, slant=20),
    "sheets at a slant": lambda g: Surface(ground=g, size=(0.6, 1.0), turn=15, slant=45),
    "cards": lambda g: Surface(ground=g),
    "cards, live": lambda g: Surface(ground=g, size=(0.3, 0.7)),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A picture and its number, "" for an empty surface."""

    image: Image
    text: str
    kind: str
    ground: str


def make_picture(kind: str, index: int, seed: int, *, empty: bool = False) -> Picture:
    """Make one picture; equal arguments make the same."""
    random = np.random.default_rng((seed, list(KINDS).index(kind), index, int(empty)))
    ground = list(GROUNDS)[index % len(GROUNDS)]
    sources = available_sources()
    source = sources[index // len(GROUNDS) % len(sources)]
    length = 0 if empty else int(random.integers(1, MAX_DIGITS + 1))
    digits, text = choose_number(length, source, random)
    surface = replace(KINDS[kind](ground), share=float(random.uniform(0.1, 0.6)))
    if "live" in kind:
        size = VIDEO_SIZES[index % len(VIDEO_SIZES)]
    else:
        longer = int(random.integers(*SIDES))
        size = (longer, round(longer * random.uniform(0.56, 0.75)))
        size = size if random.random() < 0.8 else size[::-1]
    image = photograph_surface(surface, digits, size, random)
    return Picture(image=image, text=text, kind=kind, ground=ground)


def read_text(recognizer: Recognizer, picture: Picture) -> str:
    """Read one picture, with "?" for what is not a digit; a frame alone.

    "" for one that is too cluttered to read in time.
    """
    if "live" in picture.kind:
        frame = np.ascontiguousarray(picture.image[:, :, ::-1])
        return FrameReader(recognizer).process(frame, WHOLE_FRAME).reading
    try:
        return "".join(digit.text for digit in recognizer.read(picture.image))
    except ClutteredImageError:
        return ""


def pictures(names: list[str], count: int, seed: int, *, empty: bool) -> Iterator[Picture]:
    """`count` pictures of each kind and ground."""
    for kind in names:
        for index in range(count * len(GROUNDS)):
            yield make_picture(kind, index, seed, empty=empty)


def measure(
    recognizer: Recognizer, names: list[str], count: int, seed: int, *, empty: bool, explain: bool
) -> tuple[list[str], list[Misreading]]:
    """The table of one kind a row and one ground a column, and the misreadings."""
    from tqdm import tqdm

    results: dict[tuple[str, str], list[bool]] = defaultdict(list)
    errors = []
    made = pictures(names, count, seed, empty=empty)
    for picture in tqdm(made, total=len(names) * count * len(GROUNDS), unit=" pictures"):
        text = read_text(recognizer, picture)
        correct = text.replace("?", "") == "" if empty else text == picture.text
        results[picture.kind, picture.ground].append(correct)
        if explain:
            tqdm.write(f"{picture.kind} on {picture.ground}: {picture.text!r} read as {text!r}")
            tqdm.write(explain_reading(recognizer, picture.image))
        if not correct:
            image = cv2.cvtColor(picture.image, cv2.COLOR_RGB2BGR)
            errors.append(misreading(image, picture.text or "-", text))
    title = "empty surfaces" if empty else "numbers"
    lines = [f"| {title} | {' | '.join(GROUNDS)} | all | pictures |"]
    lines.append("| --- |" + " ---: |" * (len(GROUNDS) + 2))
    for kind in names:
        shares = [results[kind, ground] for ground in GROUNDS]
        cells = " | ".join(f"{np.mean(some):.1%}" for some in (*shares, np.concatenate(shares)))
        lines.append(f"| {kind} | {cells} | {sum(map(len, shares))} |")
    every = np.concatenate(list(results.values()))
    lines.append(f"| all |{' |' * len(GROUNDS)} {np.mean(every):.1%} | {len(every)} |")
    return lines, errors


def explain_reading(recognizer: Recognizer, image: Image) -> str:
    """The competing readings of a photograph, a line each, and which one won."""

    def describe(name: str, extract: Extract) -> str:
        digits = recognizer.read_found(extract.digits)
        text = "".join(digit.text for digit in digits) or "nothing"
        scores = ", ".join(f"{digit.digit_score * digit.confidence:.3f}" for digit in digits)
        return f"    {name}: {text} ({scores})"

    lines = [describe("normal", extract_digits(image))]
    for surface, extract in extract_surfaces(image, "auto"):
        shape = "quadrilateral" if surface.is_quadrilateral else "cut by the border"
        lines.append(describe(f"surface of {surface.size}, {shape}", extract))
    return "\n".join([*lines, f"    won: {recognizer.analyze(image).hypothesis}"])


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description="The accuracy on sheets and cards on a desk.")
    parser.add_argument("--model", help="a folder of models/; default: the default model")
    parser.add_argument("--pictures", type=int, default=20, help="number per kind and ground")
    parser.add_argument("--seed", type=int, default=28)
    parser.add_argument("--only", default="", help="kinds whose name contains this")
    parser.add_argument("--explain", action="store_true", help="print the competing readings")
    parser.add_argument("--errors", type=Path, metavar="DIR", help="for contact sheets of errors")
    options = parser.parse_args()
    names = [name for name in KINDS if options.only in name]
    if options.pictures < 1 or not names:
        parser.error("--pictures must be at least 1, and --only a part of a kind's name")
    try:
        recognizer = load_recognizer(options.model)
    except MnistError as error:
        parser.error(str(error))
    tables, errors = [], []
    for empty in (False, True):
        lines, wrong = measure(
            recognizer, names, options.pictures, options.seed, empty=empty, explain=options.explain
        )
        tables += [*lines, ""]
        errors += wrong
    print("\n".join(tables))
    if options.errors:
        for path in save_sheets(options.errors, errors):
            print(path)


if __name__ == "__main__":
    main()
