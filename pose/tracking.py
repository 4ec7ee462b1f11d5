"""Identity of people, or of hands, over the pictures of a video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.similarity import body_centre, body_size
from pose.skeleton import PersonPose

_REMEMBERED = 1.2
"""Seconds after which a person who is not seen is forgotten."""
_CONFIRMED_AFTER = 0.12
"""Seconds for which a newcomer beside a known person must be seen before getting an id."""
_TENTATIVE_GAP = 0.2
"""Seconds without being seen after which an unconfirmed newcomer is dropped."""

_REACH = 1.0
"""How far from the prediction a person may be, in body sizes ..."""
_REACH_SPEED = 2.0
"""... and how much further for each second since last seen; both times the layout's ``reach``."""
_SHAPE_WEIGHT = 1.0
_SIZE_WEIGHT = 0.5

_VELOCITY_MEMORY = 0.25  # seconds; shorter follows turns, longer is steadier against noise
_SHAPE_MEMORY = 0.3  # seconds
_SIZE_MEMORY = 0.5  # seconds
_COASTING = 0.6  # seconds over which the velocity of somebody unseen dies away: people stop and turn
_OUT_OF_REACH = 1e6
_ABOUT_AS_LARGE = 0.7  # natural logarithm: up to twice as large, or half


@dataclass(frozen=True)
class TrackedPose:
    """A pose and whose it is; the same id is the same person."""

    id: int
    pose: PersonPose


@dataclass
class _Track:
    """One person's motion. Lengths in pixels, times in seconds."""

    pose: PersonPose
    first_seen: float
    last_seen: float
    centre: np.ndarray  # (2,)
    velocity: np.ndarray  # (2,) a second
    size: float
    shape: np.ndarray  # (J, 2) joints about the centre, in body sizes
    id: int | None = None  # None until confirmed

    @classmethod
    def start(cls, pose: PersonPose, timestamp: float) -> _Track:
        return cls(
            pose=pose,
            first_seen=timestamp,
            last_seen=timestamp,
            centre=body_centre(pose),
            velocity=np.zeros(2),
            size=_size(pose),
            shape=_shape(pose),
        )

    def predicted_centre(self, timestamp: float) -> np.ndarray:
        elapsed = timestamp - self.last_seen
        return self.centre + self.velocity * _COASTING * (1 - np.exp(-elapsed / _COASTING))

    def cost(self, pose: PersonPose, timestamp: float) -> float:
        """How badly a pose fits this person: distance from the prediction in body sizes (of hands in several
        of theirs), shape and size."""
        size = _size(pose)
        scale = max(size, self.size) * pose.layout.reach
        distance = float(np.linalg.norm(body_centre(pose) - self.predicted_centre(timestamp))) / scale
        if distance > _REACH + _REACH_SPEED * (timestamp - self.last_seen):
            return _OUT_OF_REACH
        shape = float(np.linalg.norm(_shape(pose) - self.shape, axis=1).mean())
        return distance + _SHAPE_WEIGHT * shape + _SIZE_WEIGHT * abs(float(np.log(size / self.size)))

    def see(self, pose: PersonPose, timestamp: float) -> None:
        elapsed = timestamp - self.last_seen
        centre = body_centre(pose)
        if elapsed > 0:
            # Until a track is older than the memory, its mean over all it has seen is the better estimate.
            memory = min(_VELOCITY_MEMORY, max(self.last_seen - self.first_seen, 1e-3))
            gain = 1 - np.exp(-elapsed / memory)
            self.velocity = self.velocity + gain * ((centre - self.centre) / elapsed - self.velocity)
            self.shape = self.shape + (1 - np.exp(-elapsed / _SHAPE_MEMORY)) * (_shape(pose) - self.shape)
            self.size += (1 - np.exp(-elapsed / _SIZE_MEMORY)) * (_size(pose) - self.size)
        self.centre, self.pose, self.last_seen = centre, pose, timestamp


