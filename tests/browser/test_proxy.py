"""Two replicas behind the proxy of deploy/Caddyfile: HTTPS, sockets, uploads, and its cookie."""

from __future__ import annotations

import hmac
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from browser.conftest import Address, OpenPage, running_app
from browser.test_draw import draw, expect_reading, ready
from browser.test_photo import expect_photo, picture_of, upload
from support.own_strokes import OWN_STROKES

from mnist_core.storage.paths import PROJECT

pytestmark = [
    pytest.mark.slow,  # three servers
    pytest.mark.skipif(shutil.which("caddy") is None, reason="needs Caddy"),
]
SECRET = "a-secret"


@contextmanager
def proxy(replicas: list[str], folder: Path) -> Iterator[str]:
    """The proxy in front of these hosts, with a certificate of its own; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    file = folder / "Caddyfile"
    # On this machine alone: its certificate becomes no trusted one, and port 80 stays free.
    options = "skip_install_trust\nauto_https disable_redirects\nadmin off"
    file.write_text(f"{{\n{options}\n}}\nimport {PROJECT / 'deploy' / 'Caddyfile'}\n")
    environment = os.environ | {
        "DOMAIN": f"localhost:{port}",
        "COOKIE_SECRET": SECRET,
        "REPLICAS": " ".join(replicas),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    log = folder / "caddy.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"],
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        end = time.monotonic() + 60
        while "serving initial configuration" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.wait(60)


def test_visitor_stays_at_a_replica_until_it_ends(tmp_path: Path, open_page: OpenPage) -> None:
    with ExitStack() as stack:
        apps: dict[str, tuple[Address, ExitStack]] = {}
        for number in (1, 2):
            own = stack.enter_context(ExitStack())
            address = own.enter_context(
                running_app(
                    tmp_path / f"app-{number}.txt",
                    "--server.allowedHosts=localhost",
                    STREAMLIT_SERVER_COOKIE_SECRET=SECRET,
                    FORWARDED_ALLOW_IPS="*",
                )
            )
            host = address.removeprefix("http://")
            # What Caddy writes into the cookie.
            apps[hmac.new(SECRET.encode(), host.encode(), "sha256").hexdigest()] = (address, own)
        hosts = [address.removeprefix("http://") for address, _ in apps.values()]
        address = stack.enter_context(proxy(hosts, tmp_path))
        page = ready(open_page(address, ignore_https_errors=True))

        def replica() -> str:
            return next(c["value"] for c in page.context.cookies() if c["name"] == "replica")

        first = replica()
        assert first in apps
        draw(page, OWN_STROKES[4])
        expect_reading(page, "4")
        for _ in range(3):
            page.reload()
            ready(page)
            assert replica() == first
        upload(page, "sheet.png", picture_of((4, 7)))
        expect_photo(page, "47")
        apps[first][1].close()
        page.goto(address)
        ready(page)
        assert replica() in set(apps) - {first}
        draw(page, OWN_STROKES[2])
        expect_reading(page, "2")
