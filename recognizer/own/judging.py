"""What is told of recordings while somebody teaches: does this one fit the others, and what would help."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pose.layouts import MEDIAPIPE_33
from recognizer.own.bank import Bank
from recognizer.own.collection import NOTHING
from recognizer.own.learner import Lesson
from recognizer.own.recordings import Recording

ENOUGH = 3
"""Recordings of an action that make it sure."""

_SAME_SIDE = 12.0  # degrees between the recordings that are turned most apart
_SEEN = 0.4  # visibility
_VERY_LIKE = 0.5  # share of the windows
_FAR, _NEARER = 0.15, 0.05  # cosine: less like the others than these are, more like something else


@dataclass(frozen=True)
class RecordingReport:
    """What is told of one recording.

    Attributes:
        name: of it.
        seconds: it lasts.
        fit: how like the action's other recordings it is, 1 being the same; None of the only one.
        odd: it is more like something else.
    """

    name: str
    seconds: float
    fit: float | None
    odd: bool


@dataclass(frozen=True)
class ActionReport:
    """What is told of an action: its recordings, and sentences that help."""

    name: str
    recordings: tuple[RecordingReport, ...]
    hints: tuple[str, ...]


def reports_of(
    recordings: Sequence[tuple[str, str, Recording]], lessons: Sequence[Lesson], bank: Bank | None = None
) -> list[ActionReport]:
    """What is told of all actions, in alphabetical order.

    Args:
        recordings: action, name and content.
        lessons: what they teach; of some there may be none.
        bank: of the same weights, whose middle is where likeness is measured from.
    """
    middle = 0.0 if bank is None else bank.embeddings.mean(0)
    by_action: dict[str, dict[str, Recording]] = defaultdict(dict)
    for action, name, recording in recordings:
        by_action[action][name] = recording
    taught: dict[str, dict[str, Lesson]] = defaultdict(dict)
    for lesson in lessons:
        taught[lesson.action][lesson.name] = replace(lesson, embeddings=lesson.embeddings - middle)
    reports = []
    for action in sorted(by_action):
        rows = []
        for name, recording in by_action[action].items():
            fit, odd = _fit(action, name, taught)
            rows.append(RecordingReport(name, recording.duration, fit, odd))
        hints = _hints(action, list(by_action[action].values()), list(taught[action].values()), taught)
        reports.append(ActionReport(action, tuple(rows), tuple(hints)))
    return reports


def _fit(action: str, name: str, taught: dict[str, dict[str, Lesson]]) -> tuple[float | None, bool]:
    """Cosine to the mean of the action's others, and whether another action's mean is nearer."""
    this = taught[action].get(name)
    others = [each for other, each in taught[action].items() if other != name]
    if this is None or not others:
        return None, False
    here = _mean([this])
    fit = float(here @ _mean(others))
    rest = [
        float(here @ _mean(list(each.values()))) for other, each in taught.items() if other != action and each
    ]
    among = [float(_mean([each]) @ _mean([o for o in others if o is not each] or [each])) for each in others]
    # Of two nobody can tell which is the odd one.
    far = len(others) > 1 and fit < min(among) - max(_FAR, 0.5 * (1 - min(among)))
    return fit, bool(far or (rest and max(rest) > fit + _NEARER))


def _mean(lessons: Sequence[Lesson]) -> np.ndarray:
    mean = np.mean([lesson.embeddings.mean(0) for lesson in lessons], 0)
    return mean / max(float(np.linalg.norm(mean)), 1e-9)


def _hints(
    action: str,
    recordings: Sequence[Recording],
    lessons: Sequence[Lesson],
    taught: dict[str, dict[str, Lesson]],
) -> list[str]:
    hints = []
    if action == NOTHING:
        return ["What you do here is taken for none of your actions."]
    if len(recordings) < ENOUGH:
        missing = ENOUGH - len(recordings)
        hints.append(f"Show it {'once' if missing == 1 else 'twice'} more: three make it sure.")
    bodies = [each for each in recordings if each.landmarks is MEDIAPIPE_33]
    turns = [_turn(each) for each in bodies]
    if len(turns) >= ENOUGH and max(turns) - min(turns) < _SAME_SIDE:
        hints.append(f"All {len(turns)} were seen from the same side: turn a little for one more.")
    without = sum(not _shows_legs(each) for each in bodies)
    if bodies and without == len(bodies):
        hints.append("Your legs were not in the picture: that is fine, if the action needs none.")
    elif without:
        hints.append(f"Your legs were not in the picture in {without} of {len(bodies)}.")
    seen = Counter(label for lesson in lessons for label in lesson.taken_for)
    windows = sum(len(lesson.taken_for) for lesson in lessons)
    for label, count in seen.most_common(1):
        if label and label != action and count > _VERY_LIKE * windows:
            hints.append(
                f"Very like the built-in {label.replace('_', ' ')}: {count} of {windows} windows were taken "
                "for it before."
            )
    here = _mean(lessons) if lessons else None
    for other, each in taught.items():
        if here is not None and other not in (action, NOTHING) and each:
            mixed = sum(
                float(_mean([lesson]) @ _mean(list(each.values()))) > float(_mean([lesson]) @ here)
                for lesson in lessons
            )
            if mixed > _VERY_LIKE * len(lessons):
                hints.append(f"Very like {other}: {mixed} of {len(lessons)} recordings are nearer to it.")
    return hints


def _turn(recording: Recording) -> float:
    """Degrees by which the shoulders are turned about the vertical, in the middle of a recording."""
    left, right = (MEDIAPIPE_33.index(f"{side}_shoulder") for side in ("left", "right"))
    across = (recording.world[:, left] - recording.world[:, right])[recording.detected]
    return float(np.median(np.degrees(np.arctan2(across[:, 2], across[:, 0]))))


def _shows_legs(recording: Recording) -> bool:
    """Whether the knees are in the picture, as far as that can be told."""
    knees = [MEDIAPIPE_33.index(f"{side}_knee") for side in ("left", "right")]
    inside = (recording.image[:, knees, 1] < recording.frame_size[1]) & (
        recording.visibility[:, knees] > _SEEN
    )
    return bool(inside[recording.detected].any(1).mean() > 0.5)
