"""A page that teaches, without a browser or a camera."""

from __future__ import annotations

import json
import queue
from typing import Any

from app.live.landmarks import SeenPose
from app.live.view import LiveRecord
from app.web.film import Film
from app.web.messages import parse_text
from app.web.school import School
from app.web.teaching import Teaching
from recognizer.predictor import WindowRecognizer
from tests.recognizer.own.motions import poses

SOON = 60.0


class Pupil:
    """Stands in for the live engine: remembers what it was given, and has seen somebody."""

    def __init__(self) -> None:
        self.recognizers: list[WindowRecognizer] = []
        self.people: dict[int, list] = {}

    def set_recognizer(self, recognizer: WindowRecognizer) -> None:
        self.recognizers.append(recognizer)

    def record(self) -> LiveRecord:
        seen = {
            person: tuple(SeenPose(time, pose) for time, pose in moves if pose is not None)
            for person, moves in self.people.items()
        }
        return LiveRecord(10.0, seen, ())


class Tab:
    """One page that teaches."""

    def __init__(self, school: School, base: WindowRecognizer, names: list[str]) -> None:
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self.pupil = Pupil()
        self.film = Film()
        self.teaching = Teaching(
            school, lambda text: self.heard.put(json.loads(text)), lambda _: None, self.film
        )
        self.teaching.use(self.pupil, base, names)

    def say(self, kind: str, **content: Any) -> dict[str, Any]:
        """Sends a message and gives the answer."""
        message = parse_text(json.dumps({"type": f"teach-{kind}", "collection": "mine", **content}))
        self.teaching.hear(message)
        return self.heard.get(timeout=SOON)

    def shows(self, motion: str, seconds: float = 2.0, seed: int = 0) -> None:
        self.pupil.people = {0: poses(motion, seconds, seed, start=1.0)}

    def teach(self, action: str, motion: str, seed: int = 0, **more: Any) -> dict[str, Any]:
        self.shows(motion, seed=seed)
        return self.say("record", action=action, since=500.0, until=4000.0, **more)
