"""One pass over a video.

Four threads pass small chunks of the video on: one decodes, the caller's finds the poses and cuts the
windows, one recognises, and one draws and encodes. Nothing grows with the length of the video but the
windows' answers and the joints that repetitions are counted from: 6 to 10 kB a second of each person.

What is held meanwhile has bounds that no file can move: the decoder's frames (``pose.containers``) and, of at
most 1280 x 1280 pixels, ``READ_AHEAD`` frames decoded, ``MOST_WAITING`` before one that is analysed, and four
chunks (one filling, ``BEHIND`` ready, one being drawn) of less than ``CHUNK_FRAMES`` + ``MOST_WAITING``: 156
pictures, 430 MB at 1280 x 720. Videos of up to 60 frames a second need half of it, and without a video to
write the chunks hold no pictures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import cv2
import numpy as np

from app.core.protocols import ActionRecognizer
from app.drawing.encoding import even_size
from app.video.between import between
from app.video.finishing import Chunk, Finishing, Picture
from app.video.landmarks import LandmarkFile
from app.video.pipeline import Behind, read_ahead
from app.video.presence import Presence, Window
from app.video.skeletons import SkeletonWriter
from app.video.source import People, Source
from pose.skeleton import PersonPose
from pose.sources import Frame

LONGEST_SIDE = 1280
"""Larger pictures are scaled down before pose estimation and drawing."""

STEP = 1 / 20
"""Seconds between two frames that are analysed, on average. In between people are drawn on their way from one
to the next: with a 30 fps video that saves a third of the time."""
RECORDED_STEP = 1 / 36
"""The same where landmarks are written: every frame of a 30 fps video."""

READ_AHEAD, BEHIND = 8, 2
MOST_WAITING = 16
"""Frames between two that are analysed. Videos of more than 340 a second are analysed more often for it."""

PROGRESS_EVERY = 0.2
"""Seconds."""

Progress = Callable[[float | None, str], None]
"""Told the fraction done, None where the length is unknown, and a sentence."""


class Cancelled(Exception):
    """The analysis was stopped; nothing was written."""


class Run:
    """One pass over one source, in the caller's thread.

    Args:
        source: its frames are read to their end.
        recognizer: names the actions.
        people: who is in a frame.
        finishing: takes what was found, chunk by chunk.
        keep: False where nothing of those who have left is wanted any more.
        skeletons: takes the landmarks.
        step: seconds between two frames that are analysed.

    Attributes:
        people: who was seen, by number.
        end: of the last frame, in seconds.
    """

    def __init__(
        self,
        source: Source,
        recognizer: ActionRecognizer,
        people: People,
        finishing: Finishing,
        keep: bool,
        skeletons: SkeletonWriter | None = None,
        step: float = STEP,
    ) -> None:
        self._source, self._recognizer, self._people = source, recognizer, people
        self._finishing, self._keep, self._skeletons, self._step = finishing, keep, skeletons, step
        self.people: dict[int, Presence] = {}
        self.end = 0.0
        self._waiting: list[Frame] = []  # frames since the last one that was analysed
        self._poses: dict[int, PersonPose] = {}
        self._analysed = 0.0

    def go(self, progress: Progress, cancelled: Callable[[], bool], finish: Callable[[], bool]) -> None:
        """Reads the source to its end."""
        chunk = Chunk()
        due = told = -np.inf
        with (
            _recognising() as pool,
            Behind(self._finishing.finish, size=BEHIND) as drawing,
            closing(self._frames()) as frames,
        ):
            for frame in frames:
                if cancelled():
                    raise Cancelled
                if finish():
                    break
                self.end = frame.timestamp + 1 / self._source.info.fps
                on_beat = frame.timestamp >= due - 1e-3
                if not on_beat and len(self._waiting) < MOST_WAITING:
                    self._waiting.append(frame)
                    continue
                if on_beat:
                    # Frames seldom fall on the beat: counting from it, not the frame, keeps the mean rate.
                    due = (due if frame.timestamp - due < self._step else frame.timestamp) + self._step
                self._analyse(frame, chunk)
                if chunk.full:
                    self._hand_over(chunk, pool, drawing)
                    chunk = Chunk()
                now = time.monotonic()
                if now - told >= PROGRESS_EVERY:
                    told = now
                    progress(*self._progress(frame.timestamp))
            if self._waiting:  # the last frame is always analysed
                self._analyse(self._waiting.pop(), chunk)
            for presence in self.people.values():
                chunk.windows += presence.leave()
            self._hand_over(chunk, pool, drawing)
        progress(1.0, "Done")

    def _analyse(self, frame: Frame, chunk: Chunk) -> None:
        """Finds the people of a frame, and with them those of the frames before that were not analysed."""
        before, self._poses = self._poses, self._people_in(frame)
        chunk.windows += self._windows(frame.timestamp, self._poses)
        span = frame.timestamp - self._analysed
        for waiting in self._waiting:
            # A camera's clock may tick so slowly that two frames share a time.
            share = (waiting.timestamp - self._analysed) / span if span > 0 else 1.0
            chunk.pictures.append(self._picture(waiting, between(before, self._poses, share)))
        chunk.pictures.append(self._picture(frame, self._poses))
        self._waiting.clear()
        self._analysed = frame.timestamp

    def _picture(self, frame: Frame, poses: dict[int, PersonPose]) -> Picture:
        return Picture(None if self._finishing.writer is None else frame.image, frame.timestamp, poses)

    def _frames(self) -> Iterator[Frame]:
        """Frames of the size that is written. A file is read ahead; of a camera, the newest frame counts."""
        if isinstance(self._source, LandmarkFile):  # no pictures
            return iter(self._source)
        size = even_size(self._source.info.width, self._source.info.height, LONGEST_SIDE)
        frames = (_resized(frame, size) for frame in self._source)
        return frames if self._source.live else read_ahead(frames, READ_AHEAD)

    def _progress(self, timestamp: float) -> tuple[float | None, str]:
        duration = self._source.info.duration
        if not duration:
            return None, f"{timestamp:.1f} s"
        return min(timestamp / duration, 1.0), f"{min(timestamp, duration):.1f} of {duration:.1f} s"

    def _people_in(self, frame: Frame) -> dict[int, PersonPose]:
        poses = self._people(frame)
        if self._skeletons is not None:
            self._skeletons.add(frame.timestamp, poses)
        return poses

    def _windows(self, timestamp: float, poses: dict[int, PersonPose]) -> list[Window]:
        model = self._recognizer
        for person in poses.keys() - self.people.keys():
            self.people[person] = Presence(
                person, model.layout, model.window_seconds, model.frames, self._keep
            )
        windows = [
            window
            for person, presence in self.people.items()
            for window in presence.push(timestamp, poses.get(person))
        ]
        if not self._keep:
            self.people = {person: presence for person, presence in self.people.items() if presence.here}
        return windows

    def _hand_over(self, chunk: Chunk, pool: ThreadPoolExecutor, drawing: Behind[Chunk]) -> None:
        if chunk.windows:
            sequences = [window.sequence for window in chunk.windows]
            chunk.predictions = pool.submit(
                self._recognizer.predict, sequences, attention=self._finishing.attention is not None
            )
        drawing.put(chunk)


@contextmanager
def _recognising() -> Iterator[ThreadPoolExecutor]:
    """The recogniser's thread. After an error, windows that still wait there are not looked at any more."""
    pool = ThreadPoolExecutor(1, "recogniser")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _resized(frame: Frame, size: tuple[int, int]) -> Frame:
    if frame.image.shape[1::-1] == size:
        return frame
    return Frame(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), frame.timestamp)
