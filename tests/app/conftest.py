"""People and recognisers whose behaviour is known exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.drawing.encoding import VideoWriter
from app.web import analysis
from pose.layouts import KINETICS_18, MEDIAPIPE_33, SkeletonLayout
from pose.skeleton import PersonPose, SkeletonSequence
from recognizer import weights
from recognizer.attention import AttentionMaps
from recognizer.networks.sem import SEMConfig
from recognizer.prediction import Prediction
from recognizer.predictor import untrained_card
from recognizer.preprocess import Preprocessing
from tests.app.rooms import Room, Video

_UP = {"nose": -2.6, "eye": -2.7, "ear": -2.6, "mouth": -2.45, "shoulder": -2.0, "elbow": -1.4, "wrist": -0.8,
       "hip": 0.0, "knee": 1.0, "ankle": 2.0, "heel": 2.1, "foot": 2.15}  # fmt: skip


def standing_pose(
    x: float = 320, y: float = 240, unit: float = 40, size: tuple[int, int] = (640, 480)
) -> PersonPose:
    """Somebody who stands at (x, y), facing the camera: their right side is on the picture's left."""
    image = np.zeros((33, 2), np.float32)
    for index, name in enumerate(MEDIAPIPE_33.joints):
        side = 1 if name.startswith("left_") else -1 if name.startswith("right_") else 0
        part = next((p for p in _UP if p in name), "wrist")
        image[index] = x + side * unit * (0.2 if index < 11 else 0.5), y + _UP[part] * unit
    world = np.concatenate([(image - [x, y]) / unit * 0.25, np.zeros((33, 1))], axis=1)
    return PersonPose(image, world, np.ones(33), size)


class FakeEstimator:
    """Gives the poses that a function of the time tells."""

    def __init__(self, poses: Callable[[float], list[PersonPose]]) -> None:
        self.poses, self.resets, self.closed, self.times = poses, 0, False, []

    def estimate(self, image: np.ndarray, timestamp: float) -> list[PersonPose]:
        self.times.append(timestamp)
        return self.poses(timestamp)

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed = True


class FakeRecognizer:
    """Answers with the class that a function of the window's end tells, with probability ``sure``.

    It looks at one joint alone, and at the end of the window.
    """

    def __init__(
        self,
        label: Callable[[float], str] = lambda end: "wave",
        classes: tuple[str, ...] = ("wave", "clap", "squat", "jump", "idle_standing", "kick"),
        layout: SkeletonLayout = KINETICS_18,
        window_seconds: float = 2.0,
        sure: float = 0.9,
        delay: float = 0.0,
    ) -> None:
        self.label, self.classes, self.layout, self.sure, self.delay = label, classes, layout, sure, delay
        self.window_seconds, self.threshold, self.frames = window_seconds, 0.5, 16
        self.newest: list[SkeletonSequence] = []
        self.card = SimpleNamespace(name="fake")
        self.windows: list[SkeletonSequence] = []
        self.error: Exception | None = None
        self.asked_for_attention: list[bool] = []
        self.looks_at = layout.index("right_wrist") if "right_wrist" in layout.joints else 0

    def predict_live(
        self,
        windows: Sequence[SkeletonSequence],
        newest: Sequence[SkeletonSequence],
        attention: bool = False,
    ) -> list[Prediction]:
        self.newest += newest
        return self.predict(windows, attention)

    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]:
        time.sleep(self.delay)
        self.asked_for_attention.append(attention)
        if self.error is not None:
            raise self.error
        self.windows += windows
        answers = []
        for window in windows:
            start, end = float(window.timestamps[0]), float(window.timestamps[-1])
            p = np.full(len(self.classes), (1 - self.sure) / (len(self.classes) - 1))
            p[self.classes.index(self.label(end))] = self.sure
            maps = None
            if attention:
                joints = np.zeros((4, len(self.layout)), np.float32)
                joints[-1, self.looks_at] = 1
                maps = AttentionMaps(joints=joints, frames=joints.max(1))
            answers.append(Prediction(p, self.classes, start, end, maps))
        return answers


@pytest.fixture
def fakes() -> SimpleNamespace:
    return SimpleNamespace(pose=standing_pose, Estimator=FakeEstimator, Recognizer=FakeRecognizer)


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Writes a grey video with a moving square."""

    def make(
        seconds: float = 2.0, fps: float = 30, size: tuple[int, int] = (160, 120), name: str = "clip.mp4",
        times: Sequence[float] | None = None,
    ) -> Path:  # fmt: skip
        path = tmp_path / name
        instants = np.arange(round(seconds * fps)) / fps if times is None else times
        with VideoWriter(path, size, fps) as video:
            for number, instant in enumerate(instants):
                picture = np.full((size[1], size[0], 3), 90, np.uint8)
                x = 4 * number % max(1, size[0] - 20)
                picture[10:30, x : x + 20] = (200, 60, 60)
                video.write(picture, instant)
        return path

    return make


@pytest.fixture(scope="session")
def example_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip of the animated figure."""
    from app.drawing.example_clip import write_example

    return write_example(tmp_path_factory.mktemp("example") / "example.mp4")


@pytest.fixture
def hand_weights(tmp_path: Path) -> Path:
    """A file of weights as a training of SEM-Net on SHREC'17 leaves, untrained."""
    card = untrained_card("shrec-22", ("grab", "tap"), frames=16).model_copy(
        update={
            "name": "shrec-22-sem-untrained",
            "network": SEMConfig(width=0.125),
            "preprocessing": Preprocessing(origin="spine", confidence=False),
        }
    )
    return weights.save(weights.build_network(card), card, tmp_path / "weights")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """Analyses with a folder of their own."""
    return Room(tmp_path.resolve())


@pytest.fixture
def video(monkeypatch: pytest.MonkeyPatch) -> Iterator[Video]:
    """What every analysis of a video is in the test; it ends with the test at the latest."""
    double = Video()
    monkeypatch.setattr(analysis, "process_video", double)
    yield double
    double.patient = False
    double.go_on.set()
