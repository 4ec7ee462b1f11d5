"""How built-in actions that people do many times in a row repeat: what moves, against what, and which way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Motion:
    """What of a body moves up and down when an action is repeated.

    Attributes:
        moving: joints whose mean moves; those that a layout lacks do not count.
        against: joints from whose mean it is measured.
        effort: 1 where the upper turning point is the repetition, -1 where the lower one is.
        in_picture: the body moves in the room, its feet with it or not: in flat layouts, which tell where in
            the picture somebody is, ``against`` is not needed.
    """

    moving: tuple[str, ...]
    against: tuple[str, ...]
    effort: int
    in_picture: bool = False


_SHOULDERS = ("left_shoulder", "right_shoulder")
_WRISTS, _HIPS, _ANKLES = (("left_" + joint, "right_" + joint) for joint in ("wrist", "hip", "ankle"))
_TRUNK = ("neck", *_SHOULDERS, *_HIPS)

_ARMS_UP = Motion(_WRISTS, _SHOULDERS, 1)
_BODY_DOWN = Motion(_TRUNK, _ANKLES, -1, in_picture=True)

MOTIONS: Mapping[str, Motion] = MappingProxyType(
    {
        "arm_curl": _ARMS_UP,
        "bench_press": Motion(_WRISTS, _SHOULDERS, -1),
        "deadlift": Motion(("neck", *_SHOULDERS), _ANKLES, 1, in_picture=True),
        "front_raise": _ARMS_UP,
        "jump_rope": Motion(_TRUNK, _ANKLES, 1, in_picture=True),
        "jumping_jacks": _ARMS_UP,
        "lunge": _BODY_DOWN,
        "pull_up": Motion(("neck", *_SHOULDERS), _WRISTS, 1),
        "push_up": Motion(("neck", *_SHOULDERS), _WRISTS, -1),
        "shoulder_press": _ARMS_UP,
        "sit_up": Motion(("nose", "head", "neck", *_SHOULDERS), _HIPS, 1),
        "squat": _BODY_DOWN,
    }
)
"""Motions of labels that are counted. Both sides count as one motion: two arms that take turns are counted
each. Other labels, such as one's own actions, are counted by what moves most of the whole body."""
