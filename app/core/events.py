"""What the user's own programs are told: one event for each change of an action or of its count."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """A person's action or its count has changed.

    Attributes:
        time: seconds: of a video, from its first frame; of a camera, from its start.
        person: the track's number, from 0.
        label: class name; None while no action is known, and when the person has gone.
        score: of the label, 0 to 1; of the best class where there is none, 0 of somebody who has gone.
        count: how often the action was done in a row so far; None for actions that are not counted.
    """

    time: float
    person: int
    label: str | None
    score: float
    count: int | None

    def as_json(self, **more: int) -> str:
        """One line: {"time": 12.3, "person": 0, "label": "squat", "score": 0.93, "count": 4}, behind more."""
        return json.dumps(
            {
                **more,
                "time": round(self.time, 3),
                "person": self.person,
                "label": self.label,
                "score": round(self.score, 4),
                "count": self.count,
            }
        )
