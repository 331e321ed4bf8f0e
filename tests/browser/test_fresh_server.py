"""The first visit of a server: Streamlit does not know the pages of `st.navigation` yet."""

from __future__ import annotations

import re
import socket
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser.conftest import ROOT, OpenPage, running_app
from playwright.sync_api import Page, expect


def expect_three_pages(page: Page) -> None:
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links).to_have_text(
        [re.compile(name) for name in ("Draw", "Webcam", "Train and evaluate")]
    )


@pytest.mark.slow
def test_unknown_page_leads_to_the_draw_page(tmp_path: Path, open_page: OpenPage) -> None:
    """`pages/ice.py`, a module without a page, was once served as an empty page."""
    with running_app(tmp_path / "log.txt") as address:
        page = open_page(address, "ice")
        expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
        expect_three_pages(page)
        expect(page.get_by_role("dialog")).to_contain_text("Page not found")


def test_first_visitor_can_open_the_webcam_page(tmp_path: Path, open_page: OpenPage) -> None:
    with running_app(tmp_path / "log.txt") as address:
        page = open_page(address, "webcam")
        expect(page.get_by_role("heading", name="Show a digit")).to_be_visible()
        expect_three_pages(page)
        assert page.url == f"{address}/webcam"
        expect(page.get_by_role("combobox", name="Model")).to_be_visible()


@pytest.mark.parametrize(
    ("host", "status"), [("localhost", 101), ("127.0.0.1", 101), ("other.example", 403)]
)
def test_page_of_another_name_for_this_machine_is_refused(app: str, host: str, status: int) -> None:
    """DNS rebinding: the page's name and its `Origin` agree, but are not this server's."""
    address = urlsplit(app)
    request = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}:{address.port}\r\n"
        f"Origin: http://{host}:{address.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(request.encode())
        assert int(connection.recv(4096).split()[1]) == status


def test_server_listens_on_this_machine_only_unless_asked_otherwise() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["address"] == "localhost"
    assert settings["client"]["showErrorDetails"] == "none"
