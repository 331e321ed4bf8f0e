"""The machine of a measurement, and what a process uses of it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path


def describe_machine(cores: int | None = None) -> str:
    """Python, system, cores (those used, if fewer than all) and load, for a table's heading."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    used = f"{cores} of {os.cpu_count()}" if cores else os.cpu_count()
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{used} cores; load average {load}"
    )


@dataclass(frozen=True)
class Usage:
    """What a process uses now.

    Attributes:
        memory: resident, in MB.
        threads: their number.
        sockets: the number that is open.
    """

    memory: float
    threads: int
    sockets: int


def usage(process: int) -> Usage:
    """What a process uses now, by its ID; needs Linux's /proc."""
    folder = Path(f"/proc/{process}")
    lines = (folder / "status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    sockets = 0
    for entry in (folder / "fd").iterdir():
        try:
            sockets += str(entry.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue  # closed meanwhile
    memory = int(status["VmRSS"].split()[0]) * 1024 / 1e6
    return Usage(memory, int(status["Threads"]), sockets)
