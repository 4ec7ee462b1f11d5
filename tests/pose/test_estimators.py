"""Pose estimation against MediaPipe's own video mode, on real clips where there are some."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from pose.bundle import pose_bundle
from pose.estimators import MediaPipePose
from pose.landmarkers import PEOPLE, Box, ImageLandmarker, Task, shared_landmarker
from pose.mediapipe_parts import (
    BaseOptions,
    Image,
    ImageFormat,
    PoseLandmarker,
    PoseLandmarkerOptions,
    RunningMode,
)
from pose.similarity import body_centre, same_body
from pose.skeleton import PersonPose
from pose.tracking import PersonTracker

ROOT = Path(__file__).parents[2]
VIDEOS = ROOT.parent / "shared" / "videos"
ONE_PERSON = "squat__rohanx01__1.mp4"
TWO_PEOPLE = "two_people__openmmlab__1.mp4"


def frames(name: str, start: int = 0, stop: int | None = None) -> list[np.ndarray]:
    path = VIDEOS / name
    if not path.exists():
        pytest.skip(f"no real clip {name} in a folder shared/videos beside the checkout")
    with av.open(str(path)) as container:
        wanted = itertools.islice(container.decode(video=0), start, stop)
        return [frame.to_ndarray(format="rgb24") for frame in wanted]


@pytest.fixture(scope="module")
def opened() -> Iterator[MediaPipePose]:
    with MediaPipePose(persons=2) as estimator:
        yield estimator


@pytest.fixture
def estimator(opened: MediaPipePose) -> MediaPipePose:
    opened.reset()
    return opened


@pytest.mark.parametrize("size", [(480, 640), (640, 480), (1, 1), (7, 300), (2160, 3840)])
def test_an_empty_picture_has_nobody(estimator: MediaPipePose, size: tuple[int, int]) -> None:
    assert estimator.estimate(np.zeros((*size, 3), np.uint8), 0.0) == []


def test_timestamps_may_repeat_and_run_backwards(estimator: MediaPipePose) -> None:
    blank = np.zeros((48, 64, 3), np.uint8)
    for timestamp in (5.0, 5.0, 5.0001, 1.0, 1.0, -3.0, 1e6, 0.0):
        assert estimator.estimate(blank, timestamp) == []


@pytest.mark.parametrize(
    "image",
    [np.zeros((48, 64), np.uint8), np.zeros((48, 64, 4), np.uint8), np.zeros((48, 64, 3), np.float32),
     np.zeros((0, 64, 3), np.uint8)],
)  # fmt: skip
def test_what_is_no_rgb_picture_is_refused(estimator: MediaPipePose, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="image must be"):
        estimator.estimate(image, 0.0)


@pytest.mark.parametrize("persons", [0, 3])
def test_one_or_two_people(persons: int) -> None:
    with pytest.raises(ValueError, match="persons must be 1 or 2"):
        MediaPipePose(persons=persons)


def test_closing_twice_is_fine_and_a_closed_one_says_so() -> None:
    estimator = MediaPipePose(persons=1)
    estimator.close()
    estimator.close()
    with pytest.raises(RuntimeError, match="closed"):
        estimator.estimate(np.zeros((48, 64, 3), np.uint8), 0.0)


@pytest.mark.parametrize("persons", [1, 2])
def test_one_person_equals_mediapipes_video_mode(persons: int) -> None:
    clip = frames(ONE_PERSON, stop=30)
    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(pose_bundle())),
        running_mode=RunningMode.VIDEO,
        num_poses=1,
    )
    with PoseLandmarker.create_from_options(options) as plain, MediaPipePose(persons) as estimator:
        for index, image in enumerate(clip):
            milliseconds = 33 * index
            expected = plain.detect_for_video(Image(ImageFormat.SRGB, image), milliseconds + 1)
            (pose,) = estimator.estimate(image, milliseconds / 1000)
            height, width = image.shape[:2]
            landmarks = [(point.x * width, point.y * height) for point in expected.pose_landmarks[0]]
            world = [(point.x, point.y, point.z) for point in expected.pose_world_landmarks[0]]
            np.testing.assert_allclose(pose.image, landmarks, atol=1.0)
            np.testing.assert_allclose(pose.world, world, atol=0.005)
            assert pose.frame_size == (width, height)


def test_a_one_frame_clip_shows_its_person(estimator: MediaPipePose) -> None:
    (image,) = frames(ONE_PERSON, stop=1)
    assert len(estimator.estimate(image, 0.0)) == 1


def test_a_one_frame_clip_shows_both_people(estimator: MediaPipePose) -> None:
    (image,) = frames(TWO_PEOPLE, stop=1)
    left, right = sorted(body_centre(pose)[0] for pose in estimator.estimate(image, 0.0))
    # Where the two stand in the first picture, read off by eye.
    assert abs(left - 745) < 40 and abs(right - 1020) < 40


def test_a_new_clip_is_seen_from_its_first_picture(estimator: MediaPipePose) -> None:
    """Somebody is found at once after a cut, told by a timestamp that runs backwards or by another size."""
    one, two = frames(ONE_PERSON, stop=1)[0], frames(TWO_PEOPLE, stop=1)[0]
    assert len(estimator.estimate(one, 9.0)) == 1
    assert len(estimator.estimate(two, 0.0)) == 2
    assert len(estimator.estimate(one, 1.0)) == 1
    assert len(estimator.estimate(np.ascontiguousarray(two[:, ::-1])[:, ::-1], 0.5)) == 2


def test_two_people_who_hug_are_found(estimator: MediaPipePose) -> None:
    """MediaPipe's own modes find both in 25 (pictures) and 0 (video) of these 72 frames."""
    tracker = PersonTracker()
    both, ids = 0, set()
    for index, image in enumerate(frames(TWO_PEOPLE)):
        poses = estimator.estimate(image, index * 77 / 2160)
        ids |= {person.id for person in tracker.update(poses, index * 77 / 2160)}
        if len(poses) == 2:
            both += 1
            assert not same_body(*poses)
    assert both >= 64
    assert ids == {0, 1}


