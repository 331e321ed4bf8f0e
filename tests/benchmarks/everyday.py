"""The accuracy on pictures as people have them: circled, plotted, held, small, beside a word.

It prints a table in Markdown, after about a minute:

    python tests/benchmarks/everyday.py
    python tests/benchmarks/everyday.py --count 100 --seed 5 --show

The digits are MNIST test images and, if available, the development strokes. A picture is read
correctly if all its digits are, in order, and no other one; what is no digit may be a "?".
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from digit_pages import Digits
from support.everyday_pictures import EVERYDAY, Image, everyday_picture, write_row

from mnist_core import load_recognizer
from mnist_core.errors import ClutteredImageError


class Numbers(Digits):
    """Draws everyday pictures with digits of both sources."""

    def draw(self, kind: str, seed: int, index: int) -> tuple[Image, str]:
        """A picture of a kind, (h, w, 3) RGB uint8, and its digits."""
        random = np.random.default_rng((seed, list(EVERYDAY).index(kind), index))

        def write(count: int, height: int) -> tuple[Image, str]:
            next_digit = self.hand(random)
            digits = [next_digit(height) for _ in range(count)]
            return write_row([ink for ink, _ in digits], random), "".join(t for _, t in digits)

        chosen = random.integers(len(self._frames), size=100)
        frames = [(self._frames[i], str(self._labels[i])) for i in chosen]
        return everyday_picture(kind, write, frames, random)


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="pictures per row")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--only", choices=EVERYDAY, help="one kind")
    parser.add_argument("--show", action="store_true", help="print the readings that are not right")
    options = parser.parse_args()
    numbers, recognizer = Numbers(), load_recognizer("champion")
    print("| a number | right |\n| --- | ---: |")
    for kind in tqdm([options.only] if options.only else list(EVERYDAY), disable=None, leave=False):
        right = 0
        for index in range(options.count):
            image, truth = numbers.draw(kind, options.seed, index)
            try:
                text = recognizer.analyze(image).text
            except ClutteredImageError as error:
                text = str(error)
            right += text.replace("?", "") == truth
            if options.show and text.replace("?", "") != truth:
                print(f"{kind} {index}: {truth} -> {text}", file=sys.stderr)
        print(f"| {kind} | {right / options.count:.1%} |")


if __name__ == "__main__":
    main()
