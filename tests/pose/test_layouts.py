"""The layouts against the published joint lists, written out here a second time and independently."""

import numpy as np
import pytest

from pose.layouts import KINETICS_18, LAYOUTS, MEDIAPIPE_33, MEDIAPIPE_HAND_21, NTU_25, SHREC_22

# Shahroudy et al. 2016, Fig. 1, in the paper's words and its numbers (1-based).
NTU_PAPER = """
1 base of the spine, 2 middle of the spine, 3 neck, 4 head, 5 left shoulder, 6 left elbow, 7 left wrist,
8 left hand, 9 right shoulder, 10 right elbow, 11 right wrist, 12 right hand, 13 left hip, 14 left knee,
15 left ankle, 16 left foot, 17 right hip, 18 right knee, 19 right ankle, 20 right foot, 21 spine,
22 tip of the left hand, 23 left thumb, 24 tip of the right hand, 25 right thumb
"""
NTU_WORDS = {
    "base of the spine": "spine_base",
    "middle of the spine": "spine_middle",
    "spine": "spine_shoulder",
    "tip of the left hand": "left_hand_tip",
    "tip of the right hand": "right_hand_tip",
}
# 2s-AGCN, graph/ntu_rgb_d.py: (joint, towards the centre), 1-based.
NTU_BONES = [
    (1, 2), (2, 21), (3, 21), (4, 3), (5, 21), (6, 5), (7, 6), (8, 7), (9, 21), (10, 9), (11, 10), (12, 11),
    (13, 1), (14, 13), (15, 14), (16, 15), (17, 1), (18, 17), (19, 18), (20, 19), (22, 23), (23, 8), (24, 25),
    (25, 12),
]  # fmt: skip

# OpenPose's COCO output order, and ST-GCN's bones for Kinetics (0-based).
KINETICS_OPENPOSE = {
    0: "nose", 1: "neck", 2: "right_shoulder", 3: "right_elbow", 4: "right_wrist", 5: "left_shoulder",
    6: "left_elbow", 7: "left_wrist", 8: "right_hip", 9: "right_knee", 10: "right_ankle", 11: "left_hip",
    12: "left_knee", 13: "left_ankle", 14: "right_eye", 15: "left_eye", 16: "right_ear", 17: "left_ear",
}  # fmt: skip
KINETICS_BONES = [
    (4, 3), (3, 2), (7, 6), (6, 5), (13, 12), (12, 11), (10, 9), (9, 8), (11, 5), (8, 2), (5, 1), (2, 1),
    (0, 1), (15, 0), (14, 0), (17, 15), (16, 14),
]  # fmt: skip

# The landmark table in MediaPipe Pose's documentation.
MEDIAPIPE_DOCUMENTED = {
    0: "nose", 2: "left_eye", 5: "right_eye", 7: "left_ear", 8: "right_ear", 11: "left_shoulder",
    12: "right_shoulder", 13: "left_elbow", 14: "right_elbow", 15: "left_wrist", 16: "right_wrist",
    17: "left_little", 18: "right_little", 19: "left_index", 20: "right_index", 21: "left_thumb",
    22: "right_thumb", 23: "left_hip", 24: "right_hip", 25: "left_knee", 26: "right_knee", 27: "left_ankle",
    28: "right_ankle", 29: "left_heel", 30: "right_heel", 31: "left_foot_index", 32: "right_foot_index",
}  # fmt: skip


def test_ntu_joints_are_those_of_the_paper() -> None:
    for entry in NTU_PAPER.replace("\n", " ").split(","):
        number, _, words = entry.strip().partition(" ")
        assert NTU_25.joints[int(number) - 1] == NTU_WORDS.get(words, words.replace(" ", "_"))
    assert len(NTU_25) == 25
    assert NTU_25.coordinates == 3


def test_ntu_bones_are_those_of_2s_agcn() -> None:
    assert sorted(NTU_25.bones) == sorted((a - 1, b - 1) for a, b in NTU_BONES)


def test_kinetics_joints_are_those_of_openpose() -> None:
    assert dict(enumerate(KINETICS_18.joints)) == KINETICS_OPENPOSE
    assert KINETICS_18.coordinates == 2


def test_kinetics_bones_are_those_of_st_gcn() -> None:
    assert {frozenset(b) for b in KINETICS_18.bones} == {frozenset(b) for b in KINETICS_BONES}


def test_shrec_joints_are_wrist_palm_and_four_per_finger() -> None:
    assert len(SHREC_22) == 22
    assert SHREC_22.joints[:2] == ("wrist", "palm")
    for finger, first in (("thumb", 2), ("index", 6), ("middle", 10), ("ring", 14), ("little", 18)):
        names = [f"{finger}_{part}" for part in ("base", "first", "second", "tip")]
        assert list(SHREC_22.joints[first : first + 4]) == names
        chain = [1, first, first + 1, first + 2, first + 3]  # each finger grows out of the palm
        assert [SHREC_22.parents[j] for j in chain[1:]] == chain[:-1]


def test_mediapipe_joints_are_those_of_its_documentation() -> None:
    assert len(MEDIAPIPE_33) == 33
    assert {i: MEDIAPIPE_33.joints[i] for i in MEDIAPIPE_DOCUMENTED} == MEDIAPIPE_DOCUMENTED
    assert {i for i in range(33) if i not in MEDIAPIPE_DOCUMENTED} == {1, 3, 4, 6, 9, 10}


