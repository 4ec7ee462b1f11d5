"""The vocabularies of the live demo: which data sets' actions are one and the same label.

An action may allow several labels where its data set does not tell them apart (a "pick up" that may be with
one hand or two): the loss then asks for any of them (``training.module``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNKNOWN = "unknown"
"""Target of clips that show none of the labels: the network should be unsure about them."""

_UTD = {
    "swipe_left": "swipe_left", "swipe_right": "swipe_right", "wave": "wave", "clap": "clap",
    "throw": "throw", "cross_arms": "cross_arms", "basketball_shoot": "basketball_shoot", "draw_x": "draw_x",
    "draw_circle_clockwise": "draw_circle_clockwise",
    "draw_circle_counter_clockwise": "draw_circle_counter_clockwise", "draw_triangle": "draw_triangle",
    "bowling": "bowl", "boxing": "punch", "baseball_swing": "baseball_swing",
    "tennis_forehand_swing": "tennis_forehand", "arm_curl": "arm_curl", "tennis_serve": "tennis_serve",
    "push": "push", "knock": "knock", "catch": "catch", "pick_up_and_throw": "pick_up_and_throw",
    "jog_in_place": "run", "walk_in_place": "walk", "sit_to_stand": "stand_up", "stand_to_sit": "sit_down",
    "lunge": "lunge", "squat": "squat",
}  # fmt: skip
_UCLA = {
    "pick_up_with_one_hand": "pick_up_with_one_hand", "pick_up_with_two_hands": "pick_up_with_two_hands",
    "drop_trash": "drop_trash", "walk_around": "walk", "sit_down": "sit_down", "stand_up": "stand_up",
    "put_on": "put_on", "take_off": "take_off", "throw": "throw", "carry": "carry",
}  # fmt: skip
_MSR = {
    "high_arm_wave": "wave", "hammer": "hammer", "hand_catch": "catch",
    "forward_punch": "punch", "high_throw": "throw", "draw_x": "draw_x", "draw_tick": "draw_tick",
    "draw_circle": "draw_circle_clockwise|draw_circle_counter_clockwise", "hand_clap": "clap",
    "two_hand_wave": "wave", "side_boxing": "punch", "bend": "bend", "forward_kick": "kick",
    "side_kick": "kick", "jogging": "run", "tennis_swing": "tennis_forehand", "tennis_serve": "tennis_serve",
    "golf_swing": "golf_swing", "pick_up_and_throw": "pick_up_and_throw",
}  # fmt: skip
_PICK_UP = "pick_up_with_one_hand|pick_up_with_two_hands"
_UTKINECT = {
    "walk": "walk", "sit_down": "sit_down", "stand_up": "stand_up", "pick_up": _PICK_UP, "carry": "carry",
    "throw": "throw", "push": "push", "pull": "pull", "wave_hands": "wave", "clap_hands": "clap",
}  # fmt: skip
_PENN = {
    "baseball_pitch": "baseball_pitch", "baseball_swing": "baseball_swing", "bench_press": "bench_press",
    "bowl": "bowl", "clean_and_jerk": "clean_and_jerk", "golf_swing": "golf_swing", "jump_rope": "jump_rope",
    "jumping_jacks": "jumping_jacks", "pullup": "pull_up", "pushup": "push_up", "situp": "sit_up",
    "squat": "squat", "strum_guitar": "guitar_strum", "tennis_forehand": "tennis_forehand",
    "tennis_serve": "tennis_serve",
}  # fmt: skip
_JHMDB = {
    "catch": "catch", "clap": "clap", "golf": "golf_swing", "jump": "jump", "pick": _PICK_UP, "pour": "pour",
    "pullup": "pull_up", "push": "push", "run": "run", "sit": "sit_down", "stand": "stand_up",
    "throw": "throw", "walk": "walk", "wave": "wave",
}  # fmt: skip
_REAL = {
    "arm_curl": "arm_curl", "bench_press": "bench_press", "clap": "clap", "dance": "dance",
    "deadlift": "deadlift", "fall": "fall",
    "golf_swing": "golf_swing", "guitar_strum": "guitar_strum", "idle_sitting": "idle",
    "idle_standing": "idle", "idle_upper": "idle", "jump": "jump", "jump_rope": "jump_rope",
    "jumping_jacks": "jumping_jacks", "kick": "kick", "lunge": "lunge", "other": UNKNOWN, "plank": "plank",
    "pull_up": "pull_up", "punch": "punch", "push_up": "push_up", "run": "run",
    "shoulder_press": "shoulder_press", "sit_down": "sit_down", "sit_up": "sit_up", "squat": "squat",
    "stand_up": "stand_up", "walk": "walk",
}  # fmt: skip
_REST = {"idle": "idle"}


@dataclass(frozen=True)
class Vocabulary:
    """Labels and how the data sets' actions map onto them.

    Attributes:
        name: as configurations call it.
        sources: data set -> its action -> label, several separated by "|", or UNKNOWN.
    """

    name: str
    sources: Mapping[str, Mapping[str, str]]

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels in alphabetical order: the class order of the networks."""
        texts = {text for actions in self.sources.values() for text in actions.values()}
        return tuple(sorted({label for text in texts for label in text.split("|")} - {UNKNOWN}))

    def targets(self, dataset: str, action: str) -> tuple[int, ...] | None:
        """Class indices that count as right for an action; () for UNKNOWN, None if the action is left out."""
        text = self.sources.get(dataset, {}).get(action)
        if text is None:
            return None
        return () if text == UNKNOWN else tuple(self.labels.index(label) for label in text.split("|"))


MIRRORED = {
    "swipe_left": "swipe_right",
    "swipe_right": "swipe_left",
    "draw_circle_clockwise": "draw_circle_counter_clockwise",
    "draw_circle_counter_clockwise": "draw_circle_clockwise",
}
"""Labels that name a direction and therefore change when a clip is mirrored."""

# A mirrored drawing hand draws a mirrored tick, and MSR's horizontal arm wave looks like a swipe: the first
# may not be mirrored without becoming a wrong example, the second is left out.
ARMS_ONLY = frozenset(
    {
        "arm_curl", "catch", "clap", "cross_arms", "draw_circle_clockwise", "draw_circle_counter_clockwise",
        "draw_tick", "draw_triangle", "draw_x", "hammer", "idle", "knock", "pull", "punch", "push",
        "swipe_left", "swipe_right", "throw", "wave",
    }
)  # fmt: skip
"""Labels that the arms alone tell, whatever body they belong to."""

NOT_MIRRORED = frozenset({"draw_tick"})

DAILY = Vocabulary(
    "daily",
    {
        "utd_mhad": _UTD,
        "nw_ucla": _UCLA,
        "msr_action3d": _MSR,
        "utkinect": _UTKINECT,
        "penn_action": _PENN,
        "jhmdb": _JHMDB,
        "real_landmarks": _REAL,
        "rest": _REST,
    },
)
DAILY_3D = Vocabulary(
    "daily-3d",
    {"utd_mhad": _UTD, "nw_ucla": _UCLA, "msr_action3d": _MSR, "utkinect": _UTKINECT, "rest": _REST},
)
VOCABULARIES = {vocabulary.name: vocabulary for vocabulary in (DAILY, DAILY_3D)}
