"""Which of the people in a video teaches."""

from __future__ import annotations

import pytest

from app.core.subjects import HANDS, PEOPLE
from app.video.recording import only_one, record_video
from recognizer.own.recordings import RecordingError
from tests.doubles import standing
from tests.recognizer.own.motions import poses

FRAMES = 60


def found(*people: range) -> list:
    """Frames in which each person, by number, is there during a range."""
    moves = poses("raise", FRAMES / 30)
    return [
        (time, {person: pose for person, when in enumerate(people) if frame in when})
        for frame, (time, pose) in enumerate(moves)
    ]


def test_the_only_one_teaches():
    recording = only_one(found(range(10, 50)), PEOPLE, "x")
    assert len(recording.times) == 40 and recording.times[0] == 0


def test_a_passer_by_is_left_out():
    assert len(only_one(found(range(60), range(20, 30)), PEOPLE, "x").times) == 60


def test_two_people_cannot_teach():
    with pytest.raises(RecordingError, match=r"x: two are in the picture; show one person alone"):
        only_one(found(range(60), range(10, 50)), PEOPLE, "x")


@pytest.mark.parametrize(("subject", "name"), [(PEOPLE, "person"), (HANDS, "hand")])
def test_nobody_is_told(subject, name: str):
    with pytest.raises(RecordingError, match=f"x: no {name} is in the picture"):
        only_one([(0.0, {}), (1.0, {})], subject, "x")


class Seer:
    """Sees somebody who stands, in every picture."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def estimate(self, image, timestamp):
        self.times.append(timestamp)
        return [standing(image.shape[1], image.shape[0])]

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory):
    from app.drawing.example_clip import write_example

    return write_example(tmp_path_factory.mktemp("clip") / "clip.mp4")


def test_only_the_part_that_is_asked_for_is_looked_at(clip):
    seer = Seer()
    recording = record_video(clip, PEOPLE, 1.0, 2.0, seer)
    assert min(seer.times) >= 0.95 and max(seer.times) <= 2.05
    assert 0.8 < recording.duration <= 1.05


def test_an_end_before_the_start_is_told(clip):
    with pytest.raises(RecordingError, match="ends after its start"):
        record_video(clip, PEOPLE, 2.0, 1.0, Seer())
