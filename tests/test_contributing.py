"""The worked examples of CONTRIBUTING.md work."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import worked_examples
from support.processes import run_in_fresh_process, run_with_tensorflow

HEADINGS = ("An architecture", "A chart", "A page", "A corruption")


def test_there_is_an_example_of_each() -> None:
    assert tuple(worked_examples.examples()) == HEADINGS


@pytest.mark.parametrize("heading", HEADINGS)
def test_worked_example(heading: str, tmp_path: Path) -> None:
    start = run_with_tensorflow if heading == "An architecture" else run_in_fresh_process
    assert len(start(worked_examples.run, heading, str(tmp_path))) == 1
