"""The accuracy under attacks and with changed weights: complete, resumed, from the cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_core import MnistError, Recognizer, load_recognizer
from mnist_core.evaluation.datasets import mnist_test
from mnist_core.explanation.keras_process import KerasProcess
from mnist_core.perturbations import measurement as module
from mnist_core.perturbations.measurement import EPSILONS, ROWS, AccuracyCurve, PerturbationJob
from mnist_core.perturbations.weights import BITS, NOISE
from mnist_core.storage.cache import load_arrays, store_arrays

pytestmark = pytest.mark.usefixtures("cache")
SAMPLE = 70


@pytest.fixture(scope="module")
def mlp() -> Recognizer:
    return load_recognizer("mlp")


class NoProcess(KerasProcess):
    """A process that must not be needed."""

    def call(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
        raise AssertionError("The process was called.")


def test_job_measures_all_rows_and_keeps_them(process: KerasProcess, mlp: Recognizer) -> None:
    job = PerturbationJob(process, mlp, mnist_test(), SAMPLE)
    assert not job.complete
    assert job.curves == {}
    progress: list[float] = []
    job.run(progress.append)
    assert job.error is None
    assert job.complete
    assert progress == sorted(progress)
    assert progress[-1] == 1
    curves = job.curves
    assert curves.keys() == set(ROWS)
    assert {curve.images for curve in curves.values()} == {SAMPLE}
    assert curves["FGSM"].levels == curves["PGD"].levels == EPSILONS
    assert curves["noise"].levels == NOISE
    assert curves["bits"].levels == BITS
    assert curves["off"].levels == ("dense 1", "dense 2")
    for row in ("FGSM", "PGD"):
        accuracy = curves[row].accuracy
        assert (np.diff(accuracy) <= 0).all()
        assert accuracy[0] > 0.9
        assert curves[row].at(0.3) < 0.1
        low, high = curves[row].intervals.T
        assert ((low <= accuracy) & (accuracy <= high)).all()
    assert (curves["PGD"].correct <= curves["FGSM"].correct).all()
    # A visitor with the same sample, and one with fewer images, need no process.
    for sample in (SAMPLE, 50):
        again = PerturbationJob(NoProcess(), mlp, mnist_test(), sample)
        assert again.complete
    assert again.curves["PGD"].images == 50


def test_job_is_stopped_and_resumed(
    process: KerasProcess, mlp: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = PerturbationJob(process, mlp, mnist_test(), SAMPLE, ["bits"])
    monkeypatch.setattr(
        module, "store_arrays", lambda path, arrays: (store_arrays(path, arrays), job.stop())
    )
    job.run(lambda share: None)
    assert not job.complete
    assert job.curves["bits"].images == 50
    job.run(lambda share: None)
    assert job.complete
    assert job.curves["bits"].images == SAMPLE


def test_job_ignores_a_damaged_cache(process: KerasProcess, mlp: Recognizer, cache: Path) -> None:
    PerturbationJob(process, mlp, mnist_test(), 20, ["noise"]).run(lambda share: None)
    (path,) = cache.glob("perturbed-*.npz")
    good = load_arrays(path)
    for levels, correct in (
        (good["levels"], good["correct"] + 1),
        (good["levels"], good["correct"][1:]),
        (good["levels"].astype(str), good["correct"]),
    ):
        store_arrays(path, {"levels": levels, "correct": correct})
        assert not PerturbationJob(process, mlp, mnist_test(), 20, ["noise"]).complete


def test_job_shows_why_it_failed(mlp: Recognizer) -> None:
    class Broken(KerasProcess):
        def call(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
            raise MnistError("The process ended.")

    job = PerturbationJob(Broken(), mlp, mnist_test(), 10, ["FGSM"])
    job.run(lambda share: None)
    assert job.error == "The measurement failed: The process ended."


def test_job_refuses_other_samples_and_rows(mlp: Recognizer) -> None:
    for sample in (0, 10_001, 1.5):
        with pytest.raises(MnistError, match="The sample"):
            PerturbationJob(NoProcess(), mlp, mnist_test(), sample)  # type: ignore[arg-type]
    with pytest.raises(MnistError, match="FGSM"):
        PerturbationJob(NoProcess(), mlp, mnist_test(), 10, ["rotation"])


def test_curve_has_no_accuracy_at_other_levels() -> None:
    curve = AccuracyCurve(row="PGD", levels=(0.0, 0.1), correct=np.array([9, 3]), images=10)
    assert curve.at(0.1) == pytest.approx(0.3)
    with pytest.raises(ValueError, match="not in"):
        curve.at(0.2)
