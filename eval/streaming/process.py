"""A process's processor time and memory, from ``/proc``, which Linux alone has."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_KB_OF_MB = 1024


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    user, system = fields[11:13]
    return (int(user) + int(system)) / _TICKS


def memory_mb(pid: int) -> float:
    """Return the memory that a process holds."""
    return _field(pid, "VmRSS")


def most_memory_mb(pid: int) -> float:
    """Return the most memory that a process held since ``forget_most``."""
    return _field(pid, "VmHWM")


def forget_most(pid: int) -> None:
    """Let the most memory that a process held be what it holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _field(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / _KB_OF_MB
    raise ValueError(f"process {pid} has no {name}")
