"""Read handwritten digits, and train and judge the networks that do.

>>> import mnist_core
>>> recognizer = mnist_core.load_recognizer()
>>> [digit.label for digit in recognizer.read(mnist_core.load_mnist().x_test[0])]
[7]
"""

from mnist_core.data import Dataset, load_mnist
from mnist_core.errors import (
    CorrectionsError,
    DatasetError,
    InvalidImageError,
    MnistError,
    ModelLoadError,
    ModelNotFoundError,
    TrainingError,
    TrainingStopped,
)
from mnist_core.evaluation.metrics import Evaluation, evaluate
from mnist_core.inference.recognizer import Digit, Recognizer, load_recognizer
from mnist_core.preprocessing.images import load_image
from mnist_core.registry.card import ModelCard
from mnist_core.registry.store import list_models
from mnist_core.runs.train import train
from mnist_core.training.config import TrainingConfig

__all__ = [
    "CorrectionsError",
    "Dataset",
    "DatasetError",
    "Digit",
    "Evaluation",
    "InvalidImageError",
    "MnistError",
    "ModelCard",
    "ModelLoadError",
    "ModelNotFoundError",
    "Recognizer",
    "TrainingConfig",
    "TrainingError",
    "TrainingStopped",
    "evaluate",
    "list_models",
    "load_image",
    "load_mnist",
    "load_recognizer",
    "train",
]
