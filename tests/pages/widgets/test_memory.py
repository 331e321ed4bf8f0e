"""Memory that is given back to the system."""

from __future__ import annotations

import sys

import pytest

from pages.widgets import memory


@pytest.mark.skipif(sys.platform != "linux", reason="needs glibc")
def test_glibc_takes_the_number_of_heaps() -> None:
    if memory._glibc() is None:
        pytest.skip("another C library")
    assert memory.limit_heaps()


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not memory.limit_heaps()
    assert not memory.give_back()
