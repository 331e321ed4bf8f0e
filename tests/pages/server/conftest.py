"""Fixtures for tests of the server's own routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from streamlit import config
from support.sockets import SESSION

from pages.server import guard, readers


@pytest.fixture(autouse=True)
def _fresh_models() -> None:
    readers._recognizer.cache_clear()


@pytest.fixture
def set_option() -> Iterator[Callable[[str, object], None]]:
    """Set options of Streamlit for one test."""
    before: dict[str, tuple[object, str]] = {}

    def set_option(name: str, value: object) -> None:
        before.setdefault(name, (config.get_option(name), config.get_where_defined(name)))
        config.set_option(name, value)

    yield set_option
    for name, (value, where) in before.items():
        config.set_option(name, value, where)


@pytest.fixture(scope="module")
def sessions() -> Iterator[set[str]]:
    """The IDs of the sessions whose pages are open."""
    ids = {SESSION}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guard, "has_session", ids.__contains__)
        yield ids
