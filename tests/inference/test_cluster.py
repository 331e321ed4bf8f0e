"""Reading on a Ray cluster of two workers on this machine."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import uuid
from pathlib import Path

import cv2
import pytest

from mnist_core import Dataset
from mnist_core.__main__ import main
from mnist_core.inference.many import Outcome, read_files
from mnist_core.inference.reading import Reading

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed"
)


@pytest.fixture
def pictures(tmp_path: Path, dataset: Dataset) -> Path:
    """A folder of 300 pictures of MNIST and a file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, image in enumerate(dataset.x_test[:300]):
        cv2.imwrite(str(folder / f"{number:03}.png"), 255 - image)
    (folder / "bad.png").write_text("no picture")
    return folder


def as_text(outcome: Outcome) -> str:
    return json.dumps(outcome.as_json()) if isinstance(outcome, Reading) else str(outcome)


def workers(mark: str) -> list[int]:
    """The processes of the actors, of the cluster that was started with this mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_worker = b"ray::MapWorker" in (folder / "cmdline").read_bytes()
            if is_worker and mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue  # it has ended
    return found


@needs_ray
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_killed_worker_loses_no_file(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    from mnist_core.inference.cluster import read_files_on_cluster

    mark = uuid.uuid4().hex
    monkeypatch.setenv("MNIST_TEST_CLUSTER", mark)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        files = sorted(map(str, pictures.iterdir()))
        results = read_files_on_cluster(files, "cnn", processes=2)
        found = [next(results)]
        actors = workers(mark)
        assert len(actors) == 2
        os.kill(actors[0], signal.SIGKILL)
        found += results
    finally:
        ray.shutdown()
    expected = list(read_files(files, "cnn"))
    assert [(file, as_text(outcome)) for file, outcome in found] == [
        (file, as_text(outcome)) for file, outcome in expected
    ]


@needs_ray
@pytest.mark.slow
def test_command_writes_the_same_lines(
    pictures: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    outputs = [tmp_path / "one.jsonl", tmp_path / "other.jsonl"]
    command = ["read", str(pictures), "--model", "cnn", "--output"]
    assert main([*command, str(outputs[0]), "--ray"]) == 2  # one file is no picture
    (line,) = capfd.readouterr().err.splitlines()
    assert "bad.png" in line
    assert main([*command, str(outputs[1])]) == 2
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    # What is in the output is not read again, and no cluster is started for it.
    capfd.readouterr()
    assert main([*command, str(outputs[0]), "--ray"]) == 0
    assert "301 were already in" in capfd.readouterr().out


def test_command_says_how_to_install_ray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "mnist_core.inference.cluster", raising=False)
    assert main(["read", str(tmp_path / "x.png"), "--ray"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "python -m pip install 'ray[data]'" in line
