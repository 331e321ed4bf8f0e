"""Accuracy on altered images: measured, resumed, kept."""

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

# Few images: what is tested is not how good the model is.
SAMPLE = 30
LEVELS = 1 + 15 * 5 + sum(len(sweep.levels) for sweep in SWEEPS.values())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def mlp() -> Recognizer:
    return load_recognizer("mlp")


class Counting:
    """A recognizer that counts the images it reads, and may be told to wait."""

    def __init__(self, recognizer: Recognizer, *, fail: bool = False) -> None:
        self.card = recognizer.card
        self._recognizer, self._fail = recognizer, fail
        self.calls = 0
        self.go = threading.Event()
        self.go.set()

    def read_framed(self, found: object) -> object:
        self.go.wait(20)
        self.calls += 1
        if self._fail:
            raise MnistError("The network is broken.")
        return self._recognizer.read_framed(found)  # type: ignore[arg-type]


def test_every_row_is_measured(mlp: Recognizer, dataset: Dataset) -> None:
    told: list[float] = []
    result = measure(mlp, SAMPLE, told.append)
    assert told[-1] == 1
    assert told == sorted(told)
    assert set(result.accuracy) == {CLEAN, *CORRUPTIONS, *SWEEPS}
    assert set(result.images.values()) == {SAMPLE}
    assert result.table.shape == (15, 5)
    assert result.mean == pytest.approx(result.table.mean())
    for row, shares in result.accuracy.items():
        assert ((shares >= 0) & (shares <= 1)).all(), row
        assert ((result.rejected[row] >= 0) & (result.rejected[row] <= 1)).all(), row
    # A level that changes nothing reads like the clean images.
    for name, sweep in SWEEPS.items():
        assert result.accuracy[name][sweep.levels.index(sweep.clean)] == result.clean
    # The numbers are those that one gets by hand.
    order = np.random.default_rng(0).permutation(10_000)[:SAMPLE]
    answers = mlp.classify(corrupt(dataset.x_test[order], "fog", 2)).argmax(axis=1)
    expected = (answers == dataset.y_test[order]).mean()
    assert result.accuracy["fog"][1] == pytest.approx(expected)
    severities = [corruption.paper_severity for corruption in CORRUPTIONS.values()]
    by_hand = [result.accuracy[n][s - 1] for n, s in zip(CORRUPTIONS, severities, strict=True)]
    assert result.mnist_c_accuracy == pytest.approx(np.mean(by_hand))


def test_what_was_measured_is_not_measured_again(mlp: Recognizer) -> None:
    first = measure(mlp, SAMPLE)
    counting = Counting(mlp)
    job = RobustnessJob(counting, SAMPLE)  # type: ignore[arg-type]
    assert job.complete
    assert job.progress == 1
    again = measure(counting, SAMPLE)  # type: ignore[arg-type]
    assert counting.calls == 0
    assert (again.table == first.table).all()


def test_a_stopped_job_goes_on_where_it_was(mlp: Recognizer, folder: Path) -> None:
    counting = Counting(mlp)
    job = RobustnessJob(counting, SAMPLE)  # type: ignore[arg-type]
    assert not job.running
    assert np.isnan(job.result.clean)
    job.start()
    while job.progress < 0.2:
        assert job.running
    counting.go.clear()
    job.stop()
    counting.go.set()
    assert job.wait(20)
    assert job.error is None
    assert not job.complete
    done = counting.calls
    held = {row for row, images in job.result.images.items() if images}
    assert CLEAN in held
    assert len(held) < 20
    assert not np.isnan(job.result.clean)
    assert np.isnan(job.result.mean)
    # Another process finds on disk what is done.
    other = RobustnessJob(counting, SAMPLE)  # type: ignore[arg-type]
    assert {row for row, images in other.result.images.items() if images} == held
    job.start()
    job.start()  # a second time does nothing
    assert job.wait(60)
    assert job.complete
    assert done < counting.calls
    # Only the row that was given up was begun anew.
    assert LEVELS <= counting.calls < LEVELS + len(SWEEPS["size"].levels)


def damaged(arrays: dict[str, np.ndarray], how: str) -> dict[str, np.ndarray]:
    fog = arrays["fog"]
    changes = {
        "shape": fog[:, :3],
        "too many": fog + 10_000,
        "negative": fog - 10_000,
        "no counts": fog + 0.5,
    }
    return arrays | {"fog": changes[how]}


@pytest.mark.parametrize("how", ["truncated", "shape", "too many", "negative", "no counts"])
def test_what_is_damaged_is_measured_again(mlp: Recognizer, folder: Path, how: str) -> None:
    first = measure(mlp, SAMPLE)
    (path,) = folder.iterdir()
    if how == "truncated":
        path.write_bytes(path.read_bytes()[:500])
    else:
        store_arrays(path, damaged(load_arrays(path), how))
    counting = Counting(mlp)
    again = measure(counting, SAMPLE)  # type: ignore[arg-type]
    assert counting.calls == (LEVELS if how == "truncated" else 5)
    assert (again.table == first.table).all()
    assert load_arrays(path)["fog"].shape == (2, 5)


def test_another_model_and_another_code_are_measured_anew(
    mlp: Recognizer, folder: Path, monkeypatch: pytest.MonkeyPatch, recognizer: Recognizer
) -> None:
    measure(mlp, SAMPLE)
    assert not RobustnessJob(recognizer, SAMPLE).complete
    assert not RobustnessJob(mlp, SAMPLE + 1).complete
    assert RobustnessJob(mlp, SAMPLE).complete
    monkeypatch.setattr(module, "_alterations_digest", lambda: "differently")
    assert not RobustnessJob(mlp, SAMPLE).complete


def test_a_larger_sample_takes_over_the_smaller_one(
    mlp: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PART", 10)
    measure(mlp, 10)
    job = RobustnessJob(mlp, 25)
    assert job.progress == pytest.approx(1 / 3)
    assert job.result.images["fog"] == 10
    job.start()
    assert job.wait(60)
    assert job.result.images["fog"] == 25


def test_a_failure_is_told(mlp: Recognizer) -> None:
    broken = Counting(mlp, fail=True)
    with pytest.raises(MnistError, match="The network is broken"):
        measure(broken, SAMPLE)  # type: ignore[arg-type]


@pytest.mark.parametrize("sample", [0, -1, 10_001, 1.5, True, "all"])
def test_a_sample_that_is_none_is_refused(mlp: Recognizer, sample: object) -> None:
    with pytest.raises(MnistError, match="Received"):
        RobustnessJob(mlp, sample)  # type: ignore[arg-type]


def test_jobs_take_turns_and_one_that_waits_can_be_stopped(mlp: Recognizer) -> None:
    first, second = Counting(mlp), Counting(mlp)
    first.go.clear()
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
    first.go.set()
    assert one.wait(20)
