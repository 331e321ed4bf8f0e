"""The machine of a measurement."""

from __future__ import annotations

import os
import platform


def describe_machine(cores: int | None = None) -> str:
    """Python, system, cores (those used, if fewer than all) and load, for a table's heading."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    used = f"{cores} of {os.cpu_count()}" if cores else os.cpu_count()
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{used} cores; load average {load}"
    )
