"""Readings of these tests do not depend on the speed of the machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mnist_core.inference import selection

# Seconds.
PATIENT = 60


@pytest.fixture(scope="module", autouse=True)
def _patient_readings(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave more time for a reading, but in the tests of that time."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.stem != "test_clutter":
            patch.setattr(selection, "READING_SECONDS", PATIENT)
        yield
