"""What the champion's branches read alone, and together: python tests/benchmarks/branches.py

On the training images that were held out from it, as they are and slightly altered; the log loss is
that after the best temperature for each. It takes a minute.
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

# How strongly images are altered, and how often each is.
STRENGTH, TIMES = 0.25, 4
BATCH = 500


def main() -> None:
    """Ask each branch, and print a table."""
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
    held_out = validation_indices(card)
    images, labels = dataset.x_train[held_out], dataset.y_train[held_out]
    print("| held-out images | | misread | log loss |\n| --- | --- | ---: | ---: |")
    for name, frames, truth in (
        ("as they are", images.astype(np.float32), labels),
        ("slightly altered", *augmented_batches(images, labels)),
    ):
        seen = stem.predict(frames, batch_size=BATCH, verbose=0)
        alone = [
            # A logit is the mean of what the branches say.
            len(branches) * branch.predict(seen, batch_size=BATCH, verbose=0) @ part + bias
            for branch, part in zip(branches, np.split(kernel, bounds), strict=True)
        ]
        said = {branch.name: logits for branch, logits in zip(branches, alone, strict=True)}
        for who, logits in {**said, "together": np.mean(alone, axis=0)}.items():
            digits = logits[:, :NOT_A_DIGIT].astype(np.float64)
            temperature = fit_temperature(softmax(digits, axis=1), truth)
            sure = softmax(digits / temperature, axis=1)[np.arange(len(truth)), truth]
            wrong = int((digits.argmax(axis=1) != truth).sum())
            print(f"| {name}, {len(truth):,} | {who} | {wrong} | {-np.log(sure).mean():.4f} |")


def augmented_batches(
    images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The images, each several times, as training alters them."""
    from mnist_core.augmentation.transforms import Source, batches

    steps = range(TIMES * len(images) // BATCH)
    parts = list(batches([Source(images, labels, 1.0)], BATCH, steps, 7, strength=STRENGTH))
    return tuple(np.concatenate([part[at].numpy() for part in parts]) for at in (0, 1))


if __name__ == "__main__":
    main()
