"""A file of results, to which a stopped command adds the rest when it is started again."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType

from mnist_core.errors import MnistError
from mnist_core.inference.many import Outcome

__all__ = ["ResultFile"]

_BEGINNING = b'{"file": '


class ResultFile:
    """JSON lines (jsonlines.org), one for each image file: its reading, or an `error`.

    Each result is handed to the system at once. The line that a killed process has not finished is
    removed when the file is opened again.

    Attributes:
        done: the image files that were in it when it was opened.
        added: the number of results added since.
        failed: how many of these are errors.
    """

    def __init__(self, path: str) -> None:
        """Open the file, or make it.

        Raises:
            MnistError: it cannot be written, or is not a file of results.
        """
        self.done: set[str] = set()
        self.added = self.failed = 0
        self._path = path
        if Path(path).exists() and not Path(path).is_file():
            raise MnistError(
                f"This is not an ordinary file. Choose another place. Received: {path}"
            )
        try:
            whole = self._read_lines()
            # Without a buffer: after a full disk, closing one would fail again.
            self._file = Path(path).open("ab", buffering=0)  # noqa: SIM115 - `__exit__` closes it
            self._file.truncate(whole)
        except OSError as error:
            raise self._not_written(error) from error

    def add(self, file: str, outcome: Outcome) -> None:
        """Add a result.

        Raises:
            MnistError: the disk is full.
        """
        if isinstance(outcome, MnistError):
            values = {"error": str(outcome)}
            self.failed += 1
        else:
            values = outcome.as_json()
        try:
            rest = memoryview(json.dumps({"file": file} | values).encode() + b"\n")
            while rest:  # what fits is written, then there is an error
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise self._not_written(error) from error
        self.added += 1

    def __enter__(self) -> ResultFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def _read_lines(self) -> int:
        """Note what is done; returns the length of the complete lines, in bytes."""
        whole = 0
        if not Path(self._path).exists():
            return whole
        with Path(self._path).open("rb") as file:
            for line in file:
                if not line.endswith(b"\n") and _BEGINNING.startswith(line[: len(_BEGINNING)]):
                    break
                self.done.add(_file_of(line, self._path))
                whole += len(line)
        return whole

    def _not_written(self, error: OSError) -> MnistError:
        return MnistError(
            f"The results cannot be written ({error.strerror}). Choose another place, or make room "
            f"and start again: what is in the file is not read again. Received: {self._path}"
        )


def _file_of(line: bytes, path: str) -> str:
    try:
        values = json.loads(line)
    except ValueError:
        values = None
    file = values.get("file") if isinstance(values, dict) else None
    if not isinstance(file, str):
        raise MnistError(
            "This file has other content than results, so nothing is added to it. Choose another "
            f"name. Received: {path}"
        )
    return file
