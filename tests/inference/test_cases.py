"""The development pictures that were read incorrectly, one or two of each kind of fault."""

from __future__ import annotations

import pytest
from benchmarks.cases import CASES, is_correct, load_cases

from mnist_core import load_image, load_recognizer

# A digit behind a hard shadow, and a 1 that is an inverted V: read as "?".
_OPEN = {"shadow_1.jpg"}


@pytest.mark.skipif(not CASES.is_dir(), reason="the development pictures are not here")
def test_pictures_that_were_read_incorrectly_are_correct() -> None:
    recognizer = load_recognizer("champion")
    wrong = {
        file.name: text
        for file, truth in load_cases().items()
        if not is_correct(text := recognizer.analyze(load_image(file)).text, truth)
    }
    assert set(wrong) <= _OPEN, wrong
