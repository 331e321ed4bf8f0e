"""What a training learns from: MNIST, an initial model and corrections.

A training without an initial model gets each correction several times among MNIST's images. A
trained model is fine-tuned on them (see `fine_tuning`), on the images that it was trained on: its
validation images remain validation images, whatever the seed of the fine-tuning is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_core.corrections.store import CorrectionStore
from mnist_core.data import NOT_A_DIGIT, Dataset, LabelledArrays, split_training
from mnist_core.errors import TrainingError
from mnist_core.inference.recognizer import Recognizer, load_recognizer
from mnist_core.networks.blocks.network import describe_blocks
from mnist_core.registry.card import KERAS, ModelCard
from mnist_core.registry.splits import splits
from mnist_core.registry.store import load_card, read_verified

if TYPE_CHECKING:
    from mnist_core.training.config import Settings

__all__ = ["TrainingData", "TrainingInputs", "count_correct", "describe_fine_tuning"]

# Without an initial model: repetitions of each correction per epoch, and the largest share of the
# images that all of them may have.
_REPETITIONS, _MOST = 20, 0.02


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingData:
    """The images of a training.

    Attributes:
        training: MNIST's images to learn from.
        validation: others, to evaluate each epoch on.
        synthetic_size: number of synthetic images, where the architecture uses them, relative to
            a complete training's; above 0.
    """

    training: LabelledArrays
    validation: LabelledArrays
    synthetic_size: float = 1.0

    def steps_per_epoch(self, settings: Settings) -> int:
        """Number of batches per epoch; the last one may be smaller."""
        return -(-len(self.training.labels) // settings.batch_size)


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingInputs:
    """What a training begins with, and learns from besides MNIST.

    Attributes:
        initial: the card of the model that is fine-tuned; None: random initialization.
        directory: the folder of models that it is in.
        corrections: may be empty.
    """

    initial: ModelCard | None
    directory: Path
    corrections: LabelledArrays

    @classmethod
    def of(cls, settings: Settings, directory: Path) -> TrainingInputs:
        """Load what the settings ask for.

        Raises:
            TrainingError: there are no corrections, though they are to be included.
            CorrectionsError: their file cannot be used.
            ModelNotFoundError, ModelLoadError: the initial model is missing or damaged.
        """
        initial = None
        if settings.initial_model is not None:
            initial = load_card(settings.initial_model, directory)
            _check_same_network(settings, initial)
            read_verified(initial, KERAS, directory)
        store = CorrectionStore()
        corrections = LabelledArrays(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
        if settings.include_corrections:
            corrections = store.arrays()
            if not len(corrections.labels):
                raise TrainingError(
                    "There are no corrections to learn from. Correct a misread digit on the Draw "
                    f"page, or leave them out. Received: no corrections in {store.path}"
                )
        return cls(initial=initial, directory=directory, corrections=corrections)

    @property
    def weights(self) -> Path | None:
        """The initial model's `.keras` file."""
        return self.directory / self.initial.name / KERAS if self.initial else None

    def validation_split(self, settings: Settings) -> dict[str, Any]:
        """The "seed" and "fraction" that determine the validation images (see `split_training`).

        Raises:
            DatasetError: the initial model's card does not record them.
        """
        seed, fraction = settings.seed, settings.validation_fraction
        if self.initial is not None:
            # Of a model that was fine-tuned itself: the split of the first training.
            ((seed, fraction),) = splits(self.initial)
        return {"seed": seed, "fraction": fraction}

    def split(self, settings: Settings, dataset: Dataset) -> TrainingData:
        """Split MNIST's training images into those to learn from and those to validate on."""
        images = dataset.training
        validation, training = split_training(
            **self.validation_split(settings), count=len(images.labels)
        )
        training = training[: settings.training_images]
        return TrainingData(training=images.select(training), validation=images.select(validation))

    def fingerprint(self) -> dict[str, str]:
        """Digests of what must not change between a training and its resumption."""
        if not len(self.corrections.labels):
            return {}
        content = b"".join(array.tobytes() for array in self.corrections)
        initial = self.initial.sha256[KERAS] if self.initial else ""
        return {"corrections": hashlib.sha256(content).hexdigest(), "initial": initial}

    def add_corrections(
        self, training: LabelledArrays, *, detects_non_digits: bool
    ) -> LabelledArrays:
        """Append the corrections, without non-digits where the network cannot learn from them."""
        corrections = self.corrections
        if not detects_non_digits:
            corrections = corrections.select(corrections.labels < NOT_A_DIGIT)
        count = len(corrections.labels)
        if not count:
            return training
        times = max(1, min(_REPETITIONS, round(_MOST * len(training.labels) / count)))
        return LabelledArrays(
            np.concatenate([training.images, np.repeat(corrections.images, times, axis=0)]),
            np.concatenate([training.labels, np.repeat(corrections.labels, times)]),
        )

    def evaluate_initial(self, settings: Settings) -> dict[str, Any]:
        """The initial model and its validation split, for the card; {} without one.

        With corrections, also the initial model's accuracy on them and on the test images.
        """
        if self.initial is None:
            return {}
        record: dict[str, Any] = {
            "model": self.initial.name,
            "sha256": self.initial.sha256[KERAS],
            "held_out": self.validation_split(settings),
        }
        if count := len(self.corrections.labels):
            recognizer = load_recognizer(self.initial.name, self.directory)
            record |= {
                "corrections": count,
                "corrections_right_before": count_correct(recognizer, self.corrections),
                "test_accuracy_before": self.initial.test_accuracy,
            }
        return record


def _check_same_network(settings: Settings, initial: ModelCard) -> None:
    if initial.architecture != settings.architecture:
        raise TrainingError(
            "A model keeps its architecture when it is fine-tuned. Name that one. "
            f"Received: architecture={settings.architecture!r} for {initial.name!r}, which "
            f"has {initial.architecture!r}"
        )
    if settings.blocks is None:
        return
    own = initial.configuration.get("blocks")
    if [asdict(block) for block in settings.blocks] != own:
        raise TrainingError(
            "A model keeps its blocks when it is fine-tuned. Start from a model of the same "
            "blocks, or from random weights. Received: "
            f"{describe_blocks(settings.blocks)} for {initial.name!r}"
        )


def count_correct(recognizer: Recognizer, data: LabelledArrays) -> int:
    """How many images are correct: digits accepted and classified, non-digits rejected."""
    if not len(data.labels):
        return 0
    answers = recognizer.classify(data.images).argmax(axis=1)
    rejected = recognizer.digit_scores(data.images) < recognizer.card.digit_threshold
    is_correct = ~rejected & (answers == data.labels)
    return int(np.where(data.labels == NOT_A_DIGIT, rejected, is_correct).sum())


def describe_fine_tuning(fine_tuning: Mapping[str, Any], when: str = "") -> str:
    """Describe a model's accuracy before (`when` is "before") or after its fine-tuning."""
    suffix = f"_{when}" if when else ""
    correct, total = fine_tuning[f"corrections_right{suffix}"], fine_tuning["corrections"]
    return (
        f"{fine_tuning[f'test_accuracy{suffix}']:.2%} of the MNIST test images and {correct} of "
        f"{total} corrections are correct."
    )
