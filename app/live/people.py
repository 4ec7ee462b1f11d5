"""Everybody whom the camera has seen lately."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from app.core.protocols import ActionRecognizer
from app.core.repeating import repeating
from app.live.person import KEPT_POSES, Person
from app.live.view import PersonAction
from pose.skeleton import PersonPose
from recognizer.prediction import top_labels
from recognizer.smoothing import LIVE
from recognizer.windows import FIRST_LABEL

STALE = 1.0
"""Seconds after which a person who is not seen any more has no current action."""


class People:
    """Those who are followed, by the numbers that the tracker gives them.

    Args:
        recognizer: what their windows and labels are made for.
        threshold: probability under which no action is named.
    """

    def __init__(self, recognizer: ActionRecognizer, threshold: float) -> None:
        self._recognizer, self._threshold = recognizer, threshold
        self._people: dict[int, Person] = {}

    def __len__(self) -> int:
        return len(self._people)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def __getitem__(self, number: int) -> Person:
        return self._people[number]

    def get(self, number: int) -> Person | None:
        """A person; None for one who was forgotten."""
        return self._people.get(number)

    def clear(self) -> None:
        """Forgets everybody."""
        self._people.clear()

    def use(self, recognizer: ActionRecognizer, threshold: float) -> None:
        """Goes on with the same people and their poses for another recogniser."""
        self._recognizer, self._threshold = recognizer, threshold
        for number, person in self._people.items():
            self._people[number] = fresh = self._new()
            for timestamp, pose in person.poses:
                fresh.push(timestamp, pose)

    def set_threshold(self, threshold: float) -> None:
        """Changes the probability under which no action is named."""
        self._threshold = threshold
        for person in self:
            person.smoother.threshold = threshold

    def follow(self, poses: Mapping[int, PersonPose], timestamp: float) -> None:
        """Takes the poses of one frame; who was not seen for long is forgotten."""
        for number in poses.keys() - self._people.keys():
            self._people[number] = self._new()
        for number, person in list(self._people.items()):
            person.push(timestamp, poses.get(number))
            if timestamp - person.last_seen > KEPT_POSES:
                del self._people[number]

    def forget_labels(self) -> None:
        """Shows no actions until there are new ones."""
        for person in self:
            person.shown = None

    def visible(self, timestamp: float) -> list[int]:
        """Numbers of the people seen within the last second."""
        return sorted(n for n, person in self._people.items() if timestamp - person.last_seen <= STALE)

    def ready(self, timestamp: float) -> list[int]:
        """Numbers of those seen just now and for long enough to be named."""
        return [
            number
            for number in self.visible(timestamp)
            if self[number].last_seen == timestamp and self._missing(self[number]) <= 0
        ]

    def warming(self, timestamp: float) -> float:
        """Seconds until the first label of anybody visible; 0 where there is one, or nobody."""
        visible = [self[number] for number in self.visible(timestamp)]
        if not visible or any(person.shown is not None for person in visible):
            return 0.0
        return max(0.0, min(self._missing(person) for person in visible))

    def actions(self, timestamp: float, began: Callable[[int], float | None]) -> tuple[PersonAction, ...]:
        """What everybody visible does, and where they are.

        Args:
            timestamp: of the newest frame.
            began: tells when somebody's label began to be shown.
        """
        actions = []
        for number in self.visible(timestamp):
            person = self[number]
            pose = person.poses[-1][1]
            if person.shown is None:
                actions.append(PersonAction(number, None, 0.0, (), pose))
                continue
            top5 = top_labels(person.shown.probabilities, self._recognizer.classes, 5)
            label, score = person.shown.label, person.shown.score
            actions.append(PersonAction(number, label, score, top5, pose, began(number), person.repetitions))
        return tuple(actions)

    def _new(self) -> Person:
        model = self._recognizer
        return Person(
            model.layout, model.window_seconds, model.classes, self._threshold, LIVE, repeating(model)
        )

    def _missing(self, person: Person) -> float:
        """Seconds of data that a person's first label still needs; negative where there is more."""
        return min(FIRST_LABEL, self._recognizer.window_seconds) - person.span
