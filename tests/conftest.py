"""Fixtures that several test files share."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from support.cards import make_card
from support.linear_networks import LinearNetwork, export_linear_networks
from support.processes import run_with_tensorflow

from mnist_core import Dataset, Recognizer, load_mnist, load_recognizer
from mnist_core.explanation.keras_process import KerasProcess, keras_process
from mnist_core.registry.card import TFLITE, write_card

# Test machines are slow and busy: the duration of an example is not an error. Every run tries
# the same examples, so that a commit passes or fails always. Others: --hypothesis-profile=random.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("random", deadline=None, print_blob=True)
settings.load_profile("same")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: the tests with a browser mostly wait."""
    return min(4, (os.cpu_count() or 1) + 1)


# What takes longest begins, so that no process is left with it at the end: what has a browser,
# shows pages, or starts processes with TensorFlow; then the files of no folder.
FIRST = (
    *("browser/test_training.py", "browser/test_webcam.py", "browser/test_draw.py", "browser"),
    *("pages", "runs", "tuning", "training", "distributed", "explanation", "cli"),
)
# The files with a browser are spread over this share of all files: browsers starve each other.
SPREAD = 0.6


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files by `FIRST`, and spread those with a browser among the others."""
    files = list(dict.fromkeys(item.path for item in items))
    names = {path: path.relative_to(Path(__file__).parent).as_posix() for path in files}

    def rank(path: Path) -> int:
        found = (i for i, first in enumerate(FIRST) if names[path].startswith(first))
        return next(found, len(FIRST) + ("/" in names[path]))

    files.sort(key=rank)
    places = {}
    for share, is_browser in ((SPREAD, True), (1.0, False)):
        some = [path for path in files if names[path].startswith("browser/") is is_browser]
        places.update({path: share * place / len(some) for place, path in enumerate(some)})
    items.sort(key=lambda item: places[item.path])
    # A collection that goes through all of these counts as processor time of a reading.
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the first failure of each repeated test: the product may have caused it."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"{report.nodeid}, {report.when}, first attempt")
        terminalreporter.write_line(report.longreprtext)


@pytest.fixture(scope="session", autouse=True)
def _isolated_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the runs of the tests and their processes apart from the user's runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield


@pytest.fixture(autouse=True)
def _main_module() -> Iterator[None]:
    """Give `__main__` back: Streamlit puts a page in its place, which new processes would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def process() -> Iterator[KerasProcess]:
    """The process that holds Keras: one for all tests, as TensorFlow takes seconds to load."""
    yield keras_process()
    keras_process().close()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of runs for one test."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("MNIST_RUNS", str(folder))
    return folder


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models for one test."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("MNIST_MODELS", str(folder))
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for one test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("MNIST_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session", autouse=True)
def _isolated_corrections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the corrections of the tests and their processes apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        path = tmp_path_factory.mktemp("corrections") / "corrections.sqlite3"
        patch.setenv("MNIST_CORRECTIONS", str(path))
        yield


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """MNIST."""
    return load_mnist()


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    """The bundled `cnn`."""
    return load_recognizer("cnn")


@pytest.fixture(scope="session")
def linear_layer(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Weights (784, 11) and bias (11,) of the networks in `linear_models`.

    They predict the digit with the nearest mean image, which is correct for 82% of the MNIST test
    images. The eleventh logit falls with the ink: more than a fifth of ink is a non-digit. It is as
    high for digits as that of the trained networks.
    """
    labels = dataset.y_train
    means = np.stack([dataset.x_train[labels == k].mean(axis=0) for k in range(10)])
    means = means.reshape(10, -1) / 255
    weights = np.vstack([means, np.full((1, 784), -100 / 784)]).T / 255
    bias = np.append(-(means**2).sum(axis=1) / 2, 100 * 0.2)
    return weights.astype(np.float32), bias.astype(np.float32)


@pytest.fixture(scope="session")
def linear_models(
    linear_layer: tuple[np.ndarray, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of two models: `detecting`, the default, detects non-digits; `plain` does not."""
    folder = tmp_path_factory.mktemp("linear_models")
    weights, bias = linear_layer
    networks = []
    for name, outputs in (("detecting", 11), ("plain", 10)):
        (folder / name).mkdir()
        layer = (weights[:, :outputs], bias[:outputs])
        path = folder / name / TFLITE
        networks.append(LinearNetwork(path=path, outputs=outputs, weights=layer))
    run_with_tensorflow(export_linear_networks, networks)
    for name, accuracy in (("detecting", 0.83), ("plain", 0.82)):
        assert (folder / name / TFLITE).exists()
        interval = (accuracy - 0.01, accuracy + 0.01)
        card = make_card(name, temperature=1.0, test_accuracy=accuracy, test_interval=interval)
        write_card(card, folder / name)
    return folder
