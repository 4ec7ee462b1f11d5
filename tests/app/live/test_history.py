"""The last half minute of labels."""

from __future__ import annotations

import pytest

from app.live import history as module
from app.live.history import HISTORY, History
from app.live.view import HistorySegment


def test_a_label_that_goes_on_is_one_segment_and_one_that_comes_back_another():
    history = History(gap=1.0, beat=0.5)
    for timestamp in (0.0, 0.9, 1.9, 4.0, 4.5):
        history.show(0, "wave", timestamp)
    assert history.segments == (HistorySegment(0, 0.0, 1.9, "wave"), HistorySegment(0, 3.5, 4.5, "wave"))


def test_people_have_segments_of_their_own():
    history = History(gap=1.0, beat=0.5)
    for timestamp in (0.0, 0.5):
        history.show(1, "clap", timestamp)
        history.show(0, None, timestamp)
    assert history.segments == (HistorySegment(0, 0.0, 0.5, None), HistorySegment(1, 0.0, 0.5, "clap"))


def test_what_is_old_goes():
    history = History(gap=100.0, beat=0.5)
    for label, start, end in (("wave", 0.0, 1.0), ("clap", 2.0, 20.0)):
        history.show(0, label, start)
        history.show(0, label, end)
    history.forget(HISTORY + 5)
    assert history.segments == (HistorySegment(0, 5.0, 20.0, "clap"),)


def test_there_are_never_too_many(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_SEGMENTS", 3)
    history = History(gap=1.0, beat=0.0)
    for number in range(10):
        history.show(0, str(number), number / 10)
        history.forget(number / 10)
    assert [segment.label for segment in history.segments] == ["7", "8", "9"]
