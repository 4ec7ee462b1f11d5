"""Skeleton layouts as data: joint names, bones, mirror pairs and body parts.

A layout says what the V joints of an array mean. Everything that depends on the body (graphs, bones,
mirroring, drawing, part pooling, tracking, what a camera's landmarks become) reads it from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = tuple[int, ...]


@dataclass(frozen=True)
class SkeletonLayout:
    """One skeleton layout.

    Attributes:
        name: the field's name for it, also written into weight cards.
        joints: V joint names, in array order.
        parents: for each joint the joint its bone starts from; the root is its own parent.
        coordinates: 2 (image pixels, y down) or 3 (metres, y up).
        mirror: for each joint its counterpart on the other side of the body (itself on the midline).
        root: joint at the centre of the body.
        torso_top, torso_bottom: joints whose means are the ends of the torso, of a hand those of the palm;
            their distance is the body's scale, the mean of ``torso_bottom`` its origin.
        parts: body parts per grain, "fine" and "coarse" (STF-Net, Sec. 3.2), where the layout has them.
        subject: of whom or what it is.
        spine: base and middle of the spine, of layouts that have them.
        landmarks: name of the layout of landmarks that a camera's joints are made from; "" for none.
        means: joints that are the mean of several landmarks, or have another name than theirs.
        telling: of landmarks, the joints that tell one pose from another.
        evident: of landmarks, the joints that every view shows.
        reach: of landmarks, how far one moves in its own sizes, against a body in the same time.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    coordinates: int
    mirror: tuple[int, ...]
    root: int
    torso_top: Part
    torso_bottom: Part
    parts: tuple[tuple[str, tuple[Part, ...]], ...] = ()
    subject: Literal["body", "hand"] = "body"
    spine: Part = ()
    landmarks: str = ""
    means: tuple[tuple[str, tuple[str, ...]], ...] = ()
    telling: Part = ()
    evident: Part = ()
    reach: float = 1.0

    def __len__(self) -> int:
        return len(self.joints)

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(joint, parent) pairs, without the root's self-loop."""
        return tuple((j, p) for j, p in enumerate(self.parents) if j != p)

    def index(self, joint: str) -> int:
        """Position of a joint by name. Raises ValueError if the layout has no such joint."""
        try:
            return self.joints.index(joint)
        except ValueError:
            raise ValueError(f"layout {self.name} has no joint {joint!r}") from None


def _mirror(joints: tuple[str, ...]) -> tuple[int, ...]:
    """Mirror permutation from names that start with left_ / right_."""

    def other(name: str) -> str:
        if name.startswith("left_"):
            return "right_" + name[5:]
        return "left_" + name[6:] if name.startswith("right_") else name

    return tuple(joints.index(other(name)) for name in joints)


# Shahroudy et al. 2016, Fig. 1 (Kinect v2), 0-based. Bones as in 2s-AGCN; the root of the bone tree is the
# spine at shoulder height.
_NTU_JOINTS = (
    "spine_base", "spine_middle", "neck", "head",
    "left_shoulder", "left_elbow", "left_wrist", "left_hand",
    "right_shoulder", "right_elbow", "right_wrist", "right_hand",
    "left_hip", "left_knee", "left_ankle", "left_foot",
    "right_hip", "right_knee", "right_ankle", "right_foot",
    "spine_shoulder", "left_hand_tip", "left_thumb", "right_hand_tip", "right_thumb",
)  # fmt: skip

_SHOULDERS, _HIPS, _EARS = ((f"left_{joint}", f"right_{joint}") for joint in ("shoulder", "hip", "ear"))

NTU_25 = SkeletonLayout(
    name="ntu-25",
    joints=_NTU_JOINTS,
    parents=(1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 20, 22, 7, 24, 11),
    coordinates=3,
    mirror=_mirror(_NTU_JOINTS),
    root=20,
    torso_top=(20,),
    torso_bottom=(0,),
    parts=(
        (
            "fine",
            (
                (2, 3), (0, 1, 20), (4, 5), (6, 7, 21, 22), (8, 9), (10, 11, 23, 24),
                (12, 13), (14, 15), (16, 17), (18, 19),
            ),
        ),
        (
            "coarse",
            (
                (0, 1, 2, 3, 20), (4, 5, 6, 7, 21, 22), (8, 9, 10, 11, 23, 24),
                (12, 13, 14, 15), (16, 17, 18, 19),
            ),
        ),
    ),
    spine=(0, 1),
    landmarks="mediapipe-33",
    means=(
        ("spine_base", _HIPS),
        ("spine_middle", _HIPS + _SHOULDERS),
        ("spine_shoulder", _SHOULDERS),
        ("neck", _SHOULDERS + _EARS),  # half way between the spine at the shoulders and the head
        ("head", _EARS),
        ("left_hand", ("left_wrist", "left_index", "left_little")),
        ("right_hand", ("right_wrist", "right_index", "right_little")),
        ("left_hand_tip", ("left_index",)),
        ("right_hand_tip", ("right_index",)),
        ("left_foot", ("left_foot_index",)),
        ("right_foot", ("right_foot_index",)),
    ),
)  # fmt: skip

