"""Measurement of robustness: complete, resumed, from the cache."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from mnist_core import Dataset, MnistError, Recognizer, load_recognizer
from mnist_core.robustness import measurement as module
from mnist_core.robustness.corruptions import CORRUPTIONS, corrupt
from mnist_core.robustness.distortions import SWEEPS
from mnist_core.robustness.measurement import RobustnessJob, measure
from mnist_core.robustness.result import CLEAN
from mnist_core.storage.cache import load_arrays, store_arrays

# The accuracy of the model does not matter here.
SAMPLE = 30
NUMBER_OF_LEVELS = 1 + 15 * 5 + sum(len(sweep.levels) for sweep in SWEEPS.values())


pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(scope="module")
def mlp() -> Recognizer:
    return load_recognizer("mlp")


class CountingRecognizer:
    """A recognizer that counts its calls, and can be made to wait or to fail."""

    def __init__(self, recognizer: Recognizer, *, fail: bool = False) -> None:
        self.card = recognizer.card
        self._recognizer, self._fail = recognizer, fail
        self.calls = 0
        self.may_run = threading.Event()
        self.may_run.set()

    def read_framed(self, found: object) -> object:
        self.may_run.wait(20)
        self.calls += 1
        if self._fail:
            raise MnistError("The network is broken.")
        return self._recognizer.read_framed(found)  # type: ignore[arg-type]


def test_measure_measures_all_rows(mlp: Recognizer, dataset: Dataset) -> None:
    progress: list[float] = []
    result = measure(mlp, SAMPLE, progress.append)
    assert progress[-1] == 1
    assert progress == sorted(progress)
    assert set(result.accuracy) == {CLEAN, *CORRUPTIONS, *SWEEPS}
    assert set(result.images.values()) == {SAMPLE}
    assert result.table.shape == (15, 5)
    assert result.mean == pytest.approx(result.table.mean())
    for row, shares in result.accuracy.items():
        assert ((shares >= 0) & (shares <= 1)).all(), row
        assert ((result.rejected[row] >= 0) & (result.rejected[row] <= 1)).all(), row
    for name, sweep in SWEEPS.items():
        assert result.accuracy[name][sweep.levels.index(sweep.clean)] == result.clean
    # Two of the numbers by hand.
    order = np.random.default_rng(0).permutation(10_000)[:SAMPLE]
    predicted = mlp.classify(corrupt(dataset.x_test[order], "fog", 2)).argmax(axis=1)
    expected = (predicted == dataset.y_test[order]).mean()
    assert result.accuracy["fog"][1] == pytest.approx(expected)
    severities = [corruption.paper_severity for corruption in CORRUPTIONS.values()]
    by_hand = [result.accuracy[n][s - 1] for n, s in zip(CORRUPTIONS, severities, strict=True)]
    assert result.mnist_c_accuracy == pytest.approx(np.mean(by_hand))


def test_job_loads_results_from_the_cache(mlp: Recognizer) -> None:
    first = measure(mlp, SAMPLE)
    counting = CountingRecognizer(mlp)
    job = RobustnessJob(counting, SAMPLE)  # type: ignore[arg-type]
    assert job.complete
    assert job.progress == 1
    again = measure(counting, SAMPLE)  # type: ignore[arg-type]
    assert counting.calls == 0
    assert (again.table == first.table).all()


def test_job_resumes_after_a_stop(mlp: Recognizer, cache: Path) -> None:
    counting = CountingRecognizer(mlp)
    job = RobustnessJob(counting, SAMPLE)  # type: ignore[arg-type]
    assert not job.running
    assert np.isnan(job.result.clean)
    job.start()
    while job.progress < 0.2:
        assert job.running
    counting.may_run.clear()
    job.stop()
    counting.may_run.set()
    assert job.wait(20)
    assert job.error is None
    assert not job.complete
    done = counting.calls
    measured = {row for row, images in job.result.images.items() if images}
    assert CLEAN in measured
    assert len(measured) < 20
    assert not np.isnan(job.result.clean)
    assert np.isnan(job.result.mean)
    # Another process finds the results in the cache.
    other = RobustnessJob(counting, SAMPLE)  # type: ignore[arg-type]
    assert {row for row, images in other.result.images.items() if images} == measured
    job.start()
    job.start()  # a second time does nothing
    assert job.wait(60)
    assert job.complete
    assert done < counting.calls
    # Only the incomplete row was measured twice.
    assert 0 <= counting.calls - NUMBER_OF_LEVELS < len(SWEEPS["size"].levels)


def damage(arrays: dict[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    fog = arrays["fog"]
    changes = {
        "shape": fog[:, :3],
        "too many": fog + 10_000,
        "negative": fog - 10_000,
        "not whole": fog + 0.5,
    }
    return arrays | {"fog": changes[kind]}


@pytest.mark.parametrize("kind", ["truncated", "shape", "too many", "negative", "not whole"])
def test_measure_repeats_damaged_rows(mlp: Recognizer, cache: Path, kind: str) -> None:
    first = measure(mlp, SAMPLE)
    (path,) = cache.iterdir()
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:500])
    else:
        store_arrays(path, damage(load_arrays(path), kind))
    counting = CountingRecognizer(mlp)
    again = measure(counting, SAMPLE)  # type: ignore[arg-type]
    assert counting.calls == (NUMBER_OF_LEVELS if kind == "truncated" else 5)
    assert (again.table == first.table).all()
    assert load_arrays(path)["fog"].shape == (2, 5)


def test_cache_depends_on_model_sample_and_alterations(
    mlp: Recognizer, cache: Path, monkeypatch: pytest.MonkeyPatch, recognizer: Recognizer
) -> None:
    measure(mlp, SAMPLE)
    assert not RobustnessJob(recognizer, SAMPLE).complete
    assert not RobustnessJob(mlp, SAMPLE + 1).complete
    assert RobustnessJob(mlp, SAMPLE).complete
    monkeypatch.setattr(module, "_alterations_digest", lambda: "different")
    assert not RobustnessJob(mlp, SAMPLE).complete


def test_job_reuses_a_smaller_sample(mlp: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PART", 10)
    measure(mlp, 10)
    job = RobustnessJob(mlp, 25)
    assert job.progress == pytest.approx(1 / 3)
    assert job.result.images["fog"] == 10
    job.start()
    assert job.wait(60)
    assert job.result.images["fog"] == 25


def test_measure_raises_when_the_job_failed(mlp: Recognizer) -> None:
    broken = CountingRecognizer(mlp, fail=True)
    with pytest.raises(MnistError, match="The network is broken"):
        measure(broken, SAMPLE)  # type: ignore[arg-type]


@pytest.mark.parametrize("sample", [0, -1, 10_001, 1.5, True, "all"])
def test_job_rejects_invalid_samples(mlp: Recognizer, sample: object) -> None:
    with pytest.raises(MnistError, match="Received"):
        RobustnessJob(mlp, sample)  # type: ignore[arg-type]


def test_jobs_wait_for_each_other_and_stop_while_waiting(mlp: Recognizer) -> None:
    first, second = CountingRecognizer(mlp), CountingRecognizer(mlp)
    first.may_run.clear()
    one = RobustnessJob(first, SAMPLE)  # type: ignore[arg-type]
    other = RobustnessJob(second, SAMPLE + 1)  # type: ignore[arg-type]
    one.start()
    other.start()
    assert not other.wait(0.3)
    assert other.waiting
    assert not one.waiting
    assert second.calls == 0
    other.stop()
    assert other.wait(20)
    assert second.calls == 0
    one.stop()
    first.may_run.set()
    assert one.wait(20)
