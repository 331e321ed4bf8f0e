"""A few images as a training will see them, for those who do not load TensorFlow.

They are made by the training's own code, in a process of its own that sends them back.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from mnist_core.data import load_mnist
from mnist_core.errors import TrainingError
from mnist_core.networks.architectures import get_architecture
from mnist_core.storage.paths import PROJECT
from mnist_core.training.config import TrainingConfig

__all__ = ["draw_samples"]

_SECONDS = 300


def draw_samples(config: TrainingConfig, count: int = 40) -> NDArray[np.uint8]:
    """Images of a training's first batch.

    Args:
        config: what is to be trained.
        count: how many, 1 to 1000.

    Returns:
        (count, 28, 28) uint8, white ink on black.

    Raises:
        TrainingError: they could not be made.
        DatasetError: the embedded MNIST is missing or altered.
    """
    if not config.augmentation and not get_architecture(config.architecture).uses_synthetic_data:
        chosen = np.random.default_rng(config.seed).integers(0, 60_000, count)
        return load_mnist().x_train[chosen]
    settings = json.dumps(asdict(config))
    try:
        result = subprocess.run(
            [sys.executable, "-m", "mnist_core.training.preview", settings, str(count)],
            capture_output=True,
            cwd=PROJECT,
            timeout=_SECONDS,
            check=True,
        )
        frames: NDArray[np.uint8] = np.load(io.BytesIO(result.stdout), allow_pickle=False)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace").strip()
        raise TrainingError(
            "The sample could not be made. Try again when the computer is less busy. Received: "
            f"{said.splitlines()[-1] if said else error}"
        ) from error
    return frames


def _main(settings: str, count: str) -> None:
    from mnist_core.training.fitting import first_batch

    config = TrainingConfig.from_json(json.loads(settings))
    dataset = load_mnist()
    frames = first_batch(config, (dataset.x_train, dataset.y_train), int(count))
    file = io.BytesIO()
    np.save(file, frames)
    sys.stdout.buffer.write(file.getvalue())


if __name__ == "__main__":
    _main(*sys.argv[1:])
