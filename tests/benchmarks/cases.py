"""What competes in pictures that are hard to read, and what wins.

    python tests/benchmarks/cases.py
    python tests/benchmarks/cases.py sheet.jpg scan.png

For each picture: the readings that competed, each with its quality, and the result. Without files:
those of the development data, and whether they are read correctly. The quality and the rule by
which one reading wins are explained in `mnist_core/inference/selection.py`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.strokes import SHARED

from mnist_core import load_image, load_recognizer

CASES = SHARED / "cases"


def load_cases() -> dict[Path, str]:
    """The development pictures that are hard, and the digits written on each; "" for none."""
    if not (CASES / "labels.csv").is_file():
        return {}
    with (CASES / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0])
    return {CASES / row[names[0]]: row[names[1]].replace("/", "").replace("-", "") for row in rows}


def is_correct(text: str, truth: str) -> bool:
    """Is exactly that number read? Where nothing is written, a "?" is correct, too."""
    return text == truth if truth else not any(sign.isdigit() for sign in text)


def main() -> None:
    """Print the readings of each picture."""
    truths = load_cases()
    files = [Path(name) for name in sys.argv[1:]] or list(truths)
    if not files:
        sys.exit(f"The development pictures are missing. Name files. Looked in: {CASES}")
    recognizer, correct = load_recognizer(), 0
    for file in files:
        reading = recognizer.analyze(load_image(file))
        verdict = ""
        if file in truths:
            right = is_correct(reading.text, truths[file])
            correct += right
            verdict = "correct" if right else f"WRONG: {truths[file] or 'nothing'} is written"
        print(f"{file.name}: {reading.text or '-'} ({reading.hypothesis}) {verdict}")
        for other in reading.considered:
            print(f"    {other.quality:.3f}  {other.hypothesis}: {other.text or '-'}")
    if files == list(truths):
        print(f"{correct} of {len(files)} correct")


if __name__ == "__main__":
    main()
