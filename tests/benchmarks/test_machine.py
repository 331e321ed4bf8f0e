"""The processor time of a process."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from machine import cpu_seconds


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_cpu_seconds_agree_with_process_time() -> None:
    """Both count all threads; /proc counts in ticks, usually of 10 ms."""
    before, start = cpu_seconds(os.getpid()), time.process_time()
    end = time.monotonic() + 10
    while time.process_time() < start + 0.2 and time.monotonic() < end:
        np.linalg.svd(np.ones((100, 100)))
    used = time.process_time() - start
    assert cpu_seconds(os.getpid()) - before == pytest.approx(used, abs=0.05)
