"""What docs/SECURITY.md claims and no other test shows."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from support.apps import run_page
from support.own_strokes import OWN_STROKES
from support.servers import encode_digit
from support.strokes import drawn_digit

from mnist_core import Recognizer
from mnist_core.webcam.session import LiveReader

WRITES = os.O_WRONLY | os.O_RDWR
# Audit hooks cannot be removed: there is one for all tests, which adds to the current list.
_written: list[str] | None = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _written is None:
        return
    if event == "open":
        path, _, flags = arguments
        # Bytecode is no picture.
        if isinstance(flags, int) and flags & WRITES and "__pycache__" not in str(path):
            _written.append(str(path))
    elif event in ("sqlite3.connect", "shutil.copyfile", "tempfile.mkstemp"):
        _written.append(f"{event} {arguments}")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """The files that are opened for writing; the temporary folder is this test's."""
    global _written  # noqa: PLW0603
    sys.addaudithook(_watch)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    _written = []
    yield _written
    _written = None


def test_pictures_are_never_written_to_the_disk(
    written: list[str], recognizer: Recognizer, tmp_path: Path
) -> None:
    app = run_page("draw", input="Photo or scan", model="cnn")
    # Larger than what is kept as it is, so that it is encoded again.
    picture = cv2.resize(drawn_digit(OWN_STROKES[4]), (3000, 3000))
    large = bytes(cv2.imencode(".bmp", picture)[1])
    for name, content in (("small.png", encode_digit(7)), ("large.bmp", large)):
        app.file_uploader[0].set_value((name, content, "image/png")).run()
        assert not app.exception
        assert not app.error
    live = LiveReader(recognizer)
    for _ in range(3):
        live.process(cv2.cvtColor(drawn_digit(OWN_STROKES[4]), cv2.COLOR_GRAY2BGR))
    assert written == []
    assert not list(tmp_path.iterdir())
    # The hook does see what is written.
    (tmp_path / "seen").write_text("")
    assert written == [str(tmp_path / "seen")]
