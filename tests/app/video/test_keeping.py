"""Who was in a video is kept, and the next analysis of it need not look."""

from __future__ import annotations

import errno
from pathlib import Path

import av
import numpy as np
import pytest

from app.drawing.encoding import VideoWriter
from app.video import keeping, skeletons
from app.video.landmarks import LandmarkFile
from app.video.process import process_video
from app.video.run import Cancelled


class NoEstimator:
    """Must not be asked."""

    def estimate(self, image, timestamp):
        raise AssertionError("who was there is known")

    reset = close = None


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(f.time, f.to_ndarray(format="rgb24").astype(int)) for f in container.decode(video=0)]


@pytest.fixture
def drawn(monkeypatch) -> list[np.ndarray]:
    """Every picture that is given to an encoder: what it makes of the same pictures differs by a little."""
    given, write = [], VideoWriter.write

    def remember(writer: VideoWriter, picture: np.ndarray, timestamp: float) -> None:
        given.append(picture.copy())
        write(writer, picture, timestamp)

    monkeypatch.setattr(VideoWriter, "write", remember)
    return given


@pytest.fixture
def guests(fakes):
    """One who stays, and another who is only glimpsed: no result tells of them, the video shows them."""

    def poses(t):
        glimpsed = [fakes.pose(300, 120, 20, (480, 240))] if 1 < t < 1.7 else []
        return [fakes.pose(60 + 20 * t, 120, 20, (480, 240)), *glimpsed]

    return fakes.Estimator(poses)


def test_the_second_analysis_estimates_nothing_and_draws_the_same(
    make_video, fakes, guests, drawn, tmp_path: Path
):
    clip, kept = make_video(4.0, 30, (480, 240)), tmp_path / "folder" / "a.npz"
    drawn.clear()
    first = process_video(clip, fakes.Recognizer(), estimator=guests, kept=kept, video_out=tmp_path / "1.mp4")
    assert len(guests.times) == pytest.approx(80, abs=1), "keeping costs no more frames"
    other = fakes.Recognizer(lambda end: "squat")
    for recognizer, name in ((fakes.Recognizer(), "2.mp4"), (other, "3.mp4")):
        again = process_video(clip, recognizer, estimator=NoEstimator(), kept=kept, video_out=tmp_path / name)
        assert len(again.persons) == len(first.persons) == 1
        if recognizer is not other:
            assert again == first
    assert again.persons[0].summary[0].label == "squat"
    before, after, otherwise = (pictures(tmp_path / f"{number}.mp4") for number in (1, 2, 3))
    assert [time for time, _ in after] == [time for time, _ in before] and len(after) == 120
    assert np.array_equal(drawn[:120], drawn[120:240])
    plain = pictures(clip)
    assert np.abs(after[100][1] - plain[100][1]).max() > 150, "the skeleton is drawn"
    assert np.abs(after[100][1] - otherwise[100][1]).max() > 150, "with the other label"
    glimpsed = np.s_[:, 270:330]
    assert np.abs(after[45][1][glimpsed] - plain[45][1][glimpsed]).max() > 150


def test_nobody_is_kept_too(make_video, fakes, tmp_path: Path):
    clip, kept = make_video(1.0), tmp_path / "a.npz"
    for estimator in (fakes.Estimator(lambda t: []), NoEstimator()):
        assert process_video(clip, fakes.Recognizer(), estimator=estimator, kept=kept).persons == ()


def test_a_damaged_file_is_made_anew(make_video, fakes, guests, tmp_path: Path):
    kept = tmp_path / "a.npz"
    kept.write_bytes(b"This is no zip.")
    process_video(make_video(1.0), fakes.Recognizer(), estimator=guests, kept=kept)
    assert LandmarkFile(kept).info.frames == len(guests.times) > 0


def test_what_is_too_much_is_not_kept(make_video, fakes, guests, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_BYTES", 30 * 2 * 33 * 4 * 4)
    clip = make_video(3.0)
    for seconds, there in ((1.0, True), (3.0, False)):
        kept = tmp_path / f"{seconds}.npz"
        clip = make_video(seconds, name=f"{seconds}.mp4")
        one = fakes.Estimator(lambda t: [fakes.pose()])
        assert process_video(clip, fakes.Recognizer(), estimator=one, kept=kept).persons
        assert kept.exists() == there


@pytest.mark.parametrize("place", ["begin", "add", "save"])
def test_a_full_disk_costs_nothing_but_the_keeping(
    make_video, fakes, guests, tmp_path: Path, monkeypatch, place: str
):
    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    name = {"begin": "__init__", "add": "add", "save": "save"}[place]
    monkeypatch.setattr(skeletons.SkeletonWriter, name, full)
    kept = tmp_path / "a.npz"
    result = process_video(make_video(1.0), fakes.Recognizer(), estimator=guests, kept=kept)
    assert result.persons and not kept.exists()


def test_of_a_cancelled_analysis_nothing_is_kept(make_video, fakes, guests, tmp_path: Path):
    asked = iter(range(100))
    with pytest.raises(Cancelled):
        process_video(
            make_video(1.0), fakes.Recognizer(), estimator=guests, kept=tmp_path / "a.npz",
            cancelled=lambda: next(asked) > 20,
        )  # fmt: skip
    assert not (tmp_path / "a.npz").exists()
