"""Somebody does an action several times in a row, with short rests: where each time begins and ends.

A body is at rest while none of its joints goes faster than a share of the row's fastest motion. Not every
rest is one between two times: who holds an arm up for a moment, or turns round slowly at the bottom of a
squat, is in the middle of the action. So only rests in the pose count with which the row begins, or, where
it begins with no rest, in which the body rests longest: people come back to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.layouts import MEDIAPIPE_33, SkeletonLayout
from recognizer.oscillation import GRID, SEEN, SEEN_SHARE, SMALLEST, body_size, even_and_smooth, filled
from recognizer.own.recordings import SHORTEST, Recording, RecordingError

MOST_CUTS = 20
"""Recordings that one row gives at most: its first ones."""
LONGEST_ROW = 120.0
"""Seconds of a row in a video."""

_REST = 0.3
"""Seconds that a rest lasts at least."""
_AT_ONCE = 0.2
"""Seconds of the row after which a rest is none that it begins with."""
_MARGIN = 0.2
"""Seconds of the rests before and after that belong to a recording."""
_LAG = 4
"""Steps of ``GRID`` over which a speed is taken."""
_OF_FAST = 0.25
"""Share of the speed that 5 % of the row exceed, under which a body is at rest."""
_SLOW, _QUICK = 0.15, 0.5
"""Torso lengths a second: slower is always a rest, and faster never."""
_HOME = 0.35
"""Share of the furthest that a joint goes, within which a pose is the one of the rests."""
_FIDGET = 0.3
"""Share of the usual extent under which what happens between two rests is none of the action's times."""
_BODY = ("nose", "_shoulder", "_elbow", "_wrist", "_hip", "_knee", "_ankle")

_NO_RESTS = (
    "No rests were seen in this: do the action several times, and stand still for half a second before, "
    "between and after."
)


@dataclass(frozen=True)
class _Course:
    """Where the joints are at even times: (T,) seconds, (T, J, 2) torso lengths in the picture."""

    times: np.ndarray
    joints: np.ndarray

    @property
    def relative(self) -> np.ndarray:
        """(T, J, 2) against the joints' middle, so that a step aside is no other pose."""
        return self.joints - self.joints.mean(1, keepdims=True)


def cut_at_rest(row: Recording) -> list[Recording]:
    """A row of the same action as one recording of each time.

    Args:
        row: of any length, with rests between the times.

    Returns:
        One recording or more, ``MOST_CUTS`` at most.

    Raises:
        RecordingError: no time of it can be told from the rests, or none is long enough.
    """
    parts = []
    for start, end in stretches(row):
        try:
            parts.append(row.part(start, end))
        except RecordingError:  # the person was not seen there, say
            continue
    if not parts:
        raise RecordingError(_NO_RESTS)
    return parts[:MOST_CUTS]


def stretches(row: Recording) -> list[tuple[float, float]]:
    """Start and end in seconds of each time that the action was done, with a little of the rests around it.

    What the row begins or ends with counts where the body is at its place of rest in that moment: who comes
    from the computer or goes to it does not act.
    """
    course = _course(row)
    if course is None:
        return []
    still = _runs(_at_rest(course), round(_REST / GRID))
    if not still:
        return []
    home, reach = _home(course, still)
    rests = [run for run in still if _apart(_pose(course.relative, run), home.pose) <= reach]
    return _between(course, rests, home, reach)


@dataclass(frozen=True)
class _Home:
    """The pose of the rests (J, 2), and where in the picture it is (J, 2)."""

    pose: np.ndarray
    place: np.ndarray


def _course(row: Recording) -> _Course | None:
    instants = np.arange(row.times[0], row.times[-1] + 1e-9, GRID)
    chosen = _joints(row.landmarks)
    sure = row.visibility.astype(np.float64)
    seen = [joint for joint in chosen if (sure[:, joint] >= SEEN).mean() >= SEEN_SHARE]
    joints = filled(row.image.astype(np.float64), sure)
    size = body_size(joints, sure, row.landmarks)
    if size is None or not seen or len(instants) <= 2 * _LAG:
        return None
    smooth = even_and_smooth(row.times, joints[:, seen].reshape(len(joints), -1) / size, instants)
    return _Course(instants, smooth.reshape(len(instants), len(seen), 2))


