"""What the tests of the commands share."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import write_image
from support.own_strokes import OWN_STROKES


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Dark ink on white: 407."""
    return write_image(tmp_path / "407.png", *(OWN_STROKES[digit] for digit in (4, 0, 7)))
