"""Ctrl-C at odd moments."""

import contextlib
import ctypes
import os
import signal
import sys
import time

import pytest

from app.commands.interrupts import interruptible, until_interrupted


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)  # Python runs the handler between two of its instructions


@pytest.fixture(autouse=True)
def default_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_one_stops_and_later_ones_do_not_disturb_the_cleaning_up():
    cleaned = []
    with pytest.raises(KeyboardInterrupt), interruptible() as interrupted:
        try:
            assert not interrupted.is_set()
            press()
        finally:
            press()
            press()
            cleaned.append(interrupted.is_set())
    assert cleaned == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_where_the_exception_is_lost_the_event_is_not(capfd):
    class Finaliser:
        def __del__(self):
            press()

    hook = sys.unraisablehook
    with interruptible() as interrupted:
        Finaliser()
        assert interrupted.is_set()
    assert capfd.readouterr().err == ""
    assert sys.unraisablehook is hook


def test_where_nobody_asks_the_event_it_is_raised_again(capfd):
    class Finaliser:
        def __del__(self):
            press()

    with pytest.raises(KeyboardInterrupt), interruptible(insist=True):
        Finaliser()
        time.sleep(20)
    with interruptible(insist=True):  # none is left for what comes after
        Finaliser()
    time.sleep(1.1)
    assert capfd.readouterr().err == ""


def test_one_that_was_taken_for_something_else_does_not_make_the_next_one_void():
    with pytest.raises(KeyboardInterrupt), interruptible(insist=True):
        with contextlib.suppress(BaseException):
            press()
        press()
        pytest.fail("the second one does nothing")


def test_cleaning_up_is_not_cut_short_where_it_is_repeated():
    cleaned = []
    with pytest.raises(ValueError), interruptible(insist=True):
        try:
            press()
        except KeyboardInterrupt as stop:
            try:
                press()
                raise ValueError from stop
            finally:
                time.sleep(1.2)  # longer than until the repetition
                press()
                cleaned.append(True)
    assert cleaned == [True]
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_other_lost_exceptions_are_told(capfd):
    class Finaliser:
        def __del__(self):
            raise ValueError("told")

    said = []
    before, sys.unraisablehook = sys.unraisablehook, lambda lost: said.append(str(lost.exc_value))
    try:
        with interruptible():
            Finaliser()
    finally:
        sys.unraisablehook = before
    assert said == ["told"]


def test_what_native_code_prints_is_told_unless_it_is_the_interrupt(capfd):
    hook, run = sys.excepthook, ctypes.pythonapi.PyRun_SimpleString  # prints what it raises, and goes on
    with interruptible():
        assert run(b"raise KeyboardInterrupt") == -1
        assert capfd.readouterr().err == ""
        assert run(b"raise ValueError('told')") == -1
        assert "ValueError: told" in capfd.readouterr().err
    assert sys.excepthook is hook


def test_a_program_in_the_background_goes_on_ignoring_it():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interruptible() as interrupted:
        press()
        assert not interrupted.is_set()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_work_without_an_end_is_ended_by_the_first_and_stopped_by_the_second():
    with pytest.raises(KeyboardInterrupt), interruptible() as interrupted, until_interrupted() as ended:
        press()
        assert ended.is_set() and not interrupted.is_set()
        press()