def _joints(layout: SkeletonLayout) -> list[int]:
    """Of a body those that make its pose, of a hand all."""
    return [
        index
        for index, name in enumerate(layout.joints)
        if layout is not MEDIAPIPE_33 or name.endswith(_BODY)
    ]


def _at_rest(course: _Course) -> np.ndarray:
    """(T,) bool."""
    half = _LAG // 2
    way = np.linalg.norm(course.joints[_LAG:] - course.joints[:-_LAG], axis=-1).max(1)
    speed = np.pad(way, half, mode="edge") / (_LAG * GRID)
    return speed < np.clip(_OF_FAST * np.percentile(speed, 95), _SLOW, _QUICK)


def _runs(flags: np.ndarray, least: int) -> list[slice]:
    """Where flags are true for at least so many steps."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False].astype(int)))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= least]


def _home(course: _Course, still: list[slice]) -> tuple[_Home, float]:
    """The pose that people come back to, and how far from it a pose is still the same."""
    relative = course.relative
    poses = np.stack([_pose(relative, run) for run in still])
    extent = float(np.linalg.norm(relative - np.median(relative, 0), axis=-1).max())
    reach = max(_HOME * extent, SMALLEST)
    seconds = np.array([run.stop - run.start for run in still])
    alike = np.array([[_apart(one, other) <= reach for other in poses] for one in poses])
    longest = int((alike @ seconds).argmax())  # the first of those that are alike
    best = 0 if still[0].start * GRID <= _AT_ONCE else longest
    place = np.median([_pose(course.joints, still[each]) for each in np.flatnonzero(alike[best])], 0)
    return _Home(poses[best], place), reach


def _between(course: _Course, rests: list[slice], home: _Home, reach: float) -> list[tuple[float, float]]:
    """What lies between two rests, as seconds, without what is too short or too small to be the action."""
    last = len(course.times) - 1
    edges = [(run.start, min(run.stop, last)) for run in rests]
    if edges[0][0] > 0 and _apart(course.joints[0], home.place) <= reach:
        edges = [(0, 0), *edges]
    if edges[-1][1] < last and _apart(course.joints[-1], home.place) <= reach:
        edges = [*edges, (last, last)]
    found = []
    for (before, start), (end, after) in zip(edges, edges[1:], strict=False):
        far = max(
            _furthest(course.relative[start : end + 1], home.pose), _away(course.joints[start : end + 1])
        )
        # Not beyond the middle of a rest: no moment is in two recordings.
        first = max(course.times[start] - _MARGIN, (course.times[before] + course.times[start]) / 2)
        until = min(course.times[end] + _MARGIN, (course.times[end] + course.times[after]) / 2)
        found.append((first, until, far, course.times[end] - course.times[start]))
    usual = float(np.median([far for *_, far, _ in found])) if found else 0.0
    least = max(SMALLEST, _FIDGET * usual)
    return [
        (float(first), float(until))
        for first, until, far, seconds in found
        if far >= least and until - first >= SHORTEST and seconds >= _REST
    ]


def _furthest(joints: np.ndarray, pose: np.ndarray) -> float:
    """Torso lengths that any joint is from a pose, at most."""
    return float(np.linalg.norm(joints - pose, axis=-1).max())


def _away(joints: np.ndarray) -> float:
    """Torso lengths that somebody, who jumps say, goes away from where they were before and are then."""
    ends = [np.linalg.norm(joints - joints[each], axis=-1).max(1) for each in (0, -1)]
    return float(np.minimum(*ends).max())


def _pose(joints: np.ndarray, run: slice) -> np.ndarray:
    return np.median(joints[run], 0)


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """Torso lengths between the same joint of two poses, of the joint for which they are most."""
    return float(np.linalg.norm(one - other, axis=-1).max())
