from collections import defaultdict

import av
import numpy as np
import pytest

from app.drawing import example_clip as figure
from pose.estimators import MediaPipePose
from pose.layouts import MEDIAPIPE_33
from pose.sources import VideoFile


def test_the_clip_is_a_browser_video(example_clip):
    with av.open(str(example_clip)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width, stream.height) == (640, 480)
        assert float(stream.duration * stream.time_base) == pytest.approx(figure.SECONDS, abs=0.1)


def test_pictures_are_the_same_every_time():
    np.testing.assert_array_equal(figure.render(1.3), figure.render(1.3))


def test_the_right_hand_waves_above_the_shoulder_and_the_left_one_hangs():
    for time in np.arange(0.6, figure.WAVE_UNTIL - 0.6, 0.1):
        body = figure.joints(time)
        assert body["right_wrist"][1] < body["right_shoulder"][1] < body["left_wrist"][1]
        assert body["right_wrist"][0] < body["left_wrist"][0]  # it faces the camera


def test_limbs_keep_their_lengths():
    lengths = defaultdict(list)
    for time in np.arange(0, figure.SECONDS, 0.05):
        body = figure.joints(time)
        for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle")):
            for side in ("left", "right"):
                lengths[a, b].append(np.linalg.norm(body[f"{side}_{a}"] - body[f"{side}_{b}"]))
    for values in lengths.values():
        assert np.ptp(values) < 1e-6


def test_mediapipe_takes_the_figure_for_a_person_and_finds_its_joints(example_clip):
    found, errors = 0, defaultdict(list)
    frames = [frame for number, frame in enumerate(VideoFile(example_clip)) if number % 2 == 0]
    with MediaPipePose() as estimator:
        for frame in frames:
            poses = estimator.estimate(frame.image, frame.timestamp)
            assert len(poses) <= 1
            found += len(poses)
            for pose in poses:
                for name, truth in figure.joints(frame.timestamp).items():
                    errors[name].append(np.linalg.norm(pose.image[MEDIAPIPE_33.index(name)] - truth))
    assert found >= 0.95 * len(frames)
    body = figure.joints(0.0)
    torso = np.linalg.norm(
        (body["left_shoulder"] + body["right_shoulder"] - body["left_hip"] - body["right_hip"]) / 2
    )
    for name, values in errors.items():
        assert np.median(values) < torso / 6, name
    for name in ("left_wrist", "right_wrist"):
        assert np.percentile(errors[name], 95) < torso / 4
