"""What a training takes from corrections, and what it says of them afterwards.

A training from nothing gets them among MNIST's images, several times over. A trained model is
fine-tuned with them (see `fine_tuning`), on the images that it was trained on:
those held out from it stay held out, whatever seed the fine-tuning has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_core.corrections.store import CorrectionStore
from mnist_core.data import NOT_A_DIGIT, split_training
from mnist_core.errors import TrainingError
from mnist_core.inference.recognizer import Recognizer, load_recognizer
from mnist_core.registry.card import KERAS, ModelCard
from mnist_core.registry.store import load_card, read_verified

if TYPE_CHECKING:
    from mnist_core.training.config import TrainingConfig

__all__ = ["TrainingInputs", "describe_fine_tuning", "read_rightly"]

# In a training from nothing: how often a correction comes in each epoch, and the most that all of
# them together may be of the images.
_TIMES, _MOST = 20, 0.02

Images = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingInputs:
    """What there is to begin with and to learn besides MNIST.

    Attributes:
        initial: the card of the model that is fine-tuned; None begins with random weights.
        directory: where that model is.
        frames: (n, 28, 28) uint8, the corrections; n may be 0.
        labels: (n,) uint8, 0 to 9 or `NOT_A_DIGIT`.
    """

    initial: ModelCard | None
    directory: Path
    frames: Images
    labels: Images

    @classmethod
    def of(cls, config: TrainingConfig, directory: Path) -> TrainingInputs:
        """What a training's settings ask for.

        Raises:
            TrainingError: there are no corrections, though they are to be learnt.
            CorrectionsError: their file cannot be used.
            ModelNotFoundError, ModelLoadError: the initial model is not there, or damaged.
        """
        initial = None
        if config.initial_model is not None:
            initial = load_card(config.initial_model, directory)
            if initial.architecture != config.architecture:
                raise TrainingError(
                    "A model keeps its architecture when it is fine-tuned. Name that one. "
                    f"Received: architecture={config.architecture!r} for {initial.name!r}, which "
                    f"has {initial.architecture!r}"
                )
            read_verified(initial, KERAS, directory)
        store = CorrectionStore()
        frames, labels = np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8)
        if config.include_corrections:
            frames, labels = store.arrays()
            if not len(labels):
                raise TrainingError(
                    "There are no corrections to learn from. Correct a digit that was read wrongly "
                    f"on the Draw page, or leave them out. Received: none in {store.path}"
                )
        return cls(initial=initial, directory=directory, frames=frames, labels=labels)

    @property
    def weights(self) -> Path | None:
        """The file with the weights to begin with."""
        return self.directory / self.initial.name / KERAS if self.initial else None

    @property
    def corrections(self) -> tuple[Images, Images]:
        """Their frames and labels."""
        return self.frames, self.labels

    def held_out(self, config: TrainingConfig) -> dict[str, Any]:
        """What says which of MNIST's training images are held out: "seed" and "fraction"."""
        if self.initial is None:
            return {"seed": config.seed, "fraction": config.validation_fraction}
        # A model that was fine-tuned itself remembers what was held out from the first one.
        first: dict[str, Any] | None = self.initial.fine_tuning.get("held_out")
        fraction = self.initial.configuration.get("validation_fraction", config.validation_fraction)
        return first or {"seed": self.initial.seed, "fraction": fraction}

    def split(
        self, config: TrainingConfig, count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The places of so many training images that are held out, and of those to train on."""
        return split_training(**self.held_out(config), count=count)

    def fingerprint(self) -> dict[str, str]:
        """What a training that was stopped has to find unaltered, to go on."""
        if not len(self.labels):
            return {}
        content = self.frames.tobytes() + self.labels.tobytes()
        initial = self.initial.sha256[KERAS] if self.initial else ""
        return {"corrections": hashlib.sha256(content).hexdigest(), "initial": initial}

    def added_to(
        self, training: tuple[Images, Images], *, detects_non_digits: bool
    ) -> tuple[Images, Images]:
        """The images and labels of a training from nothing, with the corrections among them.

        Args:
            training: (m, 28, 28) images and (m,) labels, uint8.
            detects_non_digits: the network learns what is no digit; for others those are left out.
        """
        learnt = (
            np.ones(len(self.labels), bool) if detects_non_digits else self.labels < NOT_A_DIGIT
        )
        count = int(learnt.sum())
        if not count:
            return training
        times = max(1, min(_TIMES, round(_MOST * len(training[1]) / count)))
        frames = np.repeat(self.frames[learnt], times, axis=0)
        labels = np.repeat(self.labels[learnt], times)
        return np.concatenate([training[0], frames]), np.concatenate([training[1], labels])

    def before(self, config: TrainingConfig) -> dict[str, Any]:
        """How the initial model does, for the card; {} without one or without corrections."""
        if self.initial is None or not len(self.labels):
            return {}
        recognizer = load_recognizer(self.initial.name, self.directory)
        return {
            "model": self.initial.name,
            "sha256": self.initial.sha256[KERAS],
            "corrections": len(self.labels),
            "corrections_right_before": read_rightly(recognizer, self.frames, self.labels),
            "test_accuracy_before": self.initial.test_accuracy,
            "held_out": self.held_out(config),
        }


def read_rightly(recognizer: Recognizer, frames: Images, labels: Images) -> int:
    """How many frames are read as their labels say, those that are no digit being refused.

    Args:
        recognizer: the model.
        frames: (n, 28, 28) uint8; n may be 0.
        labels: (n,) uint8, 0 to 9 or `NOT_A_DIGIT`.
    """
    if not len(frames):
        return 0
    answers = recognizer.classify(frames).argmax(axis=1)
    refused = recognizer.digit_scores(frames) < recognizer.card.digit_threshold
    return int(np.where(labels == NOT_A_DIGIT, refused, ~refused & (answers == labels)).sum())


def describe_fine_tuning(fine_tuning: Mapping[str, Any], when: str = "") -> str:
    """How a model did or does, for people: when is "before", or "" for now."""
    suffix = f"_{when}" if when else ""
    right, total = fine_tuning[f"corrections_right{suffix}"], fine_tuning["corrections"]
    return (
        f"{fine_tuning[f'test_accuracy{suffix}']:.2%} of the MNIST test images and {right} of "
        f"{total} corrections are read rightly."
    )
