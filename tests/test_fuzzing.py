"""Damaged bytes for every parser; 'make fuzz' tries a million."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from support.fuzzing import fuzz


def test_parsers_raise_only_the_package_s_errors(tmp_path: Path) -> None:
    # A fixed seed: what fails once fails again.
    assert len(set(islice(fuzz(tmp_path, 7), 10_000))) == 15
