"""Read handwritten digits; train and evaluate the networks that do.

>>> import mnist_core
>>> recognizer = mnist_core.load_recognizer()
>>> [digit.label for digit in recognizer.read(mnist_core.load_mnist().x_test[0])]
[7]

Errors are subclasses of `MnistError`, listed in `mnist_core.errors`.
"""

from mnist_core.data import Dataset, load_mnist

# Errors that are imported "as" themselves are public, but not in __all__: help() has 50 lines each.
from mnist_core.errors import CorrectionsError as CorrectionsError
from mnist_core.errors import DatasetError as DatasetError
from mnist_core.errors import InvalidImageError as InvalidImageError
from mnist_core.errors import MnistError
from mnist_core.errors import ModelLoadError as ModelLoadError
from mnist_core.errors import ModelNotFoundError as ModelNotFoundError
from mnist_core.errors import TrainingError as TrainingError
from mnist_core.errors import TrainingStopped as TrainingStopped
from mnist_core.evaluation.metrics import Evaluation, evaluate
from mnist_core.inference.reading import Digit, Mark, Reading
from mnist_core.inference.recognizer import Recognizer, load_recognizer
from mnist_core.preprocessing.images import load_image
from mnist_core.registry.card import ModelCard
from mnist_core.registry.store import list_models
from mnist_core.runs.train import train
from mnist_core.training.config import TrainingConfig

# The version of the package and the app, here only; CHANGELOG.md says what changed.
__version__ = "0.2.0"

__all__ = [
    "Dataset",
    "Digit",
    "Evaluation",
    "Mark",
    "MnistError",
    "ModelCard",
    "Reading",
    "Recognizer",
    "TrainingConfig",
    "evaluate",
    "list_models",
    "load_image",
    "load_mnist",
    "load_recognizer",
    "train",
]
