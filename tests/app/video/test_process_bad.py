"""Whole videos whose times and sizes are not sane: nothing breaks, and what is held stays bounded."""

from pathlib import Path

import av
import numpy as np
import pytest

from app.core.subjects import PEOPLE
from app.video.process import process_video
from app.video.run import MOST_WAITING, Cancelled, Run
from pose.sources import Frame, VideoFile, VideoInfo


class Scripted(VideoFile):
    """A video file whose frames come at the times that are written here."""

    def __init__(self, timestamps, fps=30.0, size=(160, 120)):
        self.path, self.name, self.problem = Path("scripted.mp4"), "scripted.mp4", None
        self.info = VideoInfo(*size, fps, None, None)
        self.timestamps = timestamps

    def __iter__(self):
        for number, timestamp in enumerate(self.timestamps):
            yield Frame(np.full((self.info.height, self.info.width, 3), number % 250, np.uint8), timestamp)


@pytest.fixture
def analyse(fakes):
    def run(video, recognizer=None, **options):
        run.estimator = fakes.Estimator(lambda t: [fakes.pose(80, 60, 10, (160, 120))])
        return process_video(video, recognizer or fakes.Recognizer(), estimator=run.estimator, **options)

    return run


def frames_in(path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_few_frames_wait_whatever_their_times(analyse, tmp_path, monkeypatch):
    waiting = []
    analyse_one = Run._analyse
    monkeypatch.setattr(
        Run, "_analyse", lambda run, *rest: waiting.append(len(run._waiting)) or analyse_one(run, *rest)
    )
    analyse(Scripted([0.0] * 200), video_out=tmp_path / "o.mp4")
    assert max(waiting) == MOST_WAITING
    assert frames_in(tmp_path / "o.mp4") == 200


def test_after_a_burst_of_frames_the_usual_rate_goes_on(analyse):
    burst = np.arange(500) / 10_000
    after = 0.1 + np.arange(60) / 30
    analyse(Scripted([*burst, *after]))
    late = [time for time in analyse.estimator.times if time > 0.1]
    assert len(late) == pytest.approx(40, abs=2) and np.diff(late).max() < 0.11


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_frames_that_share_one_time(analyse, count):
    (person,) = analyse(Scripted([0.0] * count)).persons
    assert person.summary[0].label == "wave"


def test_a_file_whose_frames_share_one_time(analyse, make_video, tmp_path):
    """Written by hand, as encoders refuse to: the container's clock has no ticks."""
    path = tmp_path / "a.mkv"
    with av.open(str(make_video(2.0, 30))) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.pts = packet.dts = 0
                packet.stream = stream
                target.mux(packet)
    result = analyse(path, video_out=tmp_path / "o.mp4")
    assert 0.9 < result.duration < 2.1 and len(result.persons) == 1
    assert frames_in(tmp_path / "o.mp4") > 50


def test_no_frame_at_all(analyse, tmp_path):
    result = analyse(Scripted([]), video_out=tmp_path / "o.mp4", skeleton_out=tmp_path / "o.npz")
    assert (result.persons, result.duration, result.message) == ((), 0.0, PEOPLE.missing_in_video)


def test_hours_without_a_frame_ask_for_no_windows(analyse, fakes):
    recognizer = fakes.Recognizer()
    analyse(Scripted([0.0, 0.1, 0.2, 36_000.0, 36_000.1]), recognizer)
    assert len(recognizer.windows) == 2  # one a visit


@pytest.mark.parametrize("size", [(1, 1), (2, 30000), (30000, 2)])
def test_tiny_and_oblong_pictures(analyse, tmp_path, size):
    analyse(Scripted([0.0, 0.1, 0.2], size=size), video_out=tmp_path / "o.mp4")
    assert frames_in(tmp_path / "o.mp4") == 3


@pytest.mark.parametrize("size", [(1, 1), (2, 30000), (30000, 2)])
def test_mediapipe_takes_tiny_and_oblong_pictures(fakes, size):
    assert process_video(Scripted([0.0, 0.1], size=size), fakes.Recognizer()).persons == ()


def test_after_an_error_waiting_windows_are_not_looked_at(analyse, fakes):
    recognizer = fakes.Recognizer(delay=0.3)
    before = []

    def cancelled():
        before.append(len(recognizer.asked_for_attention))
        return len(before) > 300

    with pytest.raises(Cancelled):
        analyse(Scripted(np.arange(3000) / 30), recognizer, cancelled=cancelled)
    # One is being looked at; of those that wait, the drawing thread has asked for the first.
    assert len(recognizer.asked_for_attention) - before[-1] <= 2