def test_one_person_alone_is_one_person(estimator: MediaPipePose) -> None:
    """A deep lunge from the side, on which MediaPipe is tempted to see a second pose on the same body."""
    tracker = PersonTracker()
    ids = set()
    for index, image in enumerate(frames("lunge__malikmrllh__1.mp4", 35, 95)):
        poses = estimator.estimate(image, index / 25)
        ids |= {person.id for person in tracker.update(poses, index / 25)}
    assert ids == {0}


class Slow:
    """Looks for people only when it may."""

    def __init__(self, searcher: ImageLandmarker) -> None:
        self.searcher, self.asked, self.may = searcher, threading.Event(), threading.Event()

    def find(self, image: np.ndarray, box: Box | None = None) -> list[PersonPose]:
        self.asked.set()
        assert self.may.wait(30)
        return self.searcher.find(image, box)


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[MediaPipePose, Slow, list[np.ndarray]]]:
    """An estimator that looks for a second person beside, and is at it; then come pictures of two people."""
    first, *clip = frames(TWO_PEOPLE, stop=12)
    alone = first.copy()
    alone[:, 880:] = 128  # the one on the right is painted out
    slow: list[Slow] = []

    @contextlib.contextmanager
    def slowed(task: Task, most: int) -> Iterator[Slow]:
        with shared_landmarker(task, most) as searcher:
            slow.append(Slow(searcher))
            yield slow[0]

    monkeypatch.setattr("pose.estimators.shared_landmarker", slowed)
    with MediaPipePose(beside=True) as estimator:
        slow[0].may.set()
        assert len(estimator.estimate(alone, 0.0)) == 1
        slow[0].may.clear()
        slow[0].asked.clear()
        assert len(estimator.estimate(clip[0], 1.0)) == 1
        assert slow[0].asked.wait(30)
        yield estimator, slow[0], clip[1:]
        slow[0].may.set()


def test_a_look_beside_keeps_no_picture_waiting(looking) -> None:
    estimator, slow, clip = looking
    for index, image in enumerate(clip[:4]):
        assert len(estimator.estimate(image, 1.04 + index / 25)) == 1, "who is known is followed"
    slow.may.set()
    give_up, index = time.monotonic() + 30, 4
    while len(poses := estimator.estimate(clip[min(index, 9)], 1.04 + index / 25)) < 2:
        assert time.monotonic() < give_up
        index += 1
        time.sleep(0.01)
    assert not same_body(*poses)
    again = estimator.estimate(clip[9], 1.08 + index / 25)
    assert len(again) == 2 and not same_body(*again)


def test_a_look_is_not_for_the_pictures_after_a_cut(looking) -> None:
    estimator, slow, _ = looking
    threading.Timer(0.3, slow.may.set).start()
    blank = np.zeros((480, 640, 3), np.uint8)
    assert estimator.estimate(blank, 0.0) == []
    assert slow.may.is_set(), "it was over before the new picture was looked at"
    assert estimator.estimate(blank, 0.04) == []


def test_closing_waits_for_a_look(looking) -> None:
    estimator, slow, _ = looking
    threading.Timer(0.3, slow.may.set).start()
    estimator.close()
    with pytest.raises(RuntimeError, match="closed"):
        estimator.estimate(np.zeros((48, 64, 3), np.uint8), 2.0)


def test_landmarks_of_a_part_are_in_pixels_of_the_whole_picture() -> None:
    (image,) = frames(ONE_PERSON, stop=1)
    height, width = image.shape[:2]
    landmarker = ImageLandmarker(PEOPLE, 1)
    try:
        (whole,) = landmarker.find(image)
        (part,) = landmarker.find(image, Box(30, 150, width - 10, height - 5))
    finally:
        landmarker.close()
    torso = np.linalg.norm(whole.image[11:13].mean(0) - whole.image[23:25].mean(0))
    assert np.abs(part.image - whole.image)[[0, 11, 12, 23, 24]].max() < 0.15 * torso
    assert part.frame_size == (width, height)


def test_native_chatter_is_silent(tmp_path: Path) -> None:
    """A whole process, since most of it comes once in a process."""
    image = tmp_path / "image.npy"
    clip = VIDEOS / ONE_PERSON
    np.save(image, frames(ONE_PERSON, stop=1)[0] if clip.exists() else np.zeros((480, 640, 3), np.uint8))
    program = (
        "import sys, numpy as np\n"
        "from pose.estimators import MediaPipePose\n"
        "with MediaPipePose() as estimator:\n"
        "    for t in range(3):\n"
        "        estimator.estimate(np.load(sys.argv[1]), t)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(image)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
