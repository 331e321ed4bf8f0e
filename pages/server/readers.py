"""Reads images in threads, so that the event loop, and with it every page, keeps running."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from anyio import CapacityLimiter, to_thread
from numpy.typing import NDArray

from mnist_core import Reading, Recognizer
from mnist_core.preprocessing.grey import Ink
from mnist_core.registry.store import load_card
from pages.widgets import model_picker

__all__ = ["Decode", "TimedReading", "in_thread", "read"]

T = TypeVar("T")
Decode = Callable[[bytes], NDArray[np.uint8]]

# More threads than cores would only make each other wait.
_THREADS = CapacityLimiter(os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class TimedReading:
    """A reading, the name of the model, and the milliseconds that decoding and reading took."""

    reading: Reading
    model: str
    milliseconds: float


async def in_thread(function: Callable[[bytes], T], content: bytes) -> T:
    """Call a function that takes long; calls beyond the number of cores wait for their turn."""
    return await to_thread.run_sync(function, content, limiter=_THREADS)


def read(
    content: bytes,
    decode: Decode,
    *,
    model: str | None = None,
    ink: Ink = "auto",
    quick: bool = False,
) -> TimedReading:
    """Read an image; any thread may call this.

    Args:
        content: what was sent.
        decode: makes an image of it, such as `load_image`.
        model: a name from `models/`; None is the default model.
        ink: see `Recognizer.analyze`.
        quick: see `Recognizer.analyze`.

    Raises:
        InvalidImageError: the content is no such image.
        ModelNotFoundError, ModelLoadError: the model is gone or damaged.
    """
    start = time.perf_counter()
    recognizer = _recognizer(model, int(start))
    reading = recognizer.analyze(decode(content), ink, quick=quick)
    milliseconds = (time.perf_counter() - start) * 1000
    return TimedReading(reading=reading, model=recognizer.card.name, milliseconds=milliseconds)


# Reading the card from the disk for each image would take a tenth of a reading's time.
@lru_cache(maxsize=16)
def _recognizer(model: str | None, _second: int) -> Recognizer:
    """The model as it was on the disk at most a second ago."""
    return model_picker.load(load_card(model))
