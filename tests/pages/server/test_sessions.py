"""Sessions of visitors who have left are forgotten without another visitor."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser.conftest import running_app
from support.visitors import visitor


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="counts the sockets in Linux's /proc")
def test_sockets_of_the_last_visitor_are_closed(tmp_path: Path) -> None:
    # A server that looks each second; app.py is loaded after this module.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'streamlit' in sys.orig_argv:\n"
        "    from pages.server import sessions\n"
        "    sessions._INTERVAL = 0.5\n"
    )
    path = f"{tmp_path}:{Path(__file__).resolve().parents[3]}"
    options = "--server.disconnectedSessionTTL=1"
    with running_app(tmp_path / "log.txt", options, PYTHONPATH=path) as address:
        host = urlsplit(address).netloc
        with visitor(host, page="webcam"):
            pass  # The first one opens sockets that the server keeps.
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(visitor(host, page="webcam"))
            during = sockets(address.pid)
        end = time.monotonic() + 30
        # Each of them has had its page's socket and two of its session.
        while sockets(address.pid) > during - 9 and time.monotonic() < end:
            time.sleep(0.2)
        assert sockets(address.pid) <= during - 9


def sockets(process: int) -> int:
    """The number of sockets that a process has open."""
    number = 0
    for entry in Path(f"/proc/{process}/fd").iterdir():
        try:
            number += str(entry.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue  # closed meanwhile
    return number
