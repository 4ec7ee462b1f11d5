"""Native chatter is held back, everything else passes, and threads do not wait for each other."""

from __future__ import annotations

import os
import threading

import pytest

from pose.quiet import quiet_native_libraries

CHATTER = b"W0000 00:00:1.2 3 some.cc:1] chatter\n"
ERROR = b"E0000 00:00:1.2 3 some.cc:1] an error\n"


def test_what_is_not_chatter_still_reaches_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_native_libraries():
        os.write(2, CHATTER + ERROR + b"ours\n" + CHATTER + b"the last line has no end: \xff")
    os.write(2, b" afterwards\n")
    said = capfd.readouterr().err
    assert said == ERROR.decode() + "ours\nthe last line has no end: � afterwards\n"


def test_threads_are_quiet_together_and_hold_back_nothing_of_the_others(
    capfd: pytest.CaptureFixture[str],
) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def stay() -> None:
        with quiet_native_libraries():
            os.write(2, CHATTER)
            inside.set()
            assert go_on.wait(20)
            os.write(2, CHATTER + b"from the thread that stayed\n")

    thread = threading.Thread(target=stay)
    thread.start()
    try:
        assert inside.wait(20)
        for number in range(3):  # gets in although another is there
            with quiet_native_libraries():
                os.write(2, CHATTER + f"picture {number}\n".encode())
            assert capfd.readouterr().err == f"picture {number}\n", "at once, not when the other leaves"
        for half in (b"half a ", b"line\n"):
            with quiet_native_libraries():
                os.write(2, half)
        assert capfd.readouterr().err == "half a line\n"
    finally:
        go_on.set()
        thread.join(20)
    os.write(2, CHATTER)
    assert capfd.readouterr().err == "from the thread that stayed\n" + CHATTER.decode(), "all is as it was"


def test_many_threads_at_once_lose_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    files = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None

    def work(thread: int) -> None:
        for number in range(100):
            with quiet_native_libraries():
                os.write(2, CHATTER + f"{thread}.{number}\n".encode())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    said = capfd.readouterr().err.splitlines()
    assert sorted(said) == sorted(f"{thread}.{number}" for thread in range(6) for number in range(100))
    if files is not None:
        assert len(os.listdir("/proc/self/fd")) == files


def test_an_error_inside_turns_stderr_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="mine"), quiet_native_libraries():
        raise ValueError("mine")
    os.write(2, CHATTER)
    assert capfd.readouterr().err == CHATTER.decode()
