"""The accuracy on MNIST test digits that are uploaded as small pictures.

    python tests/benchmarks/small.py
    python tests/benchmarks/small.py --images 10000

Each image is given to `Recognizer.read` as a picture file of 28x28 or 56x56 pixels would be.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.small_pictures import SMALL_PICTURES

from mnist_core import list_models, load_mnist, load_recognizer


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000, help="number of test images per row")
    images = parser.parse_args().images
    models = [load_recognizer(card.name) for card in list_models()]
    dataset = load_mnist()
    indices = np.linspace(0, len(dataset.y_test) - 1, images).astype(int)
    names = [f"`{model.card.name}`" for model in models]
    print(f"| {images:,} images | {' | '.join(names)} |\n| --- |{' ---: |' * len(models)}")
    for name, convert in tqdm(SMALL_PICTURES.items(), leave=False):
        pictures = [convert(dataset.x_test[i]) for i in indices]
        labels = dataset.y_test[indices].astype(str)
        cells = []
        for model in models:
            texts = ["".join(digit.text for digit in model.read(p)) for p in pictures]
            cells.append(f"{(np.array(texts) == labels).mean():.1%}")
        tqdm.write(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
