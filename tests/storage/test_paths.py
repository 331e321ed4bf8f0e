"""Where models, runs, cached results and corrections are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_core.storage import paths

PLACES = {
    "MNIST_MODELS": (paths.models_directory, "models"),
    "MNIST_RUNS": (paths.runs_directory, "runs"),
    "MNIST_CACHE": (paths.cache_directory, "cache"),
}


@pytest.mark.parametrize("variable", PLACES)
def test_directories_are_beside_the_package_in_a_clone(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, name = PLACES[variable]
    monkeypatch.delenv(variable, raising=False)
    assert directory() == Path(__file__).resolve().parents[2] / name


@pytest.mark.parametrize("variable", PLACES)
def test_directories_are_in_the_users_data_folder_after_an_installation(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory, name = PLACES[variable]
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(paths, "PROJECT", tmp_path / "site-packages")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    found = directory()
    assert found.name == name
    assert "digit-lab" in found.parts
    assert "site-packages" not in found.parts


@pytest.mark.parametrize("variable", [*PLACES, "MNIST_CORRECTIONS"])
def test_each_variable_names_its_own_place(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in (*PLACES, "MNIST_CORRECTIONS"):
        monkeypatch.delenv(name, raising=False)
    places = {key: place for key, (place, _) in PLACES.items()}
    places["MNIST_CORRECTIONS"] = paths.corrections_path
    monkeypatch.setenv(variable, str(tmp_path))
    assert [key for key, place in places.items() if place() == tmp_path] == [variable]


def test_the_packages_own_files_are_there() -> None:
    assert (paths.ASSETS / "mnist.npz").is_file()
    assert (paths.BUNDLED_MODELS / "champion" / "card.json").is_file()
