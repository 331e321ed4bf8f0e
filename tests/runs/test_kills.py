"""Trainings that are killed at any moment, or run out of disk: no model or a whole one, and on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_core import list_models
from mnist_core.registry.card import HISTORY, KERAS, PREDICTIONS, TFLITE
from mnist_core.registry.store import read_verified
from mnist_core.runs.store import list_runs

# One process loads TensorFlow; each attempt is a fork of it, which the seed's moment kills. A few
# hundred images, six epochs; everything else is as in a real training.
KILLED = """
import json, os, random, signal, sys, time
import keras, tensorflow
import numpy as np
from mnist_core import Dataset, TrainingConfig, load_mnist
from mnist_core.runs import train as runs_train
from mnist_core.registry.card import KERAS, TFLITE
from mnist_core.registry.store import list_models, read_verified
from mnist_core.runs.store import list_runs

architecture, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
whole = load_mnist()
few = Dataset(x_train=whole.x_train[:600], y_train=whole.y_train[:600],
              x_test=whole.x_test[:200], y_test=whole.y_test[:200])
runs_train.load_mnist = lambda: few
config = TrainingConfig(architecture=architecture, name="mine", epochs=6, batch_size=32,
                        seed=seed, target_accuracy=1.0)

def attempt(config, kill_after=None):
    start = time.monotonic()
    child = os.fork()
    if not child:
        try:
            runs_train.train(config)
            code = 0
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            code = 1
        os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    code = os.waitpid(child, 0)[1]
    return code, time.monotonic() - start

def models():
    cards = list_models()
    for card in cards:  # whatever is there is whole
        for file in card.sha256:
            read_verified(card, file)
    return {card.name: card.sha256[TFLITE] for card in cards}

import dataclasses
code, seconds = attempt(dataclasses.replace(config, name="reference"))
assert code == 0, code
expected = models()["reference"]
chance = random.Random(seed)
told = []
for number in range(kills):
    moment = chance.uniform(0, seconds)
    code, _ = attempt(config, moment)
    there = models()
    mine = [run for run in list_runs() if run.config.name == "mine"]
    told.append([round(moment / seconds, 2), code, sorted(there), [run.state for run in mine],
                 [run.epochs_done for run in mine]])
    assert not any(run.has_process for run in mine)
    if "mine" in there:
        # It was in place before the blow fell; the next attempt begins another.
        assert there["mine"] == expected
        config = dataclasses.replace(config, overwrite=True)
code, _ = attempt(dataclasses.replace(config, overwrite=True) if "mine" in models() else config)
assert code == 0, code
print(json.dumps({"same": models()["mine"] == expected, "told": told}))
"""


def run(program: str, *arguments: object, cwd: Path | None = None) -> str:
    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd or Path(__file__).parents[2],
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout.splitlines()[-1]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("architecture", "kills", "seed"),
    [
        ("mlp", 3, 1),
        pytest.param("cnn", 7, 2, marks=pytest.mark.slow),
    ],
)
def test_killed_at_any_moment_there_is_no_model_or_a_whole_one(
    own_models: Path, architecture: str, kills: int, seed: int
) -> None:
    answer = json.loads(run(KILLED, architecture, kills, seed))
    assert answer["same"], answer["told"]
    assert len(answer["told"]) == kills
    assert {card.name for card in list_models()} == {"reference", "mine"}


# The system's own limit on the size of a file stands for a full disk: no rights are needed for it.
FULL = """
import resource, sys
import keras, tensorflow
from mnist_core import Dataset, TrainingConfig, TrainingError, load_mnist, train
from mnist_core.runs import train as runs_train
from mnist_core.runs.store import list_runs
whole = load_mnist()
few = Dataset(x_train=whole.x_train[:600], y_train=whole.y_train[:600],
              x_test=whole.x_test[:200], y_test=whole.y_test[:200])
runs_train.load_mnist = lambda: few
config = TrainingConfig(architecture="mlp", name="mine", epochs=2, batch_size=32)
kept = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), kept[1]))
try:
    train(config)
    print("no error")
except TrainingError as error:
    print(error, file=sys.stderr)
    resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    (run,) = list_runs()
    assert run.state == "failed", run.state
    print("cannot be saved" in str(error), run.epochs_done, run.outcome.text == str(error))
"""


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("limit", "epochs"),
    [
        (1_000_000, 0),  # no room for a checkpoint
        pytest.param(1_200, 0, marks=pytest.mark.slow),  # not even for what it tells
    ],
)
def test_without_room_it_says_so_and_leaves_no_model(
    own_models: Path, limit: int, epochs: int
) -> None:
    assert run(FULL, limit) == f"True {epochs} True"
    assert list_models() == []
    assert list(own_models.iterdir()) == []
    (left,) = list_runs()
    assert [path.name for path in left.folder.rglob("*.h5")] == []


# A disk of its own, which nobody else sees, with room for one checkpoint and a half.
ON_A_SMALL_DISK = """
mount -t tmpfs -o size=7m tmpfs "$DISK" || exit 77
exec "$PYTHON" -c "$PROGRAM" 100000000
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount")
def test_on_a_full_disk_the_epoch_before_is_kept(tmp_path: Path) -> None:
    names = {"DISK": tmp_path, "MNIST_RUNS": tmp_path / "r", "MNIST_MODELS": tmp_path / "m"}
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", ON_A_SMALL_DISK],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ
        | {name: str(path) for name, path in names.items()}
        | {"PYTHON": sys.executable, "PROGRAM": FULL},
    )
    if result.returncode == 77 or "unshare" in result.stderr:
        pytest.skip("not even root can mount here")
    assert result.stdout.split() == ["True", "1", "True"], result.stderr[-2000:]


def test_every_file_of_a_model_is_meant() -> None:
    assert {HISTORY, KERAS, PREDICTIONS, TFLITE} == set(list_models()[0].sha256)
    read_verified(list_models()[0], TFLITE)
