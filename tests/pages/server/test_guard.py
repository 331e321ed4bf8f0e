"""Who may connect: Origin and Host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.requests import HTTPConnection
from streamlit import net_util
from streamlit.web.server.starlette import starlette_websocket

from pages.server import guard

SetOption = Callable[[str, object], None]


@pytest.fixture(autouse=True)
def _other_machine(monkeypatch: pytest.MonkeyPatch, set_option: SetOption) -> None:
    """A server that others may use; Streamlit would ask a public server for its address."""
    set_option("server.allowedHosts", [])
    monkeypatch.setattr(net_util, "get_external_ip", lambda: "203.0.113.7")
    monkeypatch.setattr(net_util, "get_internal_ip", lambda: "192.0.2.8")


def allowed(origin: str | None, host: str | None) -> bool:
    """Does the guard let these headers pass? Streamlit's own socket must agree."""
    headers = {"origin": origin, "host": host}
    raw = [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
    answer = asyncio.run(guard.is_allowed(HTTPConnection({"type": "http", "headers": raw})))
    assert answer is starlette_websocket._is_origin_allowed(origin, host)
    return answer


@pytest.mark.parametrize(
    ("origin", "host", "expected"),
    [
        ("http://lab.example:8501", "lab.example:8501", True),
        ("https://lab.example", "lab.example", True),
        ("http://localhost:3000", "lab.example", True),
        ("http://203.0.113.7", "lab.example", True),
        ("http://192.0.2.8:8501", "lab.example", True),
        (None, "lab.example", True),
        (None, None, True),
        ("https://evil.example", "lab.example", False),
        ("https://lab.example.evil.example", "lab.example", False),
        ("http://lab.example:1", "lab.example:8501", False),
        ("null", "lab.example", False),
        ("", "lab.example", False),
        ("no url at all", "lab.example", False),
    ],
)
def test_only_pages_of_this_app_may_connect(
    origin: str | None, host: str | None, expected: bool
) -> None:
    assert allowed(origin, host) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("lab.example", True),
        ("LAB.example.:8501", True),
        ("a.school.example", True),
        ("school.example", False),
        ("evil.example", False),
        ("lab.example@evil.example", False),
        ("lab.example:port", False),
        (None, False),
    ],
)
def test_allowed_hosts_are_obeyed(set_option: SetOption, host: str | None, expected: bool) -> None:
    set_option("server.allowedHosts", ["lab.example", "*.school.example"])
    assert allowed(None, host) is expected
    assert allowed(f"http://{host}", host) is expected


def test_allowed_origins_and_disabled_protection_are_obeyed(set_option: SetOption) -> None:
    assert not allowed("https://partner.example", "lab.example")
    set_option("server.corsAllowedOrigins", ["https://partner.example"])
    assert allowed("https://partner.example", "lab.example")
    assert not allowed("https://evil.example", "lab.example")
    set_option("server.enableCORS", False)
    assert allowed("https://evil.example", "lab.example")


def test_nobody_has_a_session_without_a_server() -> None:
    assert not guard.has_session("")
    assert not guard.has_session("a session")
