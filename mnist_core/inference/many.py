"""Reads many image files on all cores.

The work is divided among processes (`concurrent.futures`). If one of them is killed, by the system
for want of memory or by a user, nothing is lost: the files that were in its hands are read again,
one by one, and only a file that ends its process every time is given up.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import cv2

from mnist_core.errors import ClutteredImageError, MnistError
from mnist_core.inference.reading import Reading
from mnist_core.inference.recognizer import Recognizer, load_recognizer
from mnist_core.preprocessing.images import load_image
from mnist_core.preprocessing.ink import Ink

__all__ = ["Outcome", "find_files", "read_file", "read_files"]

# What was read in a file, or the reason why it cannot be read.
Outcome: TypeAlias = Reading | MnistError

# Files that a process takes at once. Handing one over costs about 0.3 ms, reading it 2 ms or more.
_CHUNK = 16


def find_files(paths: Iterable[str]) -> list[str]:
    """Replace each folder by the files in it and in the folders below, sorted.

    Hidden files and folders (their names begin with a dot) are left out.

    Raises:
        MnistError: there is no file in one of the folders.
    """
    files: list[str] = []
    for path in paths:
        if not Path(path).is_dir():
            files.append(path)
            continue
        found = sorted(str(file) for file in _walk(Path(path)))
        if not found:
            raise MnistError(f"There is no file in this folder. Received: {path}")
        files += found
    return files


def read_files(
    files: Sequence[str], model: str | None = None, ink: Ink = "auto", *, processes: int = 1
) -> Iterator[tuple[str, Outcome]]:
    """Read image files, and yield the results in their order.

    Args:
        files: paths of image files.
        model: the name of a model; None for the first one.
        ink: brightness of the ink compared to the paper: "auto", "light" or "dark".
        processes: 1 reads in this process.

    Raises:
        ModelNotFoundError, ModelLoadError: the model is missing or damaged.
    """
    recognizer = load_recognizer(model)
    if processes == 1:
        for file in files:
            yield file, read_file(file, recognizer, ink)
        return
    chunks = deque(files[i : i + _CHUNK] for i in range(0, len(files), _CHUNK))
    while chunks:
        with _pool(recognizer.card.name, ink, processes) as pool:
            try:
                for chunk, readings in zip(
                    tuple(chunks), pool.map(_read_all, tuple(chunks)), strict=True
                ):
                    yield from zip(chunk, readings, strict=True)
                    chunks.popleft()
                continue
            except BrokenProcessPool:
                pass  # Which file ended the process is not known: one of the next is.
        yield from _read_one_by_one(chunks.popleft(), recognizer.card.name, ink)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not path.is_symlink():  # a link could lead back
            yield from _walk(path)


def read_file(file: str, recognizer: Recognizer, ink: Ink) -> Outcome:
    """Read an image file; the reading is without those that competed with it."""
    try:
        reading = recognizer.analyze(load_image(file), ink)
    except ClutteredImageError as error:
        return ClutteredImageError(f"{error} Received: {file}")
    except MnistError as error:
        return error
    return dataclasses.replace(reading, considered=())


def _read_one_by_one(files: Sequence[str], model: str, ink: Ink) -> Iterator[tuple[str, Outcome]]:
    waiting = deque(files)
    while waiting:
        with _pool(model, ink, 1) as pool:
            try:
                while waiting:
                    (reading,) = pool.submit(_read_all, (waiting[0],)).result()
                    yield waiting.popleft(), reading
            except BrokenProcessPool:
                file = waiting.popleft()
                yield (
                    file,
                    MnistError(
                        "The process that read this file was ended, perhaps for want of memory. "
                        f"Make the image smaller. Received: {file}"
                    ),
                )


@contextmanager
def _pool(model: str, ink: Ink, processes: int) -> Iterator[ProcessPoolExecutor]:
    # Spawned, not forked: the libraries have threads of their own.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, _start_process, (model, ink))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


_recognizer: Recognizer
_ink: Ink


def _start_process(model: str, ink: Ink) -> None:
    global _recognizer, _ink
    cv2.setNumThreads(1)
    _recognizer, _ink = load_recognizer(model), ink


def _read_all(files: Sequence[str]) -> list[Outcome]:
    return [read_file(file, _recognizer, _ink) for file in files]
