"""What is told of recordings while somebody teaches: does this one fit the others, and what would help."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from recognizer.own.bank import Bank
from recognizer.own.collection import NOTHING
from recognizer.own.learner import Lesson
from recognizer.own.looks import Look

ENOUGH = 3
"""Recordings of an action that make it sure."""

_SAME_SIDE = 12.0  # degrees between the recordings that are turned most apart
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
    recordings: Iterable[tuple[str, str, Look]], lessons: Sequence[Lesson], bank: Bank | None = None
) -> list[ActionReport]:
    """What is told of all actions, in alphabetical order.

    Args:
        recordings: action, name and look of each, see ``looks``.
        lessons: what they teach; of some there may be none.
        bank: of the same weights, whose middle is where likeness is measured from.
    """
    middle = 0.0 if bank is None else bank.embeddings.mean(0)
    by_action: dict[str, dict[str, Look]] = defaultdict(dict)
    for action, name, look in recordings:
        by_action[action][name] = look
    taught: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        taught[lesson.action].append(lesson)
    means = {action: _means(each, middle) for action, each in taught.items()}
    centres = {action: _unit(each.sum(0)) for action, each in means.items()}
    reports = []
    for action in sorted(by_action):
        fits = {}
        if action in means:
            names = [lesson.name for lesson in taught[action]]
            fits = dict(zip(names, _fits(action, means[action], centres), strict=True))
        rows = [
            RecordingReport(name, look.seconds, *fits.get(name, (None, False)))
            for name, look in by_action[action].items()
        ]
        hints = _hints(action, list(by_action[action].values()), taught[action])
        if action != NOTHING and action in means:
            hints += _like_others(action, means[action], centres)
        reports.append(ActionReport(action, tuple(rows), tuple(hints)))
    return reports


def _means(lessons: Sequence[Lesson], middle: np.ndarray | float) -> np.ndarray:
    """(N, D) mean embeddings of lessons, from the middle of the bank."""
    return np.stack([lesson.embeddings.mean(0) for lesson in lessons]) - middle


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., D) of length 1, in the same direction."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _fits(action: str, means: np.ndarray, centres: dict[str, np.ndarray]) -> list[tuple[float | None, bool]]:
    """Of each of an action's lessons the cosine to the mean of the others, and whether it is odd: far less
    like them than they are like each other, or nearer to another action."""
    if len(means) == 1:
        return [(None, False)]
    directions, total = _unit(means), means.sum(0)
    elsewhere = [centre for other, centre in centres.items() if other != action]
    nearest = (directions @ np.stack(elsewhere, 1)).max(1) if elsewhere else np.full(len(means), -np.inf)
    fits: list[tuple[float | None, bool]] = []
    for index, direction in enumerate(directions):
        fit = float(direction @ _unit(total - means[index]))
        odd = nearest[index] > fit + _NEARER
        if len(means) > 2:  # of two nobody can tell which is the odd one
            others = np.delete(np.arange(len(means)), index)
            rest = _unit(total - means[index] - means[others])
            least = float((directions[others] * rest).sum(1).min())
            odd = odd or fit < least - max(_FAR, 0.5 * (1 - least))
        fits.append((fit, bool(odd)))
    return fits


def _like_others(action: str, means: np.ndarray, centres: dict[str, np.ndarray]) -> list[str]:
    """A sentence for each other action that most of an action's lessons are nearer to."""
    directions, hints = _unit(means), []
    here = directions @ centres[action]
    for other, centre in centres.items():
        mixed = int((directions @ centre > here).sum()) if other not in (action, NOTHING) else 0
        if mixed > _VERY_LIKE * len(means):
            hints.append(f"Very like {other}: {mixed} of {len(means)} recordings are nearer to it.")
    return hints


def _hints(action: str, recordings: Sequence[Look], lessons: Sequence[Lesson]) -> list[str]:
    hints = []
    if action == NOTHING:
        return ["What you do here is taken for none of your actions."]
    if len(recordings) < ENOUGH:
        missing = ENOUGH - len(recordings)
        hints.append(f"Show it {'once' if missing == 1 else 'twice'} more: three make it sure.")
    turns = [each.turn for each in recordings if each.turn is not None]
    if len(turns) >= ENOUGH and max(turns) - min(turns) < _SAME_SIDE:
        hints.append(f"All {len(turns)} were seen from the same side: turn a little for one more.")
    legs = [each.legs for each in recordings if each.legs is not None]
    if legs and not any(legs):
        hints.append("Your legs were not in the picture: that is fine, if the action needs none.")
    elif not all(legs):
        hints.append(f"Your legs were not in the picture in {legs.count(False)} of {len(legs)}.")
    seen = Counter(label for lesson in lessons for label in lesson.taken_for)
    windows = sum(len(lesson.taken_for) for lesson in lessons)
    for label, count in seen.most_common(1):
        if label and label != action and count > _VERY_LIKE * windows:
            hints.append(
                f"Very like the built-in {label.replace('_', ' ')}: {count} of {windows} windows were taken "
                "for it before."
            )
    return hints
