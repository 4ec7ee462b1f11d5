"""Arms of lab recordings on the bodies of real camera clips."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer.data.augment.bodies import still_bodies, waving_arms, with_arms_of
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.data.views import project_to_kinetics18, rotation

K = KINETICS_18.index
ARMS = [K(f"{side}_{joint}") for side in ("left", "right") for joint in ("elbow", "wrist")]


def seen(clip, azimuth: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    matrix = rotation(np.radians(azimuth))
    return project_to_kinetics18(clip.joints[0], clip.confidence[0], matrix, 3.0)


def real(clip, action: str = "idle_standing", azimuth: float = 0.0) -> Example:
    joints, confidence = seen(clip, azimuth)
    sequence = SkeletonSequence(joints[None], confidence[None], clip.timestamps, KINETICS_18)
    return Example(Clip("r", "real_landmarks", action, "p", "train", sequence), (0,), "train")


@pytest.mark.parametrize("size,place", [(1.0, (0, 0)), (500.0, (320, 240))])
def test_a_wave_on_a_standing_body(wave, standing, size, place):
    waving, sure = seen(wave())
    body = np.repeat(waving[:1], len(waving), 0)
    body[:, ARMS] = body[:, [K("left_hip")]]
    body = body * size + np.array(place, np.float32)
    sure[3, K("right_wrist")] = 0
    result, confidence = with_arms_of(body, np.full_like(sure, 0.5), waving, sure)
    np.testing.assert_allclose(result[:, ARMS], waving[:, ARMS] * size + place, rtol=1e-4, atol=1e-4 * size)
    others = [index for index in range(18) if index not in ARMS]
    np.testing.assert_array_equal(result[:, others], body[:, others])
    assert (confidence[:, others] == 0.5).all()
    np.testing.assert_array_equal(confidence[:, ARMS], sure[:, ARMS])


def test_a_body_without_length_lends_nothing(wave):
    waving, sure = seen(wave())
    result, confidence = with_arms_of(waving * 0, sure, waving, sure)
    np.testing.assert_array_equal(result, waving)
    np.testing.assert_array_equal(confidence, sure)


def test_only_people_who_face_the_camera_and_keep_still_lend_their_body(wave):
    clip = wave()
    good = real(clip)
    lying = real(clip)
    turned = lying.clip.sequence.joints[..., ::-1].copy()
    sideways = SkeletonSequence(turned, lying.clip.sequence.confidence, clip.timestamps, KINETICS_18)
    lying = Example(Clip("l", "real_landmarks", "other", "p", "train", sideways), (), "train")
    lab = Example(Clip("u", "utd_mhad", "other", "p", "train", good.clip.sequence), (0,), "train")
    found = still_bodies(
        [real(clip, azimuth=85), real(clip, azimuth=180), real(clip, "squat"), lying, lab, good]
    )
    assert found == [good]


def test_made_up_waves_swing_a_hand_and_never_clap(wave):
    body = np.repeat(seen(wave())[0][:1], 90, 0)
    torso = 0.5 * np.linalg.norm(
        body[0, [K("left_shoulder"), K("right_shoulder")]].sum(0)
        - body[0, [K("left_hip"), K("right_hip")]].sum(0)
    )
    resting = 0
    for seed in range(200):
        made = waving_arms(body, 3.0, np.random.default_rng(seed))
        others = [index for index in range(18) if index not in ARMS]
        np.testing.assert_array_equal(made[:, others], body[:, others])
        hands = made[:, [K("left_wrist"), K("right_wrist")]] / torso
        swings = np.ptp(hands[..., 0], axis=0)
        assert swings.max() > 0.05, "a hand goes from side to side"
        still = int(swings.argmin())
        shoulders = made[:, [K("left_shoulder"), K("right_shoulder")], 1] / torso
        waits = np.ptp(np.diff(hands[:, still], axis=0), axis=0).max() < 0.02
        resting += waits and (hands[:, still, 1] - shoulders[:, still]).mean() < 0.55
        apart = np.linalg.norm(hands[:, 0] - hands[:, 1], axis=-1)
        assert (apart < 0.08).mean() < 0.3, "hands that meet and stay together are another action"
    assert 10 < resting < 100, "the other hand often rests before the body"
