"""Folders and files on disk, and the `$MNIST_…` variables that name them.

In a clone of the project, models, training runs and cached results are in folders beside the
package. Installed from a wheel, they are in the user's data folder (on Linux
`~/.local/share/digit-lab`), since site-packages is not a place for data. Corrections belong to the
user and are always there.
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

# Also the working directory of child processes, so that they import this package.
PROJECT = Path(__file__).resolve().parents[2]
ASSETS = PROJECT / "mnist_core" / "assets"
BUNDLED_MODELS = PROJECT / "models"


def models_directory() -> Path:
    """The folder of models: `$MNIST_MODELS`, or `models/`."""
    return _place("MNIST_MODELS", "models")


def runs_directory() -> Path:
    """The folder of training runs: `$MNIST_RUNS`, or `runs/`."""
    return _place("MNIST_RUNS", "runs")


def cache_directory() -> Path:
    """The folder of cached results: `$MNIST_CACHE`, or `cache/`."""
    return _place("MNIST_CACHE", "cache")


def corrections_path() -> Path:
    """The file of corrections: `$MNIST_CORRECTIONS`, or one in the user's data folder."""
    configured = os.environ.get("MNIST_CORRECTIONS")
    return Path(configured) if configured else _user_data() / "corrections.sqlite3"


def _place(variable: str, name: str) -> Path:
    if configured := os.environ.get(variable):
        return Path(configured)
    is_clone = (PROJECT / "app.py").is_file()
    return (PROJECT if is_clone else _user_data()) / name


def _user_data() -> Path:
    from platformdirs import user_data_path

    return user_data_path("digit-lab", appauthor=False)
