"""Waves and claps that nobody recorded."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25
from recognizer.data.augment.bodies import SIDES, from_picture, torso
from recognizer.data.augment.made_up import _bent, clapping_arms, waving_arms
from tests.recognizer.data.augment.skeletons import arms, seen

K, N = KINETICS_18.index, NTU_25.index


def test_made_up_waves_swing_a_hand_and_never_clap(wave):
    body = np.repeat(seen(wave())[0][:1], 90, 0)
    size = 0.5 * np.linalg.norm(
        body[0, [K("left_shoulder"), K("right_shoulder")]].sum(0)
        - body[0, [K("left_hip"), K("right_hip")]].sum(0)
    )
    resting = 0
    for seed in range(200):
        made = waving_arms(body, 3.0, KINETICS_18, np.random.default_rng(seed))
        others = [index for index in range(18) if index not in arms(KINETICS_18)]
        np.testing.assert_array_equal(made[:, others], body[:, others])
        hands = made[:, [K("left_wrist"), K("right_wrist")]] / size
        swings = np.ptp(hands[..., 0], axis=0)
        assert swings.max() > 0.03, "a hand goes from side to side"
        still = int(swings.argmin())
        shoulders = made[:, [K("left_shoulder"), K("right_shoulder")], 1] / size
        waits = np.ptp(np.diff(hands[:, still], axis=0), axis=0).max() < 0.02
        resting += waits and (hands[:, still, 1] - shoulders[:, still]).mean() < 0.55
        apart = np.linalg.norm(hands[:, 0] - hands[:, 1], axis=-1)
        assert (apart < 0.08).mean() < 0.4, "hands that meet and stay together are another action"
    assert 10 < resting < 100, "the other hand often rests before the body"


def test_some_made_up_waves_wait_at_an_end_and_some_swing_one_hand_more(wave):
    body = np.repeat(seen(wave())[0][:1], 90, 0)
    size, waiting, uneven = torso(body, KINETICS_18), 0, 0
    for seed in range(200):
        made = waving_arms(body, 3.0, KINETICS_18, np.random.default_rng(seed))
        across = made[:, [K("left_wrist"), K("right_wrist")], 0] / size
        swings, moves = np.ptp(across, axis=0), np.abs(np.diff(across, axis=0))
        # A sine is still for one frame at its ends, not for a tenth of the time.
        waiting += 0.1 < (moves[:, swings.argmax()] < 1e-5).mean() < 0.9
        together = swings.min() > 0.02 and abs(np.corrcoef(across.T)[0, 1]) > 0.9
        uneven += together and swings.min() < 0.4 * swings.max()
    assert 20 < waiting < 100
    assert 5 < uneven < 50


def test_made_up_waves_in_depth_look_as_those_in_the_picture_and_keep_their_length(wave):
    body = np.repeat(seen(wave(), layout=NTU_25)[0][:1], 90, 0)
    size = float(np.linalg.norm(body[0, N("spine_shoulder")] - body[0, N("spine_base")]))
    flat = np.zeros((90, 18, 2), np.float32)
    for joint in ("left_shoulder", "right_shoulder", "left_hip", "right_hip", "neck"):
        source = {"neck": "spine_shoulder"}.get(joint, joint)
        flat[:, K(joint)] = -body[:, N(source), :2]
    hips = flat[:, [K("left_hip"), K("right_hip")]].mean(1)
    picture_torso = float(np.linalg.norm(flat[0, K("neck")] - hips[0]))
    nearer = 0
    for seed in range(50):
        made = waving_arms(body, 3.0, NTU_25, np.random.default_rng(seed))
        drawn = waving_arms(flat, 3.0, KINETICS_18, np.random.default_rng(seed))
        for side in ("left", "right"):
            shoulder, elbow, wrist, hand = (
                made[:, N(f"{side}_{joint}")] for joint in ("shoulder", "elbow", "wrist", "hand")
            )
            for begin, end, names in ((shoulder, elbow, "shoulder elbow"), (elbow, wrist, "elbow wrist")):
                first, second = (drawn[:, K(f"{side}_{name}")] for name in names.split())
                in_picture = -(end - begin)[:, :2] / size
                np.testing.assert_allclose(in_picture, (second - first) / picture_torso, atol=1e-4)
                assert ((end - begin)[:, 2] <= 1e-6).all(), "a short limb points to the camera"
            np.testing.assert_allclose(np.linalg.norm(elbow - shoulder, axis=-1), 0.6 * size, rtol=1e-4)
            np.testing.assert_allclose(np.linalg.norm(wrist - elbow, axis=-1), 0.55 * size, rtol=1e-4)
            beyond = np.linalg.norm(hand - wrist, axis=-1, keepdims=True)
            np.testing.assert_allclose(hand - wrist, (wrist - elbow) * beyond / (0.55 * size), atol=1e-4)
            nearer += (wrist - shoulder)[:, 2].mean() < -0.3 * size
    assert nearer > 30


@pytest.mark.parametrize("layout", [KINETICS_18, NTU_25], ids=lambda layout: layout.name)
def test_made_up_claps_meet_in_the_middle_at_all_heights_and_part_again(wave, layout):
    body = np.repeat(seen(wave(), layout=layout)[0][:1], 90, 0)
    size, still = torso(body, layout), [index for index in range(len(layout)) if index not in arms(layout)]
    both, up = (lambda joint: [layout.index(f"{side}_{joint}") for side in SIDES]), -from_picture(layout)
    middle, head = body[:, both("shoulder")].mean(1), body[0, layout.index("nose" if up < 0 else "head"), 1]
    over_the_head = 0
    for seed in range(200):
        made = clapping_arms(body, 3.0, layout, np.random.default_rng(seed))
        np.testing.assert_array_equal(made[:, still], body[:, still])
        wrists = made[:, both("wrist")]
        apart = np.linalg.norm(wrists[:, 0] - wrists[:, 1], axis=-1) / size
        assert apart.min() < 0.35, "the hands meet"
        assert np.ptp(apart) > 0.08, "and part"
        closed = int(apart.argmin())
        at = wrists[closed].mean(0)
        assert abs(at[0] - middle[closed, 0]) < 0.2 * size, "before the body or above it"
        over_the_head += up * (at[1] - head) > 0
    assert 40 < over_the_head < 130


def test_made_up_claps_in_depth_are_before_the_body_and_their_arms_keep_their_length(wave):
    body = np.repeat(seen(wave(), layout=NTU_25)[0][:1], 90, 0)
    size = torso(body, NTU_25)
    before = 0
    for seed in range(50):
        made = clapping_arms(body, 3.0, NTU_25, np.random.default_rng(seed))
        for side in SIDES:
            shoulder, elbow, wrist, hand = (
                made[:, N(f"{side}_{joint}")] for joint in ("shoulder", "elbow", "wrist", "hand")
            )
            np.testing.assert_allclose(np.linalg.norm(elbow - shoulder, axis=-1), 0.6 * size, rtol=1e-4)
            np.testing.assert_allclose(np.linalg.norm(wrist - elbow, axis=-1), 0.55 * size, rtol=1e-4)
            straight = np.cross(hand - wrist, wrist - elbow)
            np.testing.assert_allclose(straight, 0, atol=1e-4 * size**2)
            before += (wrist - shoulder)[:, 2].mean() < -0.3 * size
    assert before > 40, "many are before the chest, which is nearer to the camera"


def test_an_arm_bends_to_where_its_hand_is_wanted_or_as_near_as_it_reaches():
    hands = np.array([[0.3, 0.2, 0.5], [-0.3, 1.0, 0.1], [0.0, 0.0, 0.6], [3.0, 0.0, 0.0]])
    upper, fore = _bent(hands, 0.5)
    np.testing.assert_allclose((upper + fore)[:3], hands[:3], atol=1e-9)
    np.testing.assert_allclose((upper + fore)[3], [0.995 * 1.15, 0, 0], atol=1e-9)
    assert (upper[[0, 2], 1] < 0).all(), "the elbow hangs below the hand"
    assert upper[1, 0] > 0, "or is outward, when the hand is above"
