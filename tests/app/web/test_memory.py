"""Freed memory goes back to the system."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.web import memory

ROOT = Path(__file__).resolve().parents[3]

HOLD_AND_FREE = """
from pathlib import Path
from app.web.memory import give_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

pieces = [bytes(1000) for _ in range(200_000)]
last = pieces[-1]  # which lies above all the others, so that the allocator gives nothing back by itself
del pieces
before = resident()
give_back()
print(before - resident())
"""


COUNT_ARENAS = """
import ctypes
import sys
import tempfile
import threading

from app.web.memory import use_few_arenas

if sys.argv[1] == "few":
    use_few_arenas()
together = threading.Barrier(13)

def allocate():
    kept = [bytes(1000) for _ in range(1000)]
    together.wait()
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads:
    thread.start()
together.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as told:
    stream = ctypes.c_void_p(libc.fopen(told.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(told.read().count(b"<heap "))
together.wait()
"""

glibc_alone = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries do this by themselves"
)


def printed(program: str, *arguments: str) -> int:
    command = [sys.executable, "-c", program, *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return int(done.stdout)


@glibc_alone
def test_what_was_freed_is_given_back():
    assert printed(HOLD_AND_FREE) > 150e6


def test_it_is_given_back_again_and_again_until_the_end(monkeypatch: pytest.MonkeyPatch):
    given = threading.Semaphore(0)
    monkeypatch.setattr(memory, "give_back", given.release)
    monkeypatch.setattr(memory, "EVERY", 0.01)
    before = threading.active_count()
    with memory.giving_back():
        assert all(given.acquire(timeout=10) for _ in range(3))
    assert threading.active_count() == before


@glibc_alone
def test_threads_share_few_arenas():
    assert printed(COUNT_ARENAS, "few") <= memory.ARENAS < printed(COUNT_ARENAS, "as ever")


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "_glibc", lambda _: None)
    memory.give_back()
    memory.use_few_arenas()
