"""The accuracy on pages of digits: on lined paper, in tables, boxes and forms, and beside signs.

It prints a table in Markdown, after about two minutes:

    python tests/benchmarks/digit_pages.py
    python tests/benchmarks/digit_pages.py --count 40 --seed 70
    python tests/benchmarks/digit_pages.py --only table --show

The digits are MNIST test images and, if available, the development strokes. A page has 1 to 10
lines. "in place" is the share of digits that are read, in their place of the sequence; "wrong" are
digits read that are not written there, as a share of those written. A page is exact if nothing but
its digits is read; a sign may be a "?".
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.strokes import DEVELOPMENT_STROKES, load_development_strokes
from support.written_numbers import enlarge, trace
from support.written_pages import PAGES, SINGLES, Image, NextDigit, capture_page, write_page

from mnist_core import Recognizer, load_mnist, load_recognizer

__all__ = ["align", "make_page"]

KINDS = (*PAGES, *SINGLES)


class Digits:
    """Digits of both sources; one hand writes a page."""

    def __init__(self) -> None:
        dataset = load_mnist()
        self._frames, self._labels = dataset.x_test, dataset.y_test
        self._strokes, self._stroke_labels = [], np.zeros(0)
        if DEVELOPMENT_STROKES.is_file():
            self._strokes, self._stroke_labels = load_development_strokes()

    def hand(self, random: np.random.Generator) -> NextDigit:
        """Draws digits of one source, with one pen."""
        pen = random.uniform(0.05, 0.12)
        if self._strokes and random.random() < 0.5:

            def next_digit(height: int) -> tuple[Image, str]:
                index = int(random.integers(len(self._strokes)))
                ink = trace(self._strokes[index], height, max(2.0, pen * height))
                return ink, str(self._stroke_labels[index])
        else:

            def next_digit(height: int) -> tuple[Image, str]:
                index = int(random.integers(len(self._frames)))
                return enlarge(self._frames[index], height), str(self._labels[index])

        return next_digit


def make_page(
    digits: Digits, kind: str, seed: int, index: int, *, photo: bool
) -> tuple[Image, str]:
    """A picture of a page, (h, w, 3) RGB uint8, and its digits in reading order."""
    random = np.random.default_rng((seed, KINDS.index(kind), index, photo))
    page = write_page(kind, digits.hand(random), random)
    return capture_page(page, random, photo=photo), page.text


def align(truth: str, read: str) -> tuple[int, int]:
    """The numbers of digits that are read in their place, and of those read that are wrong."""
    matcher = difflib.SequenceMatcher(None, truth, read, autojunk=False)
    right = sum(block.size for block in matcher.get_matching_blocks())
    return right, len(read.replace("?", "")) - right


def measure(
    recognizer: Recognizer, kinds: list[str], count: int, seed: int, *, show: bool
) -> list[str]:
    """The rows of the table."""
    digits, rows = Digits(), []
    for photo in (False, True):
        for kind in tqdm(kinds, disable=None, leave=False):
            written = right = wrong = exact = 0
            for index in range(count):
                image, truth = make_page(digits, kind, seed, index, photo=photo)
                reading = recognizer.analyze(image)
                matched, others = align(truth, reading.text)
                written, right, wrong = written + len(truth), right + matched, wrong + others
                exact += reading.text.replace("?", "" if kind in SINGLES else "?") == truth
                if show and reading.text != truth:
                    print(f"{kind} {index} {photo=}: {truth} -> {reading.text}", file=sys.stderr)
            name = f"{'photograph' if photo else 'drawing'}, {kind}"
            shares = (right / max(written, 1), wrong / max(written, 1), exact / count)
            cells = " | ".join(f"{share:.1%}" for share in shares)
            rows.append(f"| {name} | {written} | {cells} |")
    return rows


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="pictures per row")
    parser.add_argument("--seed", type=int, default=80)
    parser.add_argument("--only", choices=KINDS, help="one kind")
    parser.add_argument("--show", action="store_true", help="print the readings that are not right")
    parser.add_argument("--model", default="champion", help="a folder of models/")
    options = parser.parse_args()
    kinds = [options.only] if options.only else list(KINDS)
    recognizer = load_recognizer(options.model)
    print("| pages | digits | in place | wrong | exact |\n| --- |" + " ---: |" * 4)
    rows = measure(recognizer, kinds, options.count, options.seed, show=options.show)
    print("\n".join(rows))


if __name__ == "__main__":
    main()
