"""Whole videos: actions per person, and the video with skeletons and labels drawn into it.

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
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from app.core.attention import AttentionLog
from app.core.protocols import ActionRecognizer, Estimator, make_mediapipe
from app.core.repeating import repeating
from app.core.subjects import subject_of
from app.drawing.encoding import VideoWriter, even_size
from app.video.answers import Answers
from app.video.between import between
from app.video.finishing import Chunk, Finishing, OnEvent, Picture
from app.video.following import Following
from app.video.pipeline import Behind, read_ahead
from app.video.presence import Presence, Window
from app.video.results import VideoResult
from app.video.skeletons import SkeletonWriter
from pose.skeleton import PersonPose
from pose.sources import Frame, VideoFile, VideoInfo
from pose.tracking import PersonTracker

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

Progress = Callable[[float | None, str], None]

People = Callable[[Frame], dict[int, PersonPose]]
"""Gives who is in a frame, by number."""


class Source(Protocol):
    """Where frames come from: a video file, a camera, an address, a file of landmarks.

    Attributes:
        name: as results call it.
        info: size, rate and length.
        live: whether it has no end of its own, so that the newest frame counts and not each.
        problem: after iterating to the end, one sentence on what was missing, or None.
    """

    name: str
    info: VideoInfo
    live: bool
    problem: str | None

    def __iter__(self) -> Iterator[Frame]: ...


class Cancelled(Exception):
    """The analysis was stopped; nothing was written."""


def process_video(
    source: str | Path | Source,
    recognizer: ActionRecognizer,
    *,
    video_out: str | Path | None = None,
    skeleton_out: str | Path | None = None,
    attention: AttentionLog | None = None,
    threshold: float | None = None,
    estimator: Estimator | None = None,
    people: People | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    finish: Callable[[], bool] | None = None,
    on_event: OnEvent | None = None,
    keep: bool = True,
) -> VideoResult:
    """Analyses a video from its first frame to its last.

    Args:
        source: a file's path, or an open source (which stays open).
        recognizer: names the actions.
        video_out: .mp4 to write the annotated video to (H.264, longest side at most 1280 pixels).
        skeleton_out: .npz to write the landmarks to, see ``SkeletonWriter``.
        attention: takes what the network looked at in each window that counts; None does not compute it.
        threshold: probability under which no action is named; None takes the recogniser's.
        estimator: finds the people or hands that the recogniser is about; stays open. None makes a MediaPipe
            one for this video.
        people: who is in a frame, where that is known (``app.video.landmarks``): nothing is estimated then.
        progress: told (fraction done or None where the length is unknown, sentence) several times a second.
        cancelled: asked often; True stops everything.
        finish: asked often; True ends the video here, as if the source had ended (cameras have no end).
        on_event: told whenever a person's shown label, or its count, changes; called from another thread.
        keep: False for a source that never ends, of which only the events count: nothing is kept of it, and
            the result names nobody.

    Returns:
        What was found. Output files appear whole, and only when this returns.

    Raises:
        SourceError: the source cannot be read at all, or a camera stops.
        Cancelled: ``cancelled`` said so.
        WeightsError: a recogniser whose layout cannot be made from a camera's landmarks.
        OSError: an output cannot be written.
    """
    subject = subject_of(recognizer.layout)
    with ExitStack() as resources:
        if isinstance(source, (str, Path)):
            source = resources.enter_context(VideoFile(source))
        if people is None:
            if estimator is None:
                estimator = resources.enter_context(closing(make_mediapipe(subject.landmarks)))
            people = _Estimated(estimator)
        writer = None
        if video_out is not None:
            size = even_size(source.info.width, source.info.height, LONGEST_SIDE)
            writer = resources.enter_context(VideoWriter(video_out, size, source.info.fps))
        least = recognizer.threshold if threshold is None else threshold
        counted = repeating(recognizer)
        answers = Answers(recognizer.classes, least, keep, counted)
        asked = on_event is not None or writer is not None
        following = Following(recognizer.layout, counted) if asked else None
        finishing = Finishing(answers, writer, attention, following, on_event)
        run = _Run(source, recognizer, people, finishing, keep)
        if skeleton_out is not None or not isinstance(people, _Estimated):
            run.step = RECORDED_STEP
        if skeleton_out is not None:
            run.skeletons = resources.enter_context(closing(SkeletonWriter(subject.landmarks)))
        run.go(progress or (lambda fraction, sentence: None), cancelled or _never, finish or _never)
        persons = answers.persons(list(run.people.values()))
        if skeleton_out is not None:
            run.skeletons.save(skeleton_out, tuple(person.id for person in persons))
        return VideoResult(
            source=source.name,
            duration=run.end,
            fps=source.info.fps,
            weights=recognizer.card.name,
            layout=recognizer.layout.name,
            window_seconds=recognizer.window_seconds,
            persons=persons,
            message=None if persons else subject.missing_in_video,
            problem=source.problem,
        )


def _never() -> bool:
    return False


@contextmanager
def _recognising() -> Iterator[ThreadPoolExecutor]:
    """The recogniser's thread. After an error, windows that still wait there are not looked at any more."""
    pool = ThreadPoolExecutor(1, "recogniser")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


class _Estimated:
    """Finds people, or hands, and tells them apart."""

    def __init__(self, estimator: Estimator) -> None:
        self._estimator, self._tracker = estimator, PersonTracker(slots=2)

    def __call__(self, frame: Frame) -> dict[int, PersonPose]:
        found = self._estimator.estimate(frame.image, frame.timestamp)
        return {track.id: track.pose for track in self._tracker.update(found, frame.timestamp)}


class _Run:
    """One pass over one source, in the caller's thread."""

    def __init__(
        self,
        source: Source,
        recognizer: ActionRecognizer,
        people: People,
        finishing: Finishing,
        keep: bool,
    ) -> None:
        self._keep = keep
        self._source, self._recognizer, self._people = source, recognizer, people
        self._finishing = finishing
        self.people: dict[int, Presence] = {}
        self.skeletons: SkeletonWriter | None = None
        self.step = STEP
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
                    due = (due if frame.timestamp - due < self.step else frame.timestamp) + self.step
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
        if not isinstance(self._people, _Estimated):
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
        if self.skeletons is not None:
            self.skeletons.add(frame.timestamp, poses)
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


def _resized(frame: Frame, size: tuple[int, int]) -> Frame:
    if frame.image.shape[1::-1] == size:
        return frame
    return Frame(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), frame.timestamp)
