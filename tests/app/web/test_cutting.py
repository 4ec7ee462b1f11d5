"""A part of an analysed video teaches an own action, or one sentence says why it cannot."""

from __future__ import annotations

import errno
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.video.skeletons import SkeletonWriter
from app.web.analysis import Outcome
from app.web.cutting import CutError, CuttingView, own_choices, teach
from app.web.school import School
from recognizer.own.collection import Collections
from recognizer.own.errors import CollectionError
from recognizer.own.recordings import RecordingError
from recognizer.predictor import WindowRecognizer
from tests.app.rooms import NOTHING
from tests.app.web.test_teaching import SOON, Tab
from tests.recognizer.own.motions import poses

CLAPS = replace(NOTHING, source="clip.mp4", duration=30.0)


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(Collections(tmp_path / "collections"))


@pytest.fixture
def outcome(tmp_path: Path) -> Outcome:
    """Of half a minute: one lifts an arm for 2 s and rests until 28 s, from 24 s to 26 s beside another."""
    one = poses("raise", 2.0) + poses("rest", 28.0, start=2.0)
    with closing(SkeletonWriter()) as writer:
        for time, pose in one:
            here = {3: pose} if time < 28 else {}
            writer.add(time, here | ({5: pose} if 24 <= time < 26 else {}))
        writer.save(tmp_path / "kept.npz", (3, 5))
    return Outcome(CLAPS, tmp_path, landmarks=tmp_path / "kept.npz")


def test_the_part_becomes_a_recording_that_everybody_hears_of(school: School, outcome: Outcome):
    name, said = teach(outcome, school, 0.5, 1.5, " lift ", "gym")
    assert name == "gym" and said.startswith("Kept 1.0 s of lift in gym. It has 1 of three to five")
    assert school.changes("gym") == 1
    assert own_choices(school) == [("Built-in ones only", ""), ("gym", "gym")]
    (recording,) = school.home.open("gym").recordings("lift")
    kept = school.home.open("gym").read("lift", recording)
    expected = [pose for time, pose in poses("raise", 2.0) if 0.5 <= time <= 1.5]
    assert kept.times == pytest.approx(np.arange(len(expected)) / 30, abs=1e-6)
    np.testing.assert_allclose(kept.image, [pose.image for pose in expected], atol=0.01)
    np.testing.assert_allclose(kept.world, [pose.world for pose in expected], atol=1e-5)
    for _ in range(2):
        _, said = teach(outcome, school, 0, 2, "lift", "gym")
    assert said == "Kept 2.0 s of lift in gym. The next analysis knows it."


def test_a_live_page_that_recognises_the_collection_learns_it(
    school: School, outcome: Outcome, banked: tuple[WindowRecognizer, str]
):
    live = Tab(school, banked[0], [banked[1]])
    school.home.make("gym")
    live.teaching.choose("gym")
    assert not live.heard.get(timeout=SOON)["learnt"]
    teach(outcome, school, 0, 2, "lift", "gym")
    live.teaching.look()
    assert live.heard.get(timeout=SOON)["learnt"]
    assert live.pupil.recognizers[-1].classes == (*banked[0].classes, "lift")


def test_without_a_name_the_collection_is_the_live_tabs(school: School, outcome: Outcome):
    for collection in ("", "  ", None):
        assert teach(outcome, school, 0, 2, "lift", collection)[0] == "mine"


def test_what_is_no_action_needs_no_five_recordings(school: School, outcome: Outcome):
    assert "five" not in teach(outcome, school, 4, 6, "nothing", "gym")[1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((28.5, 29.5, "lift", "gym"), "From 28.5 s to 29.5 s: no person is in the picture"),
        ((40, 50, "lift", "gym"), "no person is in the picture"),
        ((24, 26, "lift", "gym"), "From 24 s to 26 s: two are in the picture; show one person alone"),
        ((0.5, 0.7, "lift", "gym"), "record at least 0.4 s"),
        ((0, 22, "lift", "gym"), "of 20 s at most"),
        ((2, 1, "lift", "gym"), "1 s is not after 2 s"),
        ((1, 1, "lift", "gym"), "1 s is not after 1 s"),
        ((None, 1, "lift", "gym"), "start and end in seconds"),
        ((0, float("nan"), "lift", "gym"), "start and end in seconds"),
        ((0, "2", "lift", "gym"), "start and end in seconds"),
        ((0, 2, "", "gym"), "Name the action first"),
        ((0, 2, None, "gym"), "Name the action first"),
        ((0, 2, "../out", "gym"), "is no name for an action"),
        ((0, 2, "lift", "../gym"), "is no name for a collection"),
        ((0, 2, "x" * 61, "gym"), "is no name for an action"),
    ],
)
def test_what_cannot_be_taught_is_one_sentence_and_nothing_is_made(
    school: School, outcome: Outcome, given: tuple, words: str
):
    with pytest.raises((CutError, RecordingError, CollectionError), match=words) as caught:
        teach(outcome, school, *given)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert school.home.names() == () and not (school.home.root.parent / "out").exists()


def test_without_a_result_or_its_landmarks_it_is_said_what_to_do(school: School, outcome: Outcome):
    with pytest.raises(CutError, match="Analyse a video first"):
        teach(None, school, 0, 2, "lift", "gym")
    with pytest.raises(CutError, match="upload only the part"):
        teach(replace(outcome, landmarks=None), school, 0, 2, "lift", "gym")
    outcome.landmarks.unlink()
    with pytest.raises(CutError, match=r"press Analyse again, then teach\.$"):
        teach(outcome, school, 0, 2, "lift", "gym")
    assert school.home.names() == ()


def test_a_full_disk_leaves_what_there_was(school: School, outcome: Outcome, monkeypatch: pytest.MonkeyPatch):
    teach(outcome, school, 0, 2, "lift", "gym")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("recognizer.own.collection.write_recording", full)
    for action in ("lift", "other"):
        with pytest.raises(OSError, match="No space"):
            teach(outcome, school, 0, 2, action, "gym")
    assert school.home.open("gym").actions() == ("lift",)
    assert len(school.home.open("gym").recordings("lift")) == 1 and school.changes("gym") == 1


def test_a_new_result_offers_all_of_its_video(outcome: Outcome):
    assert CuttingView.shown(outcome) == (0, 30.0, "")