# OpenPose COCO-18 as in Kinetics-Skeleton (Yan et al. 2018), 0-based.
_KINETICS_JOINTS = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist",
    "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip

KINETICS_18 = SkeletonLayout(
    name="kinetics-18",
    joints=_KINETICS_JOINTS,
    parents=(0, 0, 1, 2, 3, 1, 5, 6, 2, 8, 9, 5, 11, 12, 0, 0, 14, 15),
    coordinates=2,
    mirror=_mirror(_KINETICS_JOINTS),
    root=0,
    torso_top=(1,),
    torso_bottom=(8, 11),
    parts=(
        (
            "coarse",
            ((0, 1, 14, 15, 16, 17), (5, 6, 7), (2, 3, 4), (11, 12, 13), (8, 9, 10)),
        ),
    ),
    landmarks="mediapipe-33",
    means=(("neck", _SHOULDERS),),
)

_FINGERS = tuple(
    f"{finger}_{joint}"
    for finger in ("thumb", "index", "middle", "ring", "little")
    for joint in ("base", "first", "second", "tip")
)

# SHREC'17 track (De Smedt et al. 2017): wrist, palm, then four joints a finger from base to tip.
SHREC_22 = SkeletonLayout(
    name="shrec-22",
    joints=("wrist", "palm", *_FINGERS),
    parents=(0, 0) + tuple(1 if k == 0 else 2 + 4 * f + k - 1 for f in range(5) for k in range(4)),
    coordinates=3,
    mirror=tuple(range(22)),
    root=0,
    torso_top=(10,),
    torso_bottom=(0,),
    # STF-Net names no parts of hands: the palm and the fingers.
    parts=(("coarse", ((0, 1), *(tuple(range(2 + 4 * f, 6 + 4 * f)) for f in range(5)))),),
    subject="hand",
    landmarks="mediapipe-hand-21",
    means=(("palm", ("wrist", "middle_base")),),
)

# MediaPipe Pose (BlazePose), left and right are the person's own.
_MEDIAPIPE_JOINTS = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "left_mouth", "right_mouth", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_little", "right_little",
    "left_index", "right_index", "left_thumb", "right_thumb", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel", "right_heel",
    "left_foot_index", "right_foot_index",
)  # fmt: skip

MEDIAPIPE_33 = SkeletonLayout(
    name="mediapipe-33",
    joints=_MEDIAPIPE_JOINTS,
    parents=(
        0, 0, 1, 2, 0, 4, 5, 3, 6, 0, 0, 0, 0, 11, 12, 13, 14, 15, 16, 15, 16, 15, 16, 11, 12, 23, 24, 25, 26,
        27, 28, 29, 30,
    ),
    coordinates=2,
    mirror=_mirror(_MEDIAPIPE_JOINTS),
    root=0,
    torso_top=(11, 12),
    torso_bottom=(23, 24),
    telling=tuple(range(11, 29)),  # shoulders to ankles: face, hands and feet follow from them
    evident=(0, 11, 12),  # nose and shoulders
)  # fmt: skip

MEDIAPIPE_HAND_21 = SkeletonLayout(
    name="mediapipe-hand-21",
    joints=("wrist", *_FINGERS),
    parents=(0,) + tuple(0 if k == 0 else 1 + 4 * f + k - 1 for f in range(5) for k in range(4)),
    coordinates=3,
    mirror=tuple(range(21)),
    root=0,
    # The knuckles of index and little finger are the hand's shoulders: seen from its edge, the palm still has
    # its length, and pointing at the camera its width.
    torso_top=(5, 17),
    torso_bottom=(0,),
    subject="hand",
    telling=tuple(range(21)),
    evident=(0, 5, 17),  # the palm
    reach=4.0,  # in the same time, hands move by more of their own, smaller sizes
)

LAYOUTS: dict[str, SkeletonLayout] = {
    layout.name: layout for layout in (NTU_25, KINETICS_18, SHREC_22, MEDIAPIPE_33, MEDIAPIPE_HAND_21)
}
