"""Who does what now, how often so far, and what has changed: a video's people while it runs."""

from __future__ import annotations

from collections.abc import Container, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from app.core.events import Event
from app.video.presence import AWAY
from pose.layouts import SkeletonLayout
from pose.mapping import to_layout
from pose.skeleton import PersonPose
from recognizer.counting import RepetitionCounter
from recognizer.motions import MOTIONS


class Shown(Protocol):
    """A label to show and its score (``recognizer.smoothing.SmoothedLabel``)."""

    @property
    def label(self) -> str | None: ...

    @property
    def score(self) -> float: ...


AnyShown = TypeVar("AnyShown", bound=Shown)


@dataclass
class _Followed:
    counter: RepetitionCounter
    seen: float
    event: Event | None = None


class Following:
    """Follows the labels and counts of everybody in the picture. Forgets who has gone.

    Args:
        layout: of the recogniser, in which repetitions are counted.
        repeating: labels that are counted.
    """

    def __init__(self, layout: SkeletonLayout, repeating: Container[str] = MOTIONS) -> None:
        self._layout, self._repeating = layout, repeating
        self._people: dict[int, _Followed] = {}

    def count(self, person: int) -> int | None:
        """How often the person's action was done in a row so far; None where it is not counted."""
        followed = self._people.get(person)
        return None if followed is None or followed.event is None else followed.event.count

    def update(
        self, time: float, poses: Mapping[int, PersonPose], shown: MutableMapping[int, AnyShown]
    ) -> list[Event]:
        """Takes one frame and gives what has changed with it.

        Args:
            time: seconds.
            poses: who is in the picture, by number.
            shown: the labels to show, of those who have one. Who has gone loses theirs: it would be stale
                when they come back.
        """
        events = []
        for person, followed in list(self._people.items()):
            if person not in poses and time - followed.seen > AWAY:
                del self._people[person]
                shown.pop(person, None)
                if followed.event is not None:
                    events.append(Event(time, person, None, 0.0, None))
        for person, pose in poses.items():
            event = self._look(time, person, pose, shown.get(person))
            if event is not None:
                events.append(event)
        return events

    def leave(self, time: float) -> list[Event]:
        """Everybody has gone: gives the events that tell it."""
        people, self._people = self._people, {}
        return [
            Event(time, person, None, 0.0, None)
            for person, followed in people.items()
            if followed.event is not None
        ]

    def _look(self, time: float, person: int, pose: PersonPose, shown: Shown | None) -> Event | None:
        followed = self._people.get(person)
        if followed is None:
            counter = RepetitionCounter(self._layout, self._repeating)
            followed = self._people[person] = _Followed(counter, time)
        followed.seen = time
        label = None if shown is None else shown.label
        row = followed.counter.update(time, *to_layout(pose, self._layout), label)
        if shown is None:
            return None
        if row is not None and row.label == label:
            count: int | None = row.count
        else:  # the row before it may still go on for a moment
            count = 0 if label is not None and label in self._repeating else None
        event = Event(time, person, label, shown.score, count)
        before, followed.event = followed.event, event
        if before is not None and replace(before, time=time, score=shown.score) == event:
            return None
        return event
