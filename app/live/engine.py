"""The live engine: frames in, landmarks and steady labels out. Knows no user interface.

One thread calls :meth:`LiveEngine.process` at the camera's rate; the recogniser works in a thread beside it
on the newest windows, so a slow network lowers the label rate and never the frame rate.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from threading import RLock

import numpy as np

from app.core.attention import WindowAttention, window_attention
from app.core.protocols import ActionRecognizer, Estimator, MakeEstimator
from app.core.subjects import Subject, subject_of
from app.live.history import HISTORY, History
from app.live.landmarks import LandmarkHistory, SeenPose
from app.live.people import STALE, People
from app.live.view import LiveRecord, LiveView
from app.live.worker import NewestOnlyWorker
from pose.skeleton import SkeletonSequence
from pose.tracking import PersonTracker
from recognizer.prediction import Prediction
from recognizer.windows import GLIMPSE, LIVE_RATE

SOONEST = 0.004
"""Seconds between two frames. One that comes sooner (no camera is that fast) takes the place of the last, so
that a clock which hardly moves cannot heap up poses."""
COMES_BACK = 4.0
"""Seconds in which somebody who comes back keeps their number."""


@dataclass(frozen=True)
class _Job:
    """Windows of several people that end at one instant."""

    recognizer: ActionRecognizer
    session: int
    end: float
    persons: tuple[int, ...]
    windows: tuple[SkeletonSequence, ...]
    newest: tuple[SkeletonSequence, ...]  # the last part of each
    attention: bool


def _recognise(job: _Job) -> list[Prediction]:
    return job.recognizer.predict_live(job.windows, job.newest, attention=job.attention)


class LiveEngine:
    """Pose, tracks, windows and recognition for one live session.

    All methods may be called from any thread; a lock serialises them. ``close`` closes the estimator and
    leaves the recogniser alone.

    Args:
        recognizer: names the actions; may be shared by several engines.
        make_estimator: gives this engine's own pose estimator, for the landmarks that the recogniser needs.
        threshold: probability under which no action is named; None takes the recogniser's.
        persons: people followed at once.
        label_rate: batches of windows a second, at most.
        attention: also tell what the network looks at.

    Raises:
        WeightsError: a recogniser whose layout cannot be made from a camera's landmarks.
    """

    def __init__(
        self,
        recognizer: ActionRecognizer,
        make_estimator: MakeEstimator,
        *,
        threshold: float | None = None,
        persons: int = 2,
        label_rate: float = LIVE_RATE,
        attention: bool = False,
    ) -> None:
        self._make_estimator = make_estimator
        self._estimator: Estimator | None = None
        self._subject: Subject | None = None
        self._tracker = PersonTracker(slots=persons, comes_back=COMES_BACK)
        self._label_period = 1.0 / label_rate
        self._threshold = threshold
        self._attention = attention
        self._lock = RLock()
        self._closed = False
        self._session = 0
        self._people = People(recognizer, recognizer.threshold if threshold is None else threshold)
        self._clear()
        self.set_recognizer(recognizer)
        self._worker: NewestOnlyWorker[_Job, list[Prediction]] = NewestOnlyWorker(_recognise)

    def process(self, image: np.ndarray, timestamp: float) -> LiveView:
        """Takes one frame and gives the view to show now, with the newest labels there are.

        Args:
            image: (H, W, 3) uint8 RGB, as the camera saw it (never mirrored). Not written to.
            timestamp: seconds on any clock that only grows; one that runs backwards restarts the session,
                and after one that leaps ahead nothing of the past is left.

        Raises:
            ValueError: not an RGB picture, or a timestamp that is no number.
            RuntimeError: the engine is closed.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ValueError(f"A frame must be (H, W, 3) uint8, got {image.dtype} {image.shape}.")
        if not math.isfinite(timestamp):
            raise ValueError(f"A frame's timestamp must be a number of seconds, got {timestamp}.")
        with self._lock:
            self._check_open()
            began = time.perf_counter()
            if self._time is not None:
                if timestamp < self._time:
                    self.reset()
                elif timestamp - self._time < SOONEST:
                    timestamp = self._time
            self._time = timestamp
            tracks = self._tracker.update(self._estimator.estimate(image, timestamp), timestamp)
            posed = time.perf_counter()
            poses = {track.id: track.pose for track in tracks}
            self._people.follow(poses, timestamp)
            self._landmarks.add(timestamp, poses)
            attention = self._take_labels(timestamp)
            self._ask_for_labels(timestamp, posed)
            self._remember_labels(timestamp)
            done = time.perf_counter()
            return LiveView(
                timestamp=timestamp,
                persons=self._people.actions(timestamp, self._history.began),
                pose_ms=(posed - began) * 1000,
                total_ms=(done - began) * 1000,
                recognise_ms=self._recognise_ms,
                label_age_ms=0.0 if self._labels_end is None else (timestamp - self._labels_end) * 1000,
                message=self._problem or ("" if self._people.visible(timestamp) else self._subject.missing),
                history=self._history.segments,
                warming=self._people.warming(timestamp),
                attention=attention,
            )

    def set_recognizer(self, recognizer: ActionRecognizer) -> None:
        """Uses another recogniser from now on; recent poses are kept, so its first label comes at once.

        One of hands where the last one was of people, or the other way round, starts anew with another
        estimator.

        Raises:
            WeightsError: a layout that cannot be made from a camera's landmarks; the old recogniser stays.
            PoseModelError: the other estimator cannot be had; the old recogniser stays.
            RuntimeError: the engine is closed.
        """
        subject = subject_of(recognizer.layout)
        with self._lock:
            self._check_open()
            if subject is not self._subject:
                estimator = self._make_estimator(subject.landmarks)
                if self._estimator is not None:
                    self._estimator.close()
                self._estimator, self._subject = estimator, subject
                self._tracker.reset()
                self._clear()
            self._recognizer = recognizer
            self._session += 1  # an answer that is still on its way belongs to the old one
            self._problem = ""
            self._labels_end = None
            self._people.use(recognizer, self._current_threshold())

    def set_threshold(self, threshold: float | None) -> None:
        """Changes the probability under which no action is named; None takes the recogniser's."""
        with self._lock:
            self._threshold = threshold
            self._people.set_threshold(self._current_threshold())

    def set_attention(self, wanted: bool) -> None:
        """Switches on or off that views tell what the network looks at; off, it is not even computed."""
        with self._lock:
            self._attention = wanted

    def landmarks(
        self, person: int, since: float = -math.inf, until: float = math.inf
    ) -> tuple[SeenPose, ...]:
        """What was seen of somebody between two instants of the frames' clock, of the last
        ``app.live.landmarks.KEPT`` seconds; nothing of someone who was not seen."""
        with self._lock:
            return self._landmarks.of(person, since, until)

    def record(self) -> LiveRecord:
        """Labels and landmarks of the last 30 seconds."""
        with self._lock:
            end = 0.0 if self._time is None else self._time
            seen = {person: self._landmarks.of(person, end - HISTORY) for person in self._landmarks.persons}
            return LiveRecord(end, {who: own for who, own in seen.items() if own}, self._history.segments)

    def reset(self) -> None:
        """Forgets people, labels and history, as for a camera that starts anew."""
        with self._lock:
            self._session += 1
            self._clear()
            self._tracker.reset()
            self._estimator.reset()

    def close(self) -> None:
        """Stops the worker and closes the estimator. May be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._worker.close()
            self._estimator.close()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("This live session is closed.")

    def _clear(self) -> None:
        self._time: float | None = None
        self._people.clear()
        self._history = History(STALE, self._label_period)
        self._landmarks = LandmarkHistory()
        self._problem = ""
        self._recognise_ms = 0.0
        self._labels_end: float | None = None
        self._due = 0.0

    def _current_threshold(self) -> float:
        return self._recognizer.threshold if self._threshold is None else self._threshold

    def _ask_for_labels(self, timestamp: float, now: float) -> None:
        if now < self._due or not self._worker.idle:
            return
        asked: list[int] = []
        windows: list[SkeletonSequence] = []
        newest: list[SkeletonSequence] = []
        frames = self._recognizer.frames
        for number in self._people.ready(timestamp):
            buffer = self._people[number].buffer
            window = buffer.window(frames)
            if window is not None:
                asked.append(number)
                windows.append(window)
                newest.append(buffer.window(frames, seconds=GLIMPSE * buffer.seconds) or window)
        if windows:
            # A frame seldom falls on the beat: counting from the beat, not the frame, keeps the mean rate.
            self._due = max(self._due + self._label_period, now)
            self._worker.submit(
                _Job(
                    self._recognizer,
                    self._session,
                    timestamp,
                    tuple(asked),
                    tuple(windows),
                    tuple(newest),
                    self._attention,
                )
            )

    def _take_labels(self, timestamp: float) -> tuple[WindowAttention, ...]:
        """Takes the worker's newest answers, if there are new ones, and gives what they tell of attention."""
        outcome = self._worker.take()
        if outcome is None or outcome.job.session != self._session:
            return ()
        self._recognise_ms = outcome.milliseconds
        if outcome.error is not None:
            self._problem = f"The recogniser failed: {str(outcome.error) or type(outcome.error).__name__}"
            self._labels_end = None
            self._people.forget_labels()
            return ()
        self._problem = ""
        self._labels_end = outcome.job.end
        attention = []
        for number, window, prediction in zip(
            outcome.job.persons, outcome.job.windows, outcome.result, strict=True
        ):
            person = self._people.get(number)
            if person is not None:
                person.shown = person.smoother.update(outcome.job.end, prediction.probabilities)
                if self._attention and prediction.attention is not None:
                    attention.append(window_attention(number, window, prediction.attention))
        return tuple(attention)

    def _remember_labels(self, timestamp: float) -> None:
        for number in self._people.visible(timestamp):
            shown = self._people[number].shown
            if shown is not None:
                self._history.show(number, shown.label, timestamp)
        self._history.forget(timestamp)
