"""A preview of a training's images, for processes that do not load TensorFlow.

The training's own code makes them in a child process, which returns them on its standard output.
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
from mnist_core.networks.packages import require_tensorflow
from mnist_core.storage.paths import PROJECT
from mnist_core.training.config import TrainingConfig

__all__ = ["draw_samples"]

_TIMEOUT = 300.0  # seconds


def draw_samples(config: TrainingConfig, count: int = 40) -> NDArray[np.uint8]:
    """Images like those of a training's first batch.

    Args:
        config: of the training.
        count: number of images, 1 to 1000.

    Returns:
        (count, 28, 28) uint8, white ink on black.

    Raises:
        TrainingError: the child process failed, or TensorFlow is not installed.
        DatasetError: the embedded MNIST is missing or altered.
    """
    settings = config.resolved()
    synthetic = settings.network.uses_synthetic_data
    if not settings.augmentation and not synthetic:
        chosen = np.random.default_rng(settings.seed).integers(0, 60_000, count)
        return load_mnist().x_train[chosen]
    require_tensorflow("A preview of augmented images")
    arguments = [json.dumps(asdict(settings)), str(count)]
    try:
        result = subprocess.run(
            [sys.executable, "-m", "mnist_core.training.preview", *arguments],
            capture_output=True,
            cwd=PROJECT,
            timeout=_TIMEOUT,
            check=True,
        )
        frames: NDArray[np.uint8] = np.load(io.BytesIO(result.stdout), allow_pickle=False)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace").strip()
        raise TrainingError(
            "The preview could not be made. Try again when the computer is less busy. Received: "
            f"{log.splitlines()[-1] if log else error}"
        ) from error
    return frames


def _main(settings: str, count: str) -> None:
    from mnist_core.training.fitting import first_batch

    config = TrainingConfig.from_json(json.loads(settings))
    frames = first_batch(config.resolved(), load_mnist().training, int(count))
    file = io.BytesIO()
    np.save(file, frames)
    sys.stdout.buffer.write(file.getvalue())


if __name__ == "__main__":
    _main(*sys.argv[1:])
