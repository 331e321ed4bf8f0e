"""Trainings that are killed or run out of disk space, for fresh processes (see `processes`).

They learn from a few hundred images; everything else is as in a real training.
"""

from __future__ import annotations

import dataclasses
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from mnist_core import Dataset, TrainingConfig, TrainingError, list_models, load_mnist, train
from mnist_core.registry.store import read_verified
from mnist_core.runs.store import list_runs


@contextmanager
def _few_images() -> Iterator[None]:
    mnist = load_mnist()
    few = Dataset(
        x_train=mnist.x_train[:600], y_train=mnist.y_train[:600],
        x_test=mnist.x_test[:200], y_test=mnist.y_test[:200],
    )  # fmt: skip
    with mock.patch("mnist_core.runs.train.load_mnist", lambda: few):
        yield


@dataclasses.dataclass(frozen=True)
class KillReport:
    """What `kill_trainings` has seen.

    Attributes:
        same: whether the last model is that of a training that was not interrupted.
        attempts: of each, for an error message: moment, exit code, models, runs' states and epochs.
    """

    same: bool
    attempts: list[tuple[Any, ...]]


def kill_trainings(architecture: str, kills: int, seed: int) -> KillReport:
    """Kill a training at random moments, then let it finish.

    TensorFlow is loaded once; each attempt is a fork of this process.

    Args:
        architecture: of the model.
        kills: their number.
        seed: of the moments and of the training.
    """
    config = TrainingConfig(
        architecture=architecture, name="mine", epochs=6, batch_size=32, seed=seed,
        target_accuracy=1.0,
    )  # fmt: skip
    import keras  # noqa: F401 (each fork has it)

    moments = random.Random(seed)
    attempts: list[tuple[Any, ...]] = []
    with _few_images():
        code, seconds = _attempt(dataclasses.replace(config, name="reference"))
        assert code == 0, code
        expected = _digests()["reference"]
        for _ in range(kills):
            moment = moments.uniform(0, seconds)
            code, _ = _attempt(config, moment)
            digests = _digests()
            runs = [run for run in list_runs() if run.config.name == "mine"]
            states = [(run.state, run.epochs_done) for run in runs]
            attempts.append((round(moment / seconds, 2), code, sorted(digests), states))
            assert not any(run.has_process for run in runs)
            if "mine" in digests:
                # The model was complete before the kill; the next attempt replaces it.
                assert digests["mine"] == expected
                config = dataclasses.replace(config, overwrite=True)
        code, _ = _attempt(config)
        assert code == 0, code
    return KillReport(same=_digests()["mine"] == expected, attempts=attempts)


def _attempt(config: TrainingConfig, kill_after: float | None = None) -> tuple[int, float]:
    """Train in a fork, and kill it after some seconds; return its exit code and duration."""
    start = time.monotonic()
    child = os.fork()
    if not child:
        try:
            train(config)
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


def _digests() -> dict[str, str]:
    """The digests of all models, whose files are complete."""
    cards = list_models()
    for card in cards:
        for file in card.sha256:
            read_verified(card, file)
    return {card.name: card.digest for card in cards}


def train_with_limit(limit: int) -> tuple[str, int]:
    """Train while no file may be larger than a limit in bytes; return the error and epochs done.

    The limit stands for a full disk: it needs no special rights.
    """
    config = TrainingConfig(architecture="mlp", name="mine", epochs=2, batch_size=32)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with _few_images():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            train(config)
        except TrainingError as error:
            message = str(error)
        else:
            message = "no error"
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (run,) = list_runs()
    assert run.outcome
    assert (run.outcome.state, run.outcome.text) == ("failed", message)
    return message, run.epochs_done


if __name__ == "__main__":  # in a namespace of its own, on a small disk
    print(*reversed(train_with_limit(int(sys.argv[1]))))
