"""The machines of a training that runs on several, as `$TF_CONFIG` names them."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from mnist_core.errors import TrainingError
from mnist_core.training.config import TrainingConfig

__all__ = ["Cluster", "check_is_chief"]

_VARIABLE = "TF_CONFIG"
_ADDRESS = re.compile(r"[^\s:/]+:(\d{1,5})|\[[0-9a-fA-F:]+\]:(\d{1,5})")
_EXAMPLE = (
    '{"cluster": {"worker": ["192.168.0.1:2222", "192.168.0.2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The workers of a training, and which of them this process is.

    Attributes:
        workers: their addresses, "host:port"; the first one is the chief, who saves the model.
        index: of this process among them, from 0.
    """

    workers: tuple[str, ...]
    index: int

    @property
    def is_chief(self) -> bool:
        """True for the worker that keeps the run and saves the model."""
        return self.index == 0

    @property
    def others(self) -> tuple[str, ...]:
        """The addresses of the others."""
        return self.workers[: self.index] + self.workers[self.index + 1 :]

    @classmethod
    def from_environment(cls) -> Cluster:
        """What `$TF_CONFIG` says.

        Raises:
            TrainingError: it is missing, or wrong.
        """
        text = os.environ.get(_VARIABLE, "")
        if not text.strip():
            _refuse("it is not set", text)
        try:
            values = json.loads(text)
            addresses = values["cluster"]["worker"]
            task = values["task"]
            kind, index = task["type"], task["index"]
        except ValueError:
            _refuse("it is no JSON", text)
        except (KeyError, TypeError, IndexError):
            _refuse("it lacks a cluster of workers, or a task with its type and index", text)
        if set(values["cluster"]) != {"worker"} or kind != "worker":
            _refuse("all machines are of the type 'worker' here; the first one is the chief", text)
        if not isinstance(addresses, list) or not addresses or not all(map(_is_address, addresses)):
            _refuse("each worker is an address, 'host:port'", text)
        if len(set(addresses)) < len(addresses):
            _refuse("an address is there twice", text)
        if isinstance(index, str) and index.isdecimal():
            index = int(index)  # TensorFlow takes it so as well
        if isinstance(index, bool) or not isinstance(index, int):
            _refuse("the task's index is a whole number", text)
        if not 0 <= index < len(addresses):
            _refuse(f"the task's index is from 0 to {len(addresses) - 1}", text)
        return cls(workers=tuple(addresses), index=index)


def check_is_chief(config: TrainingConfig) -> None:
    """Make sure that a training of such settings may keep its run and its model here.

    Raises:
        TrainingError: it is another worker's, or `$TF_CONFIG` cannot be used.
    """
    if config.strategy == "multiworker" and not Cluster.from_environment().is_chief:
        raise TrainingError(
            "The run and its model are kept by the first worker, of index 0. The others call "
            "mnist_core.distributed.worker.run_worker, or start the command 'train' with the same "
            f"settings. Received: index {Cluster.from_environment().index}"
        )


def _is_address(value: Any) -> bool:
    found = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    return found is not None and 0 < int(found[1] or found[2]) < 2**16


def _refuse(why: str, text: str) -> NoReturn:
    raise TrainingError(
        f"A training on several machines is told by ${_VARIABLE} which they are, and that cannot "
        f"be used: {why}. Set it on each machine, the same but for the index, which counts from 0: "
        f"{_VARIABLE}='{_EXAMPLE}'. Received: {text[:300]!r}"
    )
