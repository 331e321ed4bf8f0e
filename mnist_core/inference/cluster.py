"""Reads many image files on a Ray cluster (https://docs.ray.io), one recognizer in each actor.

Imports Ray, which is an optional extra.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import ray
import ray.data
from numpy.typing import NDArray
from ray.exceptions import RayError

from mnist_core.errors import MnistError
from mnist_core.inference.many import Outcome, read_file
from mnist_core.inference.recognizer import load_recognizer
from mnist_core.preprocessing.ink import Ink

__all__ = ["read_files_on_cluster"]

# Files that an actor takes at once: handing them over costs some milliseconds.
_BATCH = 64
# How often files are tried again whose process was killed.
_RETRIES = 3


def read_files_on_cluster(
    files: Sequence[str],
    model: str | None = None,
    ink: Ink = "auto",
    *,
    processes: int | None = None,
) -> Iterator[tuple[str, Outcome]]:
    """Read image files as `read_files` does, in their order, on all machines of a Ray cluster.

    The cluster is that of `$RAY_ADDRESS`, a running one on this machine, or a new one of its cores.
    All of its machines have the same version of this package and the files under the same paths. If
    an actor is killed, Ray starts another one, which reads its files again.

    Args:
        files: paths of image files.
        model: the name of a model; None for the first one.
        ink: brightness of the ink compared to the paper: "auto", "light" or "dark".
        processes: number of actors; None: one for each core of the cluster.

    Raises:
        ModelNotFoundError, ModelLoadError: the model is missing or damaged.
        MnistError: the cluster does not answer, or files killed their process again and again.
    """
    name = load_recognizer(model).card.name
    if not files:
        return
    started = not ray.is_initialized()
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        if started:
            ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        actors = processes or int(ray.cluster_resources().get("CPU", 1))
        batches = -(-len(files) // _BATCH)
        readings = ray.data.from_items(
            [{"file": file} for file in files], override_num_blocks=batches
        ).map_batches(
            _Reader,
            fn_constructor_args=(name, ink),
            batch_size=_BATCH,
            compute=ray.data.ActorPoolStrategy(size=min(actors, batches)),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=_RETRIES,
        )
        for row in readings.iter_rows():
            yield str(row["file"]), pickle.loads(row["outcome"])
    except (RayError, ConnectionError, ValueError, RuntimeError) as error:
        raise MnistError(
            "The Ray cluster could not read all files. Check its address and its machines, and "
            "start the command again: with --output, what was read is kept. Received: "
            f"{' '.join(str(error).split())[-300:]}"
        ) from error
    finally:
        if started:
            ray.shutdown()


class _Reader:
    """An actor: a recognizer that stays in memory."""

    def __init__(self, model: str, ink: Ink) -> None:
        cv2.setNumThreads(1)
        self._recognizer, self._ink = load_recognizer(model), ink

    def __call__(self, batch: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        outcomes = [read_file(str(file), self._recognizer, self._ink) for file in batch["file"]]
        return {
            "file": batch["file"],
            "outcome": np.array([pickle.dumps(outcome) for outcome in outcomes], object),
        }
