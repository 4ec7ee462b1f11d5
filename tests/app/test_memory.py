"""Freed memory goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from app import memory

ROOT = Path(__file__).resolve().parents[2]

HOLD_AND_FREE = """
from pathlib import Path
from app.memory import give_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

pieces = [bytes(1000) for _ in range(200_000)]
last = pieces[-1]  # which lies above all the others, so that the allocator gives nothing back by itself
del pieces
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do this by themselves")
def test_what_was_freed_is_given_back():
    command = [sys.executable, "-c", HOLD_AND_FREE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) > 150e6


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "_malloc_trim", lambda: None)
    memory.give_back()
