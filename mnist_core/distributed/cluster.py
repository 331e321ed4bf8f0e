"""The machines of a distributed training, as listed in `$TF_CONFIG`."""

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
    """The workers of a training, and the index of this process among them.

    Attributes:
        workers: their addresses, "host:port"; the first one is the chief, which saves the model.
        index: from 0.
    """

    workers: tuple[str, ...]
    index: int

    @property
    def is_chief(self) -> bool:
        """Whether this worker saves the run and the model."""
        return self.index == 0

    @property
    def others(self) -> tuple[str, ...]:
        """The addresses of the other workers."""
        return self.workers[: self.index] + self.workers[self.index + 1 :]

    @classmethod
    def from_environment(cls) -> Cluster:
        """Parse `$TF_CONFIG`.

        Raises:
            TrainingError: it is missing or not valid.
        """
        text = os.environ.get(_VARIABLE, "")
        if not text.strip():
            _refuse("is not set", text)
        try:
            values = json.loads(text)
            addresses = values["cluster"]["worker"]
            task = values["task"]
            kind, index = task["type"], task["index"]
        except ValueError:
            _refuse("is not valid JSON", text)
        except (KeyError, TypeError, IndexError):
            _refuse("lacks a cluster of workers, or a task with its type and index", text)
        if set(values["cluster"]) != {"worker"} or kind != "worker":
            _refuse("has a type other than 'worker'; the first worker is the chief", text)
        if not isinstance(addresses, list) or not addresses or not all(map(_is_address, addresses)):
            _refuse("has a worker that is not an address, 'host:port'", text)
        if len(set(addresses)) < len(addresses):
            _refuse("has an address twice", text)
        if isinstance(index, str) and index.isdecimal():
            index = int(index)  # TensorFlow accepts it as well
        if isinstance(index, bool) or index not in range(len(addresses)):
            _refuse(f"has an index that is not a whole number from 0 to {len(addresses) - 1}", text)
        return cls(workers=tuple(addresses), index=index)


def check_is_chief(settings: TrainingConfig) -> None:
    """Check that this process may save the run and the model of a training.

    Raises:
        TrainingError: it is another worker than the chief, or `$TF_CONFIG` is not valid.
    """
    if settings.strategy != "multiworker":
        return
    cluster = Cluster.from_environment()
    if not cluster.is_chief:
        raise TrainingError(
            "Only the first worker, of index 0, saves the run and its model. On the others, call "
            "mnist_core.distributed.worker.run_worker, or start the command 'train' with the same "
            f"settings. Received: index {cluster.index}"
        )


def _is_address(value: Any) -> bool:
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    return match is not None and 0 < int(match[1] or match[2]) < 2**16


def _refuse(problem: str, text: str) -> NoReturn:
    raise TrainingError(
        f"Training on several machines needs ${_VARIABLE}, which {problem}. Set it on each "
        f"machine, the same but for the index, which counts from 0: {_VARIABLE}='{_EXAMPLE}'. "
        f"Received: {text[:300]!r}"
    )
