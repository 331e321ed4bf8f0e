"""The ICE servers: from the environment, or a default for the page's address."""

from __future__ import annotations

import json

import pytest

from pages.video import ice

STUN = {"urls": ["stun:stun.example.org:3478"]}
TURN = {"urls": "turn:turn.example.org", "username": "someone", "credential": "a secret"}


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("", True),
        ("http://localhost:8501/webcam", True),
        ("http://127.0.0.1:8501", True),
        ("http://[::1]:8501", True),
        ("https://192.168.1.20", True),
        ("https://10.0.0.5:8501", True),
        ("https://teacher-laptop:8501", True),
        ("https://lab.local", True),
        ("https://lab.example.org", False),
        ("https://93.184.216.34", False),
    ],
)
def test_is_local_recognizes_addresses_in_the_same_network(url: str, local: bool) -> None:
    assert ice.is_local(url) is local


def test_servers_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ice.VARIABLE, json.dumps([STUN, TURN]))
    assert ice.servers() == [STUN, {**TURN, "urls": [TURN["urls"]]}]
    monkeypatch.setenv(ice.VARIABLE, "[]")
    assert ice.servers() == []


@pytest.mark.parametrize(
    "configured",
    [
        "{",
        '"stun:stun.example.org"',
        '{"urls": "stun:stun.example.org"}',
        '[{"url": "stun:stun.example.org"}]',
        '[{"urls": []}]',
        '[{"urls": "https://stun.example.org"}]',
        '[{"urls": "turn:turn.example.org"}]',
        '[{"urls": "turn:turn.example.org", "username": "someone"}]',
        '[{"urls": "stun:stun.example.org", "password": "a secret"}]',
        "[3]",
    ],
)
def test_servers_refuse_an_invalid_list(configured: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ice.VARIABLE, configured)
    with pytest.raises(ValueError, match="Received"):
        ice.servers()


def test_servers_do_not_show_secrets_in_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ice.VARIABLE, json.dumps([{**TURN, "password": "hidden"}]))
    with pytest.raises(ValueError, match="Received") as error:
        ice.servers()
    assert "a secret" not in str(error.value)
    assert "hidden" not in str(error.value)
