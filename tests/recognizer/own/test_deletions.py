"""Deleting own actions: for a day all comes back, and over nothing that is there."""

from __future__ import annotations

import time

import pytest

from recognizer.own import deletions as module
from recognizer.own.collection import Collections
from recognizer.own.errors import CollectionError
from tests.recognizer.own.motions import recording


def test_deleting_can_be_undone(home: Collections):
    made = home.make("gym")
    first, second = made.add("raise", recording(), both_sides=True), made.add("raise", recording(seed=1))
    one = made.delete("raise", first)
    assert made.recordings("raise") == (second,)
    home.restore(one)
    assert made.recordings("raise") == tuple(sorted((first, second)))
    action = made.delete("raise")
    assert made.actions() == ()
    home.restore(action)
    assert made.actions() == ("raise",) and made.about("raise").both_sides
    everything = made.delete()
    assert home.names() == ()
    home.restore(everything)
    assert home.open("gym").recordings("raise") == tuple(sorted((first, second)))


def test_a_video_goes_with_its_recording_and_comes_back_with_it(home: Collections):
    made = home.make("gym")
    first, second = made.add("raise", recording()), made.add("raise", recording(seed=1))
    for name in (first, second):
        made.video("raise", name).write_text(name)
    one = made.delete("raise", first)
    assert made.videos("raise") == (second,) and not made.video("raise", first).exists()
    action = made.delete("raise")
    assert not list(made.folder.iterdir())
    home.restore(action)
    home.restore(one)
    assert [made.video("raise", name).read_text() for name in (first, second)] == [first, second]
    assert not list((home.root / ".deleted").iterdir())


def test_undoing_overwrites_nothing_and_leads_nowhere(home: Collections):
    made = home.make("gym")
    made.add("raise", recording())
    deleted = made.delete("raise")
    new = made.add("raise", recording(seed=2))
    with pytest.raises(CollectionError, match="another of this name"):
        home.restore(deleted)
    assert made.recordings("raise") == (new,)
    for token, place in ((deleted.token, "../../x"), ("../gym", "y"), (deleted.token, "/tmp/x")):
        with pytest.raises(CollectionError):
            home.restore(module.Deleted(token, place))


def test_what_was_deleted_long_ago_is_gone(home: Collections, monkeypatch: pytest.MonkeyPatch):
    made = home.make("gym")
    made.add("raise", recording())
    made.video("raise", made.recordings("raise")[0]).touch()
    deleted = made.delete("raise", made.recordings("raise")[0])
    made.add("circle", recording())
    now = time.time_ns()
    monkeypatch.setattr(module.time, "time_ns", lambda: now + int(module.UNDO * 1.1e9))
    made.delete("circle")
    with pytest.raises(CollectionError, match="too long ago"):
        home.restore(deleted)
    assert len(list((home.root / ".deleted").iterdir())) == 1, "the circle alone"
