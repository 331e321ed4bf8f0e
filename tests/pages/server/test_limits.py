"""The limit of readings per second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.server.limits import RateLimit


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_burst_is_allowed_then_one_per_interval() -> None:
    clock = Clock()
    limit = RateLimit(per_second=10, burst=3, clock=clock)
    assert [limit.ask("ann") for _ in range(3)] == [0, 0, 0]
    assert limit.ask("ann") == pytest.approx(0.1)
    assert limit.ask("ann") == pytest.approx(0.1), "asking in vain costs nothing"
    clock.now += 0.1001
    assert limit.ask("ann") == 0
    assert limit.ask("ann") > 0


def test_visitors_do_not_wait_for_each_other() -> None:
    limit = RateLimit(per_second=1, burst=1, clock=Clock())
    assert limit.ask("ann") == 0
    assert limit.ask("ann") > 0
    assert limit.ask("ben") == 0


def test_visitors_of_the_past_are_forgotten() -> None:
    clock = Clock()
    limit = RateLimit(per_second=10, burst=2, clock=clock)
    for number in range(10_000):
        assert limit.ask(f"visitor {number}") == 0
        clock.now += 0.01
    assert len(limit._paid) < 1100


@given(
    rate=st.floats(0.5, 500),
    burst=st.integers(1, 20),
    pauses=st.lists(st.floats(0, 2), min_size=1, max_size=50),
)
def test_no_more_than_the_rate_and_the_burst_are_allowed(
    rate: float, burst: int, pauses: list[float]
) -> None:
    clock = Clock()
    limit = RateLimit(rate, burst, clock)
    start, allowed = clock.now, 0
    for pause in pauses:
        clock.now += pause
        wait = limit.ask("ann")
        allowed += wait == 0
        assert allowed <= burst + (clock.now - start) * rate + 1e-3
        if wait:
            clock.now += wait
            assert limit.ask("ann") == 0, "after the wait it is allowed"
            allowed += 1
