"""Load `.keras` files, which may be damaged, hostile or of another version of Keras."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_core.errors import ModelLoadError, foreign_bytes
from mnist_core.storage.archives import ArchiveError, open_archive

if TYPE_CHECKING:
    import keras

__all__ = ["load_network"]


def load_network(path: Path | str) -> keras.Model:
    """Load a network without its optimizer; imports Keras.

    In Keras's safe mode, so that no code of the file runs.

    Raises:
        ModelLoadError: the file is missing, damaged, or has a layer that this version of Keras does
            not know; one line that names the version that wrote it.
    """
    import keras

    def refused(error: Exception) -> ModelLoadError:
        reason = str(error).strip().partition("\n")[0][:_MAX_REASON].rstrip(".:") or repr(error)
        return ModelLoadError(
            f"Keras {keras.__version__} cannot load the network{_origin(Path(path))} ({reason}). "
            f"Install that version of Keras, or train the model again. Received: {path}"
        )

    with foreign_bytes(refused):
        model: keras.Model = keras.saving.load_model(path, compile=False, safe_mode=True)
        return model


# Keras quotes the whole configuration of a layer: 7,000 characters.
_MAX_REASON = 160


def _origin(path: Path) -> str:
    """What wrote the file, as far as it says so."""
    try:
        with open_archive(path.read_bytes()) as archive:
            version = json.loads(archive.read("metadata.json"))["keras_version"]
    except (ArchiveError, OSError):
        return ""
    return f", which Keras {str(version)[:20]} wrote"