class PersonTracker:
    """Gives the poses of each picture the ids of the people, or the hands, they belong to.

    Poses are assigned to people at the least total cost: distance from where constant motion predicts them,
    and difference in shape and size. A person unseen for about a second keeps the id. The first people of an
    empty scene get theirs at once; a newcomer beside somebody known must last a moment, so that a spurious
    pose does not become a person.

    Args:
        slots: the most people known at one time.
        comes_back: seconds since somebody was last seen in which whoever newly comes, about as large, is
            taken to be them, wherever they come in. Somebody else who comes so soon gets their id too: before
            a camera that is rarer than that people step aside for a moment.
    """

    def __init__(self, slots: int = 2, comes_back: float = 0.0) -> None:
        if slots < 1:
            raise ValueError(f"slots must be at least 1, got {slots}")
        self._slots, self._comes_back = slots, comes_back
        self.reset()

    def reset(self) -> None:
        """Forget everybody; ids start from 0 again."""
        self._tracks: list[_Track] = []
        self._left: list[_Track] = []
        self._next_id = 0
        self._now: float | None = None

    def update(self, poses: list[PersonPose], timestamp: float) -> list[TrackedPose]:
        """The people seen in the next picture.

        Args:
            poses: what was found in it, each body once.
            timestamp: seconds. One that runs backwards resets the tracker.

        Returns:
            Confirmed people in this picture, by id.
        """
        if self._now is not None and timestamp < self._now:
            self.reset()
        self._now = timestamp
        self._left += [
            each for each in self._tracks if each.id is not None and _is_forgotten(each, timestamp)
        ]
        self._left = [each for each in self._left if timestamp - each.last_seen <= self._comes_back]
        self._tracks = [track for track in self._tracks if not _is_forgotten(track, timestamp)]
        empty_scene = not any(track.id is not None for track in self._tracks)

        newcomers = self._assign(poses, timestamp)
        for pose in newcomers[: self._slots - len(self._tracks)]:
            self._tracks.append(_Track.start(pose, timestamp))
        for track in self._tracks:
            lasted = track.last_seen == timestamp and timestamp - track.first_seen >= _CONFIRMED_AFTER
            if track.id is None and (empty_scene or lasted):
                track.id = self._id_of(track)
        return sorted(
            (
                TrackedPose(track.id, track.pose)
                for track in self._tracks
                if track.id is not None and track.last_seen == timestamp
            ),
            key=lambda person: person.id,
        )

    def _id_of(self, newcomer: _Track) -> int:
        """That of whoever has left lately and is most likely back, or a new one."""
        sizes = [abs(float(np.log(newcomer.size / each.size))) for each in self._left]
        if not sizes or min(sizes) > _ABOUT_AS_LARGE:
            self._next_id += 1
            return self._next_id - 1
        back = self._left.pop(sizes.index(min(sizes))).id
        assert back is not None  # only those with an id are kept there
        return back

    def _assign(self, poses: list[PersonPose], now: float) -> list[PersonPose]:
        """Give the poses to the known people they fit best; returns those left over."""
        if not self._tracks or not poses:
            return list(poses)
        costs = np.array([[track.cost(pose, now) for pose in poses] for track in self._tracks])
        taken = set()
        for row, column in _assignment(costs):
            if costs[row, column] < _OUT_OF_REACH:
                self._tracks[row].see(poses[column], now)
                taken.add(column)
        return [pose for index, pose in enumerate(poses) if index not in taken]


def _assignment(costs: np.ndarray) -> list[tuple[int, int]]:
    """(row, column) pairs, each in at most one of them, whose costs have the smallest sum."""
    if min(costs.shape) == 1:
        best = int(costs.argmin())
        return [(best // costs.shape[1], best % costs.shape[1])]
    from scipy.optimize import linear_sum_assignment  # takes a third of a second, and one person needs none

    return list(zip(*linear_sum_assignment(costs), strict=True))


def _size(pose: PersonPose) -> float:
    return max(body_size(pose), 1.0)


def _shape(pose: PersonPose) -> np.ndarray:
    return (pose.image[list(pose.layout.telling)] - body_centre(pose)) / _size(pose)


def _is_forgotten(track: _Track, now: float) -> bool:
    limit = _REMEMBERED if track.id is not None else _TENTATIVE_GAP
    return now - track.last_seen > limit
