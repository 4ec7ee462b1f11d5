"""How skeletons are drawn: which landmarks are joined, in which colours, how thick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21, SkeletonLayout

Colour = tuple[int, int, int]

LEFT_COLOUR: Colour = (255, 159, 67)
RIGHT_COLOUR: Colour = (72, 190, 255)
MIDDLE_COLOUR: Colour = (236, 240, 241)
OUTLINE: Colour = (25, 28, 33)

FINGER_COLOURS: dict[str, Colour] = {
    "thumb": (255, 107, 107), "index": (255, 190, 60), "middle": (92, 219, 120),
    "ring": (72, 190, 255), "little": (212, 134, 255),
}  # fmt: skip
"""With the dark outline, and by their order on the hand, fingers can be told apart on any picture."""


@dataclass(frozen=True)
class Limbs:
    """The drawing of one kind of landmarks.

    Attributes:
        lines: (landmark, landmark, colour).
        joints: colour of each landmark.
        dots: landmarks that are small dots without an outline.
        slimness: how many lines side by side are as long as the torso, or the palm.
    """

    lines: tuple[tuple[int, int, Colour], ...]
    joints: tuple[Colour, ...]
    dots: frozenset[int]
    slimness: float


def limbs_of(landmarks: SkeletonLayout) -> Limbs:
    """The drawing of MEDIAPIPE_33 or MEDIAPIPE_HAND_21."""
    return {"body": _BODY, "hand": _HAND}[landmarks.subject]


def css(colour: Colour) -> str:
    """A colour as style sheets write it."""
    return "rgb({} {} {})".format(*colour)


def limbs_for_page(landmarks: SkeletonLayout) -> dict[str, Any]:
    """The same drawing as plain values for JSON: ``Limbs`` of ``types.d.ts``."""
    limbs = limbs_of(landmarks)
    return {
        "lines": [(a, b, css(colour)) for a, b, colour in limbs.lines],
        "joints": [css(colour) for colour in limbs.joints],
        "dots": sorted(limbs.dots),
        "slimness": limbs.slimness,
        "top": landmarks.torso_top,
        "bottom": landmarks.torso_bottom,
    }


def _side_colour(*names: str) -> Colour:
    if all(name.startswith("left_") for name in names):
        return LEFT_COLOUR
    return RIGHT_COLOUR if all(name.startswith("right_") for name in names) else MIDDLE_COLOUR


_BODY_LINES = (
    ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"), ("left_mouth", "right_mouth"),
    *(
        (f"{side}_{a}", f"{side}_{b}")
        for side in ("left", "right")
        for a, b in (
            ("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "index"), ("wrist", "little"),
            ("index", "little"), ("wrist", "thumb"), ("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle"),
            ("ankle", "heel"), ("heel", "foot_index"), ("ankle", "foot_index"),
        )
    ),
)  # fmt: skip

_BODY = Limbs(
    lines=tuple((MEDIAPIPE_33.index(a), MEDIAPIPE_33.index(b), _side_colour(a, b)) for a, b in _BODY_LINES),
    joints=tuple(_side_colour(name) for name in MEDIAPIPE_33.joints),
    dots=frozenset(range(11)),  # the face
    slimness=25,
)


def _finger_colour(*names: str) -> Colour:
    """A finger's own colour; between fingers, and at the wrist, that of the palm."""
    fingers = {name.partition("_")[0] for name in names}
    return FINGER_COLOURS.get(fingers.pop(), MIDDLE_COLOUR) if len(fingers) == 1 else MIDDLE_COLOUR


_PALM_LINES = (
    ("wrist", "thumb_base"), ("wrist", "index_base"), ("wrist", "little_base"), ("index_base", "middle_base"),
    ("middle_base", "ring_base"), ("ring_base", "little_base"),
)  # fmt: skip
_FINGER_LINES = tuple(
    (f"{finger}_{a}", f"{finger}_{b}")
    for finger in FINGER_COLOURS
    for a, b in (("base", "first"), ("first", "second"), ("second", "tip"))
)

_HAND = Limbs(
    lines=tuple(
        (MEDIAPIPE_HAND_21.index(a), MEDIAPIPE_HAND_21.index(b), _finger_colour(a, b))
        for a, b in (*_PALM_LINES, *_FINGER_LINES)
    ),
    joints=tuple(_finger_colour(name) for name in MEDIAPIPE_HAND_21.joints),
    dots=frozenset(),
    slimness=18,
)
