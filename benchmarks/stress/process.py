"""What Linux tells about a process: its memory, threads and open files."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

MEGABYTE = 10**6


def status(process: int, field: str) -> int:
    """A number of ``/proc/PID/status``: "VmRSS" and "VmHWM" in bytes, "Threads"; 0 once it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field:
                number, *unit = value.split()
                return int(number) * (1024 if unit else 1)
    return 0


def least_memory(process: int, seconds: float) -> int:
    """The least resident memory, in bytes, that it has in so many seconds; 0 once it has ended."""
    until = time.monotonic() + seconds
    least = status(process, "VmRSS")
    while time.monotonic() < until:
        time.sleep(1)
        least = min(least, status(process, "VmRSS"))
    return least


def open_files(process: int) -> int:
    """Number of its open files, sockets included; 0 once it has ended."""
    with suppress(OSError):
        return len(os.listdir(f"/proc/{process}/fd"))
    return 0


def forget_peak(process: int) -> None:
    """Lets "VmHWM", the most memory that it had, count from now."""
    with suppress(OSError):
        Path(f"/proc/{process}/clear_refs").write_text("5")
