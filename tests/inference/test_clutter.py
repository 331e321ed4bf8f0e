"""Whatever the picture, reading it ends: with a reading, or with the error that it is cluttered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.cluttered import CLUTTERED
from support.sheets import sheet

from mnist_core import Recognizer, load_recognizer
from mnist_core.__main__ import main
from mnist_core.errors import ClutteredImageError
from mnist_core.inference import selection
from mnist_core.preprocessing import extraction


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    recognizer = load_recognizer()
    recognizer.read(CLUTTERED["300 strokes on the canvas"]()[:100, :100])  # warm
    return recognizer


@pytest.mark.parametrize("kind", CLUTTERED)
def test_cluttered_picture_takes_a_second_at_most(kind: str, recognizer: Recognizer) -> None:
    image = CLUTTERED[kind]()
    start = time.thread_time()
    try:
        reading = recognizer.analyze(image)
    except ClutteredImageError:
        pass
    else:
        assert set(reading.text) <= set("?0123456789")
    # Processor time. Twice the goal: another program slows the caches down.
    assert time.thread_time() - start < 2


def test_error_says_what_to_do(
    recognizer: Recognizer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(selection, "READING_SECONDS", 0)
    image = sheet(1, 2)
    with pytest.raises(ClutteredImageError, match="Crop it"):
        recognizer.read(image)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    assert main(["read", str(tmp_path / "a.png")]) == 2
    message = capfd.readouterr().err
    assert "too cluttered" in message
    assert "a.png" in message


def test_normal_reading_is_kept_where_the_others_take_too_long(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine, even half of this drawing takes longer than a reading may.
    monkeypatch.setattr(selection, "READING_SECONDS", 60)
    image = CLUTTERED["300 strokes on the canvas"]()[:, :280]
    whole = recognizer.analyze(image)
    assert whole.complete
    assert len(whole.considered) > 1

    def exhausted(*_: object, **__: object) -> None:
        raise ClutteredImageError("no time")

    monkeypatch.setattr(selection._Reader, "_compare", exhausted)
    part = recognizer.analyze(image)
    assert not part.complete
    assert len(part.considered) == 1
    assert part.note.endswith("it was read in one way only.")
    assert json.dumps(part.as_json())


def test_a_surface_that_was_read_in_time_competes(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The light on the desk is uneven: else, the sheet is a panel.
    image = np.zeros((720, 1200, 3), np.uint8)
    image[:] = np.linspace(20, 100, 1200).astype(np.uint8)[:, np.newaxis]
    image[120:600, 180:780] = sheet(3, 5, 8, width=600, height=480, side=150)
    for top in range(20, 700, 100):
        cv2.fillPoly(
            image,
            [np.array([(900, top), (960, top + 70), (1040, top + 10), (1000, top + 90)])],
            (230, 230, 230),
        )

    def first_only(*arguments: Any) -> Iterator[Any]:
        yield next(extraction.extract_surfaces(*arguments))
        raise ClutteredImageError("no time")

    monkeypatch.setattr(selection, "extract_surfaces", first_only)
    reading = recognizer.analyze(image)
    assert reading.text == "358"
    assert not reading.complete
