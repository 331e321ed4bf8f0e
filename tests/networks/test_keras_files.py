"""`.keras` files that cannot be loaded."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from support.archives import make_zip

from mnist_core.errors import ModelLoadError
from mnist_core.networks.keras_files import load_network
from mnist_core.storage.paths import BUNDLED_MODELS


def of_another_version(path: Path) -> None:
    """The bundled mlp with a layer that no Keras knows, as if written by Keras 9."""
    with zipfile.ZipFile(BUNDLED_MODELS / "mlp" / "model.keras") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["config.json"] = files["config.json"].replace(b'"Dense"', b'"Denser"')
    files["metadata.json"] = json.dumps({"keras_version": "9.1.0"}).encode()
    path.write_bytes(make_zip(files))


def test_load_network_names_the_version_that_is_needed(tmp_path: Path) -> None:
    of_another_version(tmp_path / "model.keras")
    with pytest.raises(ModelLoadError, match=r"which Keras 9\.1\.0 wrote") as caught:
        load_network(tmp_path / "model.keras")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500 + len(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"PK", b"not a network", None])
def test_load_network_explains_damage(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.keras"
    shutil.copy(BUNDLED_MODELS / "mlp" / "model.keras", path)
    path.write_bytes(path.read_bytes()[:-99] if content is None else content)
    with pytest.raises(ModelLoadError, match="cannot load the network") as caught:
        load_network(path)
    assert "\n" not in str(caught.value)


def test_load_network_runs_no_code_of_the_file(tmp_path: Path) -> None:
    import keras

    code = keras.layers.Lambda(lambda x: print("run") or x)
    keras.Sequential([keras.Input((2,)), code]).save(tmp_path / "model.keras")
    with pytest.raises(ModelLoadError):
        load_network(tmp_path / "model.keras")


def test_load_network_loads_the_bundled_models() -> None:
    assert load_network(BUNDLED_MODELS / "mlp" / "model.keras").count_params() > 0
