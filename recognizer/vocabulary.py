"""The vocabularies of the live demo: which data sets' actions are one and the same label.

An action may allow several labels where its data set does not tell them apart (a "pick up" that may be with
one hand or two): the loss then asks for any of them (``training.module``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

UNKNOWN = "unknown"
"""What clips show that show none of the labels. Networks of a vocabulary have an output for it."""

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
    "two_hand_wave": "wave", "side_boxing": "punch", "bend": "bow|touch_toes", "forward_kick": "kick",
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
# Eight of its 20 actors swiped towards their left when asked for "from right to left", twelve towards their
# right: they saw another left.
_SWIPE = "swipe_left|swipe_right"
_KINDER_GATOR = {
    "raise_hand": "raise_hand", "raise_other_hand": "raise_hand", "wave": "wave", "wave_other_hand": "wave",
    "bow": "bow", "raise_arm_aside": "arm_aside", "raise_other_arm_aside": "arm_aside",
    "raise_knee": "knee_up", "raise_other_knee": "knee_up", "lean": "lean", "lean_other_side": "lean",
    "twist": "twist", "touch_toes": "touch_toes", "lunge": "lunge", "leg_aside": "leg_aside",
    "other_leg_aside": "leg_aside", "walk_in_place": "walk", "walk_in_place_fast": "walk|run",
    "run_in_place": "run", "run_in_place_fast": "run", "jump": "jump", "jump_high": "jump",
    "jumping_jacks": "jumping_jacks", "push_button": "push|point", "swipe_right_to_left": _SWIPE,
    "swipe_left_to_right": _SWIPE, "fly_like_bird": "flap_arms", "fly_like_airplane": UNKNOWN,
    "swim": "swim", "kick": "kick", "kick_far": "kick", "kick_other_leg": "kick",
    "kick_far_other_leg": "kick", "throw": "throw", "throw_far": "throw", "throw_other_arm": "throw",
    "throw_far_other_arm": "throw", "punch": "punch", "climb_ladder": "climb", "point": "point",
    "stop": "stop", "come_here": "come_here",
    "draw_circle": "draw_circle_clockwise|draw_circle_counter_clockwise", "draw_square": "draw_square",
    "draw_triangle": "draw_triangle", "draw_x": "draw_x",
    "draw_a": UNKNOWN, "draw_c": UNKNOWN, "draw_k": UNKNOWN, "draw_m": UNKNOWN, "letter_y": UNKNOWN,
    "letter_m": UNKNOWN, "letter_c": UNKNOWN, "letter_a": UNKNOWN, "letter_k": UNKNOWN, "letter_p": UNKNOWN,
    "letter_t": UNKNOWN, "letter_x": UNKNOWN,
}  # fmt: skip
_SBU = {
    "approach": "walk", "depart": "walk", "kick": "kick", "push": "push", "punch": "punch",
    "shake_hands": "shake_hands", "hug": "hug", "exchange": UNKNOWN,
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
_REAL_2 = {
    "arm_curl": "arm_curl", "clap": "clap", "dance": "dance", "front_raise": "front_raise",
    "idle_sitting": "idle", "idle_standing": "idle", "idle_upper": "idle", "jumping_jacks": "jumping_jacks",
    "kick": "kick", "other": UNKNOWN, "pickleball_backhand": "tennis_backhand",
    "pickleball_forehand": "tennis_forehand", "pickleball_serve": UNKNOWN, "point": "point",
    "pull_up": "pull_up", "punch": "punch", "push_up": "push_up", "run": "run",
    "shoulder_press": "shoulder_press", "shoulder_shrug": "shoulder_shrug",
    "tennis_backhand": "tennis_backhand", "tennis_forehand": "tennis_forehand", "tennis_ready": UNKNOWN,
    "tennis_serve": "tennis_serve", "walk": "walk", "wave": "wave",
}  # fmt: skip
_REST = {"idle": "idle"}

# What is known in two dimensions alone: data sets, and labels that at most three clips with a depth teach.
_FLAT_SETS = frozenset({"penn_action", "jhmdb"})
_FLAT_LABELS = frozenset(
    {"bench_press", "fall", "front_raise", "guitar_strum", "jump_rope", "plank", "shoulder_shrug", "sit_up"}
)


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

    def without(self, labels: Collection[str]) -> Vocabulary:
        """The same without some labels; actions that are or may be one of them are left out whole."""
        sources = {
            name: {action: text for action, text in actions.items() if not set(text.split("|")) & set(labels)}
            for name, actions in self.sources.items()
        }
        return Vocabulary(self.name, sources)


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
        "arm_aside", "come_here", "draw_square", "draw_tick", "draw_triangle", "draw_x", "flap_arms",
        "front_raise", "hammer", "idle", "knock", "point", "pull", "punch", "push", "raise_hand",
        "shoulder_press", "shoulder_shrug", "stop", "swim", "swipe_left", "swipe_right", "throw", "wave",
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
        "kinder_gator": _KINDER_GATOR,
        "sbu": _SBU,
        "real_landmarks": _REAL,
        "real_landmarks_2": _REAL_2,
        "rest": _REST,
    },
)
DAILY_3D = Vocabulary(
    "daily-3d",
    {name: texts for name, texts in DAILY.without(_FLAT_LABELS).sources.items() if name not in _FLAT_SETS},
)
VOCABULARIES = {vocabulary.name: vocabulary for vocabulary in (DAILY, DAILY_3D)}
