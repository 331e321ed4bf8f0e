"""The packages that training needs and reading does not; a server that only reads lacks them."""

from __future__ import annotations

from importlib.util import find_spec

from mnist_core.errors import TrainingError

__all__ = ["TRAINING_PACKAGES", "require_tensorflow", "tensorflow_problem"]

TRAINING_PACKAGES = ("tensorflow", "keras", "optuna")


def tensorflow_problem(purpose: str) -> str:
    """Why something that needs TensorFlow cannot be done, and what to do; "" if it can.

    TensorFlow, which takes seconds, is looked for and not imported.

    Args:
        purpose: the beginning of the message, such as "Training".
    """
    missing = next((name for name in TRAINING_PACKAGES if find_spec(name) is None), "")
    if not missing:
        return ""
    return (
        f"{purpose} needs TensorFlow, which is not installed here. To train on this computer, run: "
        "python -m pip install -r requirements.txt (or use the container image for training). "
        f"Reading and evaluating work without it. Received: no package '{missing}'"
    )


def require_tensorflow(purpose: str) -> None:
    """Check that TensorFlow and what belongs to it are installed.

    Args:
        purpose: as for `tensorflow_problem`.

    Raises:
        TrainingError: it is not installed.
    """
    if problem := tensorflow_problem(purpose):
        raise TrainingError(problem)
