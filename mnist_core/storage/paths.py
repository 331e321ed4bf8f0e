"""Where things are on disk; each `$MNIST_…` variable that names a place is read here.

The folders of models, runs and cached results lie in the project, beside the package. Corrections
belong to a user and lie in that user's data folder.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = [
    "ASSETS",
    "BUNDLED_MODELS",
    "PROJECT",
    "cache_directory",
    "corrections_path",
    "models_directory",
    "runs_directory",
]

_PACKAGE = Path(__file__).resolve().parents[1]
# Also the working directory of child processes, so that they import this package.
PROJECT = _PACKAGE.parent
ASSETS = _PACKAGE / "assets"
BUNDLED_MODELS = PROJECT / "models"


def models_directory() -> Path:
    """Where models are kept: `$MNIST_MODELS`, or `models/` beside the package."""
    return Path(os.environ.get("MNIST_MODELS") or BUNDLED_MODELS)


def runs_directory() -> Path:
    """Where training runs are kept: `$MNIST_RUNS`, or `runs/` beside the package."""
    return Path(os.environ.get("MNIST_RUNS") or PROJECT / "runs")


def cache_directory() -> Path:
    """Where cached results are kept: `$MNIST_CACHE`, or `cache/` beside the package."""
    return Path(os.environ.get("MNIST_CACHE") or PROJECT / "cache")


def corrections_path() -> Path:
    """The file of corrections: `$MNIST_CORRECTIONS`, or one in the user's data folder."""
    if configured := os.environ.get("MNIST_CORRECTIONS"):
        return Path(configured)
    from platformdirs import user_data_path

    return user_data_path("digit-lab", appauthor=False) / "corrections.sqlite3"
