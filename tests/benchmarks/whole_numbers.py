"""How often a digit is lost: whole numbers of 2 to 6 digits, and words that are none.

    python tests/benchmarks/whole_numbers.py
    python tests/benchmarks/whole_numbers.py --count 300 --seed 41

The digits are MNIST test images and, if available, the development strokes. "wrong" are other
numbers without a "?"; "unsaid" those of them for which nothing was left out either. The second
table shows words (`support/words.py`): in how many any digit is read, and in how many every letter.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from digit_pages import Digits
from support.words import HANDS, WORDS, write_word
from support.written_numbers import KINDS, enlarge, trace, write_number

from mnist_core import Recognizer, load_recognizer


class Writer(Digits):
    """Writes numbers with digits of both sources, in turn."""

    def write(
        self, kind: str, random: np.random.Generator, *, photo: bool
    ) -> tuple[NDArray[np.uint8], str]:
        """A picture and its number."""
        height, count = int(random.integers(30, 110)), int(random.integers(2, 7))
        if self._strokes and random.random() < 0.5:
            chosen = random.integers(len(self._strokes), size=count)
            brush = max(2.0, height * random.uniform(0.05, 0.13))
            inks = [trace(self._strokes[i], height, brush) for i in chosen]
            labels = self._stroke_labels[chosen]
        else:
            chosen = random.integers(len(self._frames), size=count)
            inks = [enlarge(self._frames[i], height) for i in chosen]
            labels = self._labels[chosen]
        number = "".join(map(str, labels))
        image = write_number(inks, kind, random, photo=photo)
        return image, "1" + number if kind == "a thin leading 1" else number


def measure_numbers(recognizer: Recognizer, count: int, seed: int) -> list[str]:
    """The rows of the table of numbers."""
    writer, rows = Writer(), []
    for photo in (False, True):
        for kind in tqdm(KINDS, disable=None, leave=False):
            right = refused = wrong = unsaid = 0
            for index in range(count):
                random = np.random.default_rng((seed, KINDS.index(kind), index, photo))
                image, number = writer.write(kind, random, photo=photo)
                reading = recognizer.analyze(image)
                right += reading.text == number
                refused += reading.text != number and "?" in reading.text
                if reading.text != number and "?" not in reading.text:
                    wrong += 1
                    unsaid += len(reading.left_out) == 0
            name = f"{'photograph' if photo else 'drawing'}, {kind}"
            cells = " | ".join(f"{value / count:.1%}" for value in (right, refused, wrong, unsaid))
            rows.append(f"| {name} | {cells} |")
    return rows


def measure_words(recognizer: Recognizer, count: int, seed: int) -> list[str]:
    """The rows of the table of words."""
    rows = []
    for place, hand in enumerate(tqdm(HANDS, disable=None, leave=False)):
        some = all_digits = 0
        for index in range(count):
            random = np.random.default_rng((seed, place, index))
            word = WORDS[random.integers(len(WORDS))]
            digits = recognizer.read(255 - write_word(word, hand, random))
            read = [digit.is_digit for digit in digits]
            some += any(read)
            all_digits += bool(read) and all(read)
        rows.append(f"| {hand} | {some / count:.1%} | {all_digits / count:.1%} |")
    return rows


def main() -> None:
    """Print the two tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="pictures per row")
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--model", default="champion", help="a folder of models/")
    options = parser.parse_args()
    recognizer = load_recognizer(options.model)
    print("| numbers | right | with a ? | wrong | unsaid |\n| --- |" + " ---: |" * 4)
    print("\n".join(measure_numbers(recognizer, options.count, options.seed)))
    print("\n| words | any digit | all digits |\n| --- | ---: | ---: |")
    print("\n".join(measure_words(recognizer, options.count, options.seed)))


if __name__ == "__main__":
    main()
