"""How often one visitor may ask, so that nobody makes the others wait."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["RateLimit"]

# Seconds; sums of intervals are rounded.
_ROUNDING = 1e-6
# From this number of visitors on, those who may ask at once are forgotten.
_MANY = 1000


class RateLimit:
    """At most `per_second` actions a second for each visitor, after a burst of `burst`.

    The generic cell rate algorithm (ATM Forum, "Traffic Management Specification 4.0", 1996): one
    number for each visitor, the time at which the actions so far are paid for. Used by one event
    loop; it has no lock.

    Args:
        per_second: above 0.
        burst: at least 1.
        clock: seconds; tests pass their own.
    """

    def __init__(
        self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1 / per_second
        self._tolerance = (burst - 1) * self._interval
        self._clock = clock
        self._paid: dict[str, float] = {}

    def ask(self, visitor: str) -> float:
        """Count an action and return 0, or return the seconds to wait before asking again."""
        now = self._clock()
        paid = max(self._paid.get(visitor, now), now)
        if (wait := paid - now - self._tolerance) > _ROUNDING:
            return wait
        if len(self._paid) >= _MANY:
            self._paid = {name: until for name, until in self._paid.items() if until > now}
        self._paid[visitor] = paid + self._interval
        return 0.0
