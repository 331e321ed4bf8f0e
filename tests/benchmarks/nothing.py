"""How often a digit is read where nothing is written: whole pictures without digits.

It prints a table in Markdown, after about ten minutes:

    python tests/benchmarks/nothing.py
    python tests/benchmarks/nothing.py --count 20 --seed 5 --show

The pictures are those of three simulations: webcam frames of empty paper, hands, faces and textures
(`filming.py`, `people.py`, `textures.py`), photographs of empty sheets (`papers.py`), and of desks
with or without an empty card (`desks.py`). Each is read as a photograph, not as video. A "?" is not
a digit. `inference/surroundings.py` was tuned with seed 301, and never with desks alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from desks import GROUNDS
from papers import photograph
from simulation import SEVERITIES, Generator, Image, capture, illumination
from surfaces import KINDS as SURFACES
from surfaces import make_picture
from video_frames import KINDS as FRAMES
from video_frames import film_without_digits

from mnist_core import load_recognizer
from mnist_core.evaluation.metrics import wilson_interval

__all__ = ["KINDS", "make_empty"]

# (width, height) of the photographs of desks, in pixels.
DESK = (1280, 960)


def _frame(kind: str) -> Callable[[int, int], Image]:
    place = list(FRAMES).index(kind)

    def make(index: int, seed: int) -> Image:
        frame, _ = film_without_digits(index * len(FRAMES) + place, seed)
        return np.ascontiguousarray(frame[:, :, ::-1])

    return make


def _sheet(index: int, seed: int) -> Image:
    severity = index % len(SEVERITIES)
    return photograph([], severity, np.random.default_rng((seed, severity, index)))


def _desk(index: int, seed: int) -> Image:
    random: Generator = np.random.default_rng((seed, index))
    width, height = DESK
    share = float(random.uniform(0.1, 0.6))
    scene = list(GROUNDS.values())[index % len(GROUNDS)](height, width, random)
    light = illumination(height, width, share, random)
    return capture((scene * light).astype(np.float32), share, random, scale=width / 1280)


def _surface(index: int, seed: int) -> Image:
    kinds = [kind for kind in SURFACES if "live" not in kind]
    return make_picture(kinds[index % len(kinds)], index // len(kinds), seed, empty=True).image


# kind -> (index, seed) -> a picture without digits, (h, w, 3) RGB uint8
KINDS: dict[str, Callable[[int, int], Image]] = {
    **{kind: _frame(kind) for kind in FRAMES},
    "empty sheets": _sheet,
    "desks": _desk,
    "empty cards and sheets on desks": _surface,
}


def make_empty(kind: str, index: int, seed: int) -> Image:
    """A picture without digits, (h, w, 3) RGB uint8; equal arguments make the same."""
    return KINDS[kind](index, seed)


def main() -> None:
    """Read the pictures of each kind and print the table."""
    parser = argparse.ArgumentParser(description="How often a digit is read where there is none.")
    parser.add_argument("--model", help="a folder of models/; default: the default model")
    parser.add_argument("--count", type=int, default=60, help="pictures per kind")
    parser.add_argument("--seed", type=int, default=902)
    parser.add_argument("--show", action="store_true", help="print the digits that are read")
    options = parser.parse_args()
    if options.count < 1:
        parser.error("--count must be at least 1")
    recognizer, total = load_recognizer(options.model), 0
    print(
        "| nothing written | pictures | a digit is read | 95% interval |\n| --- |" + " ---: |" * 3
    )
    for kind in KINDS:
        wrong = 0
        for index in tqdm(range(options.count), desc=kind, disable=None, leave=False):
            reading = recognizer.analyze(make_empty(kind, index, options.seed))
            wrong += any(digit.is_digit for digit in reading.digits)
            if options.show and any(digit.is_digit for digit in reading.digits):
                print(f"{kind} {index}: {reading.text} ({reading.hypothesis})", file=sys.stderr)
        total += wrong
        print(_row(kind, wrong, options.count), flush=True)
    print(_row("all", total, options.count * len(KINDS)))


def _row(name: str, wrong: int, count: int) -> str:
    low, high = wilson_interval(wrong, count)
    return f"| {name} | {count} | {wrong / count:.1%} | {low:.1%} to {high:.1%} |"


if __name__ == "__main__":
    main()
