"""The errors of the champion's branches, alone and combined: python tests/benchmarks/branches.py

They are measured on the validation images of its training, original and slightly augmented; the log
loss is that after temperature scaling. It takes a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mnist_core import load_mnist
from mnist_core.data import NOT_A_DIGIT
from mnist_core.evaluation.calibration import fit_temperature
from mnist_core.registry.card import KERAS
from mnist_core.registry.splits import validation_indices
from mnist_core.registry.store import load_card
from mnist_core.storage.paths import models_directory
from mnist_core.training.cpu import prepare_tensorflow

# Strength of the augmentation, and copies of each image.
STRENGTH, COPIES = 0.25, 4
BATCH = 500


def main() -> None:
    """Measure each branch and print the table."""
    prepare_tensorflow()
    import keras
    from scipy.special import softmax

    from mnist_core.networks.structure import branches_of

    card = load_card("champion")
    model = keras.models.load_model(models_directory() / card.name / KERAS, compile=False)
    branches, stem, last = branches_of(model), model.layers[1], model.layers[-1]
    kernel, bias = last.get_weights()
    bounds = np.cumsum([branch.output_shape[-1] for branch in branches])[:-1]
    dataset = load_mnist()
    validation = validation_indices(card)
    images, labels = dataset.x_train[validation], dataset.y_train[validation]
    print("| validation images | branch | errors | log loss |\n| --- | --- | ---: | ---: |")
    for name, frames, truth in (
        ("original", images.astype(np.float32), labels),
        ("augmented", *augmented_batches(images, labels)),
    ):
        features = stem.predict(frames, batch_size=BATCH, verbose=0)
        alone = [
            # The network's logits are the mean of the branches' logits.
            len(branches) * branch.predict(features, batch_size=BATCH, verbose=0) @ part + bias
            for branch, part in zip(branches, np.split(kernel, bounds), strict=True)
        ]
        names = [*(branch.name for branch in branches), "combined"]
        for branch, logits in zip(names, [*alone, np.mean(alone, axis=0)], strict=True):
            digits = logits[:, :NOT_A_DIGIT].astype(np.float64)
            temperature = fit_temperature(softmax(digits, axis=1), truth)
            probabilities = softmax(digits / temperature, axis=1)[np.arange(len(truth)), truth]
            errors = int((digits.argmax(axis=1) != truth).sum())
            loss = -np.log(probabilities).mean()
            print(f"| {name}, {len(truth):,} | {branch} | {errors} | {loss:.4f} |")


def augmented_batches(
    images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Copies of the images, augmented as in training, and their labels."""
    from mnist_core.augmentation.transforms import Source, batches

    steps = range(COPIES * len(images) // BATCH)
    parts = list(batches([Source(images, labels, 1.0)], BATCH, steps, 7, strength=STRENGTH))
    return tuple(np.concatenate([part[i].numpy() for part in parts]) for i in (0, 1))


if __name__ == "__main__":
    main()
