"""The landmarks of uploads: kept while a tab has the video or its result, and used by the next analysis."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core.catalogue import Catalogue
from app.web import kept_landmarks as module
from app.web.kept_landmarks import KeptLandmarks
from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21, SkeletonLayout
from tests.app.rooms import SOON, Room
from tests.doubles import StandingEstimator, SteadyRecognizer


@pytest.fixture
def kept(tmp_path: Path) -> KeptLandmarks:
    return KeptLandmarks(tmp_path)


def written(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"landmarks")
    return path


def test_the_same_video_has_the_same_place(kept: KeptLandmarks, tmp_path: Path):
    video, other = tmp_path / "a.mp4", tmp_path / "b.mp4"
    for path in (video, other):
        path.write_bytes(b"a video")
    place = kept.place(video, MEDIAPIPE_33)
    assert kept.place(video, MEDIAPIPE_33) == place
    assert kept.place(other, MEDIAPIPE_33) != place
    assert kept.place(video, MEDIAPIPE_HAND_21) != place
    video.write_bytes(b"another")
    os.utime(video, ns=(0, 0))
    assert kept.place(video, MEDIAPIPE_33) != place
    assert kept.place(tmp_path / "none.mp4", MEDIAPIPE_33) is None


def test_what_nobody_has_any_more_is_deleted_with_its_folder(kept: KeptLandmarks, tmp_path: Path):
    videos = [tmp_path / name for name in ("a.mp4", "b.mp4")]
    for video in videos:
        video.write_bytes(b"a video")
    places = [written(kept.place(video, MEDIAPIPE_33)) for video in videos]
    late = written(places[0].with_name("written-after-it-was-given-up.npz"))
    kept.keep({videos[1], None})
    assert [place.exists() for place in (*places, late)] == [False, True, False]
    kept.keep(set())
    assert not places[0].parent.exists()


def test_only_so_many_are_kept_and_those_used_last(kept: KeptLandmarks, tmp_path: Path):
    videos = [tmp_path / f"{number}.mp4" for number in range(module.MOST_KEPT + 2)]
    places = []
    for video in videos:
        video.write_bytes(b"a video")
        places.append(written(kept.place(video, MEDIAPIPE_33)))
        kept.place(videos[0], MEDIAPIPE_33)
    kept.keep(set(videos))
    assert [place.exists() for place in places] == [True, False, False, *[True] * (module.MOST_KEPT - 1)]


# Real analyses


class Estimators:
    """Makes estimators that see somebody, and keeps them."""

    def __init__(self) -> None:
        self.made: list[StandingEstimator] = []

    def __call__(self, landmarks: SkeletonLayout) -> StandingEstimator:
        self.made.append(StandingEstimator(landmarks))
        return self.made[-1]


@pytest.fixture
def estimators(monkeypatch: pytest.MonkeyPatch) -> Estimators:
    made = Estimators()
    monkeypatch.setattr("app.video.process.make_mediapipe", made)
    return made


@pytest.fixture
def upload(room: Room, make_video) -> Path:
    upload = room.upload()
    make_video(2.0, name="source.mp4").replace(upload)
    return upload


def test_another_look_at_an_upload_estimates_nothing(room: Room, upload: Path, estimators: Estimators):
    for tab in ("tab", "tab", "other tab"):
        job = room.start(tab, upload)
        assert job.wait(SOON) and job.error is None
        assert job.result.result.persons and job.result.landmarks.exists()
        assert len(estimators.made) == 1
    for tab in ("tab", "other tab"):
        assert job.result.landmarks.exists()
        room.analyses.close(tab)
    assert list(room.folder.iterdir()) == []


def test_weights_of_hands_look_anew(
    room: Room, upload: Path, estimators: Estimators, monkeypatch: pytest.MonkeyPatch
):
    hands = SteadyRecognizer("grabber", {"grab": 0.9, "tap": 0.1}, layout="shrec-22")
    both = Catalogue.of({"waver": room.analyses._catalogue.load("waver"), "grabber": hands})
    monkeypatch.setattr(room.analyses, "_catalogue", both)
    for weights in ("waver", "grabber", "waver", "grabber"):
        job = room.start("tab", upload, weights=weights)
        assert job.wait(SOON) and job.error is None
    assert [each.landmarks for each in estimators.made] == [MEDIAPIPE_33, MEDIAPIPE_HAND_21]


def test_an_upload_that_has_changed_is_looked_at_anew(
    room: Room, upload: Path, estimators: Estimators, make_video
):
    assert room.start("tab", upload).wait(SOON)
    upload.write_bytes(make_video(1.0, name="other.mp4").read_bytes())
    job = room.start("tab", upload)
    assert job.wait(SOON) and job.result.result.duration == pytest.approx(1.0, abs=0.1)
    assert len(estimators.made) == 2


def test_landmarks_stay_with_a_result_whose_upload_was_taken_out(
    room: Room, upload: Path, estimators: Estimators
):
    job = room.start("tab", upload)
    assert job.wait(SOON)
    room.analyses.choose("tab", None)
    assert not upload.exists() and job.result.landmarks.exists()
    assert room.analyses.outcome("tab") is job.result and room.analyses.outcome("other") is None
    next_one = room.upload("next")
    next_one.write_bytes(b"no video")
    assert room.start("tab", next_one).wait(SOON)
    room.analyses.sweep()
    assert not job.result.landmarks.exists()
