"""A seated person made from a whole body keeps exactly the joints that a camera on the desk would see."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25
from recognizer.data.augment.desk import desk_view, seated_view
from recognizer.data.views import project_to_kinetics18, rotation

K = KINETICS_18.index
LEGS = [K(f"{side}_{joint}") for side in ("left", "right") for joint in ("knee", "ankle")]
HIPS = [K("left_hip"), K("right_hip")]


@pytest.fixture
def body(wave) -> tuple[np.ndarray, np.ndarray]:
    sequence = wave()
    return project_to_kinetics18(sequence.joints[0], sequence.confidence[0], rotation(), 3.0)


class Edges(np.random.Generator):
    """Draws the middle of every range, or what a test asks for."""

    def __init__(self, **chosen: float):
        super().__init__(np.random.PCG64(0))
        self.chosen = chosen

    def uniform(self, low=0.0, high=1.0, size=None):
        return self.chosen.get(f"{low},{high}", (low + high) / 2)

    def normal(self, loc=0.0, scale=1.0, size=None):
        return loc


def test_exactly_the_joints_inside_the_picture_are_seen(body):
    joints, confidence = body
    # The lower edge 0.25 torso lengths below the shoulders, the upper one 0.8 above, 0.8 to either side.
    rng = Edges(**{"0.25,1.0": 0.25, "0.8,1.6": 0.8, "0.8,2.2": 0.8})
    placed, sure = seated_view(joints, confidence, KINETICS_18, rng)
    shoulders = joints[:, [K("left_shoulder"), K("right_shoulder")]]
    chest = np.median(shoulders.mean(1), axis=0)
    torso = np.linalg.norm(np.median(joints[:, HIPS].mean(1), axis=0) - chest)
    width = np.percentile(np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=-1), 90)
    torso = max(torso, 1.35 * width)
    offset = (joints - chest) / torso
    inside = (np.abs(offset[..., 0]) <= 0.8) & (offset[..., 1] >= -0.8) & (offset[..., 1] <= 0.25)
    others = [joint for joint in range(18) if joint not in HIPS]
    np.testing.assert_array_equal((sure > 0)[:, others], (inside & (confidence > 0))[:, others])
    np.testing.assert_array_equal(placed[:, others], joints[:, others])
    assert (sure[:, K("left_shoulder")] > 0).all() and not sure[:, LEGS].any()


def test_a_hand_that_swings_out_of_the_picture_is_unseen_only_there(body):
    joints, confidence = body
    joints = joints.copy()
    joints[40:50, K("right_wrist"), 0] -= 10.0
    sure = seated_view(joints, confidence, KINETICS_18, Edges())[1][:, K("right_wrist")]
    assert not sure[40:50].any()
    raised = joints[:, K("right_wrist"), 1] < joints[:, K("right_shoulder"), 1]
    raised[40:50] = False
    assert raised.any() and sure[raised].all()


@pytest.mark.parametrize("seed", range(20))
def test_hips_below_the_picture_are_guessed_below_the_shoulders(body, seed):
    placed, sure = seated_view(*body, KINETICS_18, np.random.default_rng(seed))
    shoulders = placed[:, [K("left_shoulder"), K("right_shoulder")]].mean(1)
    assert (placed[:, HIPS, 1] > shoulders[:, None, 1]).all()
    assert (0 < sure[:, HIPS]).all() and (sure[:, HIPS] < 0.2).all(), "a guess, not seen"
    assert not sure[:, LEGS].any()


def test_who_lies_or_has_no_shoulders_does_not_sit_at_a_desk(body):
    joints, confidence = body
    lying = joints[..., ::-1].copy()
    for case in ((lying, confidence), (joints, confidence * (np.arange(18) != K("left_shoulder")))):
        placed, sure = seated_view(*case, KINETICS_18, np.random.default_rng(0))
        assert placed is case[0] and sure is case[1]


def test_exactly_the_joints_inside_the_picture_are_seen_in_metres_too(wave):
    """The camera faces somebody whose y grows upwards; how far a joint is from it decides nothing."""
    sequence = wave()
    joints, confidence = sequence.joints[0], sequence.confidence[0]
    rng = Edges(**{"0.25,1.0": 0.25, "0.8,1.6": 0.8, "0.8,2.2": 0.8})
    placed, sure = seated_view(joints, confidence, NTU_25, rng)
    hips = [NTU_25.index(name) for name in ("spine_base", "left_hip", "right_hip")]
    shoulders = joints[:, [NTU_25.index("left_shoulder"), NTU_25.index("right_shoulder")]]
    chest = np.median(shoulders.mean(1), axis=0)[:2]
    torso = np.linalg.norm(np.median(joints[:, hips, :2].mean(1), axis=0) - chest)
    width = np.percentile(np.linalg.norm(shoulders[:, 0, :2] - shoulders[:, 1, :2], axis=-1), 90)
    offset = (joints[..., :2] - chest) / max(torso, 1.35 * width)
    inside = (np.abs(offset[..., 0]) <= 0.8) & (offset[..., 1] <= 0.8) & (offset[..., 1] >= -0.25)
    others = [joint for joint in range(25) if joint not in hips]
    np.testing.assert_array_equal((sure > 0)[:, others], inside[:, others])
    np.testing.assert_array_equal(placed[:, others], joints[:, others])
    assert (sure[:, NTU_25.index("right_wrist")] > 0).any() and not sure[:, NTU_25.index("left_wrist")].any()


@pytest.mark.parametrize("seed", range(20))
def test_hips_below_the_picture_are_guessed_below_the_shoulders_in_metres_too(wave, seed):
    sequence = wave()
    placed, sure = seated_view(
        sequence.joints[0], sequence.confidence[0], NTU_25, np.random.default_rng(seed)
    )
    hips = [NTU_25.index(name) for name in ("spine_base", "left_hip", "right_hip")]
    shoulders = placed[:, [NTU_25.index("left_shoulder"), NTU_25.index("right_shoulder")]].mean(1)
    assert (placed[:, hips, 1] < shoulders[:, None, 1]).all()
    assert (0 < sure[:, hips]).all() and (sure[:, hips] < 0.2).all(), "a guess, not seen"


def test_views_from_a_desk_are_near_the_front():
    rng = np.random.default_rng(0)
    facing = np.array([desk_view(rng) @ (0.0, 0.0, -1.0) for _ in range(200)])
    assert (facing[:, 2] < 0).all(), "never from behind"
    assert facing[:, 2].max() < -0.4 and facing[:, 0].std() > 0.2