def test_mediapipe_hand_is_wrist_and_four_per_finger() -> None:
    assert len(MEDIAPIPE_HAND_21) == 21
    assert MEDIAPIPE_HAND_21.joints[0] == "wrist"
    tips = {4: "thumb", 8: "index", 12: "middle", 16: "ring", 20: "little"}
    assert {i: MEDIAPIPE_HAND_21.joints[i] for i in tips} == {i: f"{f}_tip" for i, f in tips.items()}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
class TestEveryLayout:
    def test_names_are_distinct_and_keyed_by_the_layouts_name(self, layout) -> None:
        assert len(set(layout.joints)) == len(layout) == len(layout.parents) == len(layout.mirror)
        assert LAYOUTS[layout.name] is layout

    def test_bones_form_one_tree(self, layout) -> None:
        assert len(layout.bones) == len(layout) - 1
        (top,) = (j for j, p in enumerate(layout.parents) if j == p)
        for joint in range(len(layout)):
            steps = 0
            while joint != top:
                joint, steps = layout.parents[joint], steps + 1
                assert steps < len(layout), "the bones run in a circle"

    def test_mirror_swaps_sides_and_nothing_else(self, layout) -> None:
        mirror = np.array(layout.mirror)
        assert (mirror[mirror] == np.arange(len(layout))).all()
        for joint, other in enumerate(mirror):
            name = layout.joints[joint]
            side, _, rest = name.partition("_")
            expected = {"left": f"right_{rest}", "right": f"left_{rest}"}.get(side, name)
            assert layout.joints[other] == expected

    def test_the_body_stays_itself_in_the_mirror(self, layout) -> None:
        m = layout.mirror
        bones = {frozenset(b) for b in layout.bones}
        assert {frozenset((m[a], m[b])) for a, b in layout.bones} == bones
        assert {m[j] for j in layout.torso_top} == set(layout.torso_top)
        assert {m[j] for j in layout.torso_bottom} == set(layout.torso_bottom)
        for _, parts in layout.parts:
            assert {frozenset(m[j] for j in part) for part in parts} == {frozenset(part) for part in parts}

    def test_parts_divide_the_body(self, layout) -> None:
        for grain, parts in layout.parts:
            assert sorted(j for part in parts for j in part) == list(range(len(layout))), grain

    def test_every_joint_has_its_landmarks(self, layout) -> None:
        if layout.landmarks:
            known, means = LAYOUTS[layout.landmarks], dict(layout.means)
            assert known.subject == layout.subject and set(means) <= set(layout.joints)
            for joint in layout.joints:
                assert set(means.get(joint, (joint,))) <= set(known.joints), joint

    def test_landmarks_are_told_apart_by_joints_on_both_sides(self, layout) -> None:
        assert bool(layout.telling) is bool(layout.evident) is layout.name.startswith("mediapipe")
        for joints in (layout.telling, layout.evident):
            assert {layout.mirror[joint] for joint in joints} == set(joints)

    def test_index_finds_joints_and_explains_unknown_ones(self, layout) -> None:
        assert layout.joints[layout.index(layout.joints[-1])] == layout.joints[-1]
        with pytest.raises(ValueError, match=f"{layout.name} has no joint 'tail'"):
            layout.index("tail")


def test_the_body_layouts_have_the_parts_of_stf_net() -> None:
    assert {grain: len(parts) for grain, parts in NTU_25.parts} == {"fine": 10, "coarse": 5}
    assert {grain: len(parts) for grain, parts in KINETICS_18.parts} == {"coarse": 5}


def test_the_parts_of_a_hand_are_palm_and_fingers() -> None:
    ((_, (palm, *fingers)),) = SHREC_22.parts
    assert [SHREC_22.joints[joint] for joint in palm] == ["wrist", "palm"]
    assert [{SHREC_22.joints[joint].split("_")[0] for joint in finger} for finger in fingers] == [
        {"thumb"}, {"index"}, {"middle"}, {"ring"}, {"little"},
    ]  # fmt: skip


def test_only_kinect_has_a_spine() -> None:
    assert [NTU_25.joints[joint] for joint in NTU_25.spine] == ["spine_base", "spine_middle"]
    assert not any(layout.spine for layout in LAYOUTS.values() if layout is not NTU_25)


def test_the_joints_by_which_landmarks_are_known() -> None:
    names = [MEDIAPIPE_33.joints[joint] for joint in MEDIAPIPE_33.telling]
    assert (names[0], names[-1], len(names)) == ("left_shoulder", "right_ankle", 18)
    assert [MEDIAPIPE_33.joints[j] for j in MEDIAPIPE_33.evident] == [
        "nose", "left_shoulder", "right_shoulder",
    ]  # fmt: skip
    assert [MEDIAPIPE_HAND_21.joints[j] for j in MEDIAPIPE_HAND_21.evident] == [
        "wrist", "index_base", "little_base",
    ]  # fmt: skip
    assert {layout.name for layout in LAYOUTS.values() if layout.subject == "hand"} == {
        "shrec-22", "mediapipe-hand-21",
    }  # fmt: skip
