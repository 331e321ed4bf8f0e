"""The machine of a measurement, its cores, and what a process uses of it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def limit_cores(cores: int | None) -> Iterator[None]:
    """Start processes on the first `cores` cores, or on all, where the system supports it."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def cpu_seconds(process: int) -> float:
    """The CPU time of a process so far, in seconds; needs Linux's /proc."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
