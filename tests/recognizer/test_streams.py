"""Streams against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25, SkeletonLayout
from recognizer.streams import bones, motion, to_stream

CHAIN = SkeletonLayout(
    name="chain", joints=("hip", "knee", "ankle"), parents=(0, 0, 1), coordinates=2, mirror=(0, 1, 2),
    root=0, torso_top=(0,), torso_bottom=(0,),
)  # fmt: skip

JOINTS = np.array(
    [
        [[1, 1], [1, 4], [2, 6]],
        [[2, 1], [2, 4], [5, 4]],
        [[2, 0], [3, 3], [3, 7]],
    ],
    np.float32,
)
BONES = [[[0, 0], [0, 3], [1, 2]], [[0, 0], [0, 3], [3, 0]], [[0, 0], [1, 3], [0, 4]]]
MOTION = [[[1, 0], [1, 0], [3, -2]], [[0, -1], [1, -1], [-2, 3]], [[0, 0], [0, 0], [0, 0]]]
KNOWN = np.ones(3, bool)
BONE_MOTION = [[[0, 0], [0, 0], [2, -2]], [[0, 0], [1, 0], [-3, 4]], [[0, 0], [0, 0], [0, 0]]]


@pytest.mark.parametrize(
    "stream,wanted",
    [("joint", JOINTS), ("bone", BONES), ("joint_motion", MOTION), ("bone_motion", BONE_MOTION)],
)
def test_streams_by_hand(stream, wanted):
    np.testing.assert_array_equal(to_stream(JOINTS, KNOWN, CHAIN, stream), wanted)


@pytest.mark.parametrize("stream", ["bone", "bone_motion"])
def test_a_bone_with_an_unknown_end_is_zero(stream):
    joints = JOINTS.copy()
    joints[:, 1] = 0  # the knee: both bones of the leg end there
    values = to_stream(joints, np.array([True, False, True]), CHAIN, stream)
    assert not values.any()
    values = to_stream(JOINTS, np.array([True, True, False]), CHAIN, stream)
    np.testing.assert_array_equal(
        values[:, 1], np.array({"bone": BONES, "bone_motion": BONE_MOTION}[stream])[:, 1]
    )
    assert not values[:, 2].any()


def test_streams_leave_their_input_alone():
    before = JOINTS.copy()
    for stream in ("joint", "bone", "joint_motion", "bone_motion"):
        to_stream(JOINTS, KNOWN, CHAIN, stream)
    np.testing.assert_array_equal(JOINTS, before)


def test_motion_of_a_single_frame_is_zero():
    np.testing.assert_array_equal(motion(JOINTS[:1]), np.zeros((1, 3, 2)))


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
def test_joints_are_the_sum_of_the_bones_on_the_way_from_the_root(layout):
    joints = np.random.default_rng(0).normal(size=(2, len(layout), layout.coordinates))
    vectors = bones(joints, layout)
    assert not vectors[:, layout.root].any()
    for joint in range(len(layout)):
        position, at = joints[:, layout.root].copy(), joint
        while at != layout.root:
            position += vectors[:, at]
            at = layout.parents[at]
        np.testing.assert_allclose(position, joints[:, joint], atol=1e-12)


def test_unknown_stream():
    with pytest.raises(ValueError, match=r"unknown stream 'angle': choose joint, bone, joint_motion"):
        to_stream(JOINTS, KNOWN, CHAIN, "angle")
