"""The end of the line: a video's chunks, whose windows get their answers and whose pictures their labels."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from app.core.attention import AttentionLog, window_attention
from app.core.events import Event
from app.drawing.encoding import VideoWriter
from app.drawing.picture import PersonMark, annotate, label_text
from app.video.answers import Answers
from app.video.following import Following
from app.video.presence import Window
from pose.skeleton import PersonPose
from recognizer.prediction import Prediction

CHUNK_SECONDS, CHUNK_FRAMES = 0.5, 16

OnEvent = Callable[[Event], None]


@dataclass
class Picture:
    """A frame on its way to being drawn; ``image`` is None where no video is written."""

    image: np.ndarray | None
    timestamp: float
    poses: dict[int, PersonPose]


@dataclass
class Chunk:
    """Some frames and the windows that ended in them."""

    pictures: list[Picture] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    predictions: Future | None = None

    @property
    def full(self) -> bool:
        if not self.pictures:
            return False
        span = self.pictures[-1].timestamp - self.pictures[0].timestamp
        return len(self.pictures) >= CHUNK_FRAMES or span >= CHUNK_SECONDS


class Finishing:
    """What becomes of chunks, in the drawing thread.

    Args:
        answers: collects the windows' answers.
        writer: takes the pictures with skeletons and labels; None writes no video.
        attention: takes what the network looked at in each window that counts; None for nothing.
        following: who does what and how often; None where nobody asks.
        on_event: told whenever the shown label, or count, of somebody who is followed changes.
    """

    def __init__(
        self,
        answers: Answers,
        writer: VideoWriter | None,
        attention: AttentionLog | None,
        following: Following | None,
        on_event: OnEvent | None,
    ) -> None:
        self.answers, self.writer, self.attention = answers, writer, attention
        self._following, self._on_event = following, on_event

    def finish(self, chunk: Chunk) -> None:
        """Takes the answers to a chunk's windows and writes its pictures with the labels of their time."""
        pending = []
        if chunk.predictions is not None:
            pending = list(zip(chunk.windows, chunk.predictions.result(), strict=True))
            pending.sort(key=lambda pair: pair[0].end)
        for picture in chunk.pictures:
            while pending and pending[0][0].end <= picture.timestamp + 1e-6:
                self._answer(*pending.pop(0))
            if self._following is not None:
                events = self._following.update(picture.timestamp, picture.poses, self.answers.shown)
                if self._on_event is not None:
                    for event in events:
                        self._on_event(event)
            if self.writer is not None:
                self.writer.write(self._drawn(picture), picture.timestamp)
        for window, prediction in pending:
            self._answer(window, prediction)

    def _answer(self, window: Window, prediction: Prediction) -> None:
        self.answers.add(window, prediction.probabilities)
        if self.attention is not None and prediction.attention is not None and not window.preview:
            self.attention.add(window_attention(window.person, window.sequence, prediction.attention))

    def _drawn(self, picture: Picture) -> np.ndarray:
        marks = []
        for person, pose in picture.poses.items():
            shown = self.answers.shown.get(person)
            text = "" if shown is None else label_text(shown.label, shown.score)
            count = None if self._following is None else self._following.count(person)
            if count:
                text += f", {count}"
            marks.append(PersonMark(person, pose, text))
        return annotate(picture.image, marks)
