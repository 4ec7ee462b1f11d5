"""A recogniser watches a stream exactly as the live program lets it watch one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose.buffer import SlidingBuffer
from pose.skeleton import SkeletonSequence
from recognizer.predictor import WindowRecognizer
from recognizer.smoothing import LIVE, LabelSmoother, Steadiness
from recognizer.training.streams.truth import Shown
from recognizer.windows import FIRST_LABEL, GLIMPSE, LIVE_RATE

_BATCH = 32  # windows predicted at once
_ROUNDING = 1e-6  # seconds by which a frame may miss the beat


@dataclass(frozen=True)
class Answers:
    """A recogniser's answers while it watched a stream, before they are steadied.

    Attributes:
        ends: (N,) float64 seconds, where the windows end.
        seen: (N,) float64 seconds, when the answers can be on the screen: with the next frame.
        probabilities: (N, K) float32.
        start, end: seconds, of the stream.
    """

    ends: np.ndarray
    seen: np.ndarray
    probabilities: np.ndarray
    start: float
    end: float


def watch(
    recognizer: WindowRecognizer,
    sequence: SkeletonSequence,
    rate: float = LIVE_RATE,
    seconds: float | None = None,
) -> Answers:
    """Predicts the windows that the live program would predict of one person.

    Windows end with a frame that shows the person and come at ``rate`` a second or as often as frames do; the
    first one, after ``FIRST_LABEL`` seconds, is mostly empty. An answer is shown with the next frame, so the
    network is taken to be quicker than the camera, and estimating the pose to take no time at all.

    Args:
        recognizer: whose layout is the sequence's.
        sequence: one person (M = 1).
        rate: windows a second, at most.
        seconds: length of a window; the recogniser's own where None.
    """
    times = sequence.timestamps
    seconds = recognizer.window_seconds if seconds is None else seconds
    buffer = SlidingBuffer(recognizer.layout, seconds)
    warm_up = min(FIRST_LABEL, seconds)
    first: float | None = None
    due = -np.inf
    asked: list[int] = []
    windows: list[SkeletonSequence] = []
    newest: list[SkeletonSequence] = []
    rows: list[np.ndarray] = []

    def answer() -> None:
        answers = recognizer.predict_live(windows, newest)
        rows.extend(each.probabilities for each in answers)
        windows.clear()
        newest.clear()

    for i, time in enumerate(times):
        confidence = sequence.confidence[0, i]
        if not confidence.any():
            buffer.push(float(time), None, None)
            continue
        buffer.push(float(time), sequence.joints[0, i], confidence)
        first = float(time) if first is None else first
        if time < due - _ROUNDING or time - first < warm_up:
            continue
        window = buffer.window(recognizer.frames)
        if window is None:
            continue
        due = max(due + 1 / rate, time)  # from beat to beat, as the live engine counts
        asked.append(i)
        windows.append(window)
        newest.append(buffer.window(recognizer.frames, seconds=GLIMPSE * seconds) or window)
        if len(windows) == _BATCH:
            answer()
    if windows:
        answer()
    return Answers(
        times[asked],
        times[np.minimum(np.array(asked, int) + 1, len(times) - 1)],
        np.array(rows, np.float32).reshape(-1, len(recognizer.classes)),
        float(times[0]),
        float(times[-1]),
    )


def steadied(
    answers: Answers, classes: Sequence[str], threshold: float, steadiness: Steadiness = LIVE
) -> tuple[Shown, ...]:
    """What a screen shows with the live program's smoothing of these answers.

    Args:
        answers: of a recogniser to a stream.
        classes: its K labels.
        threshold: probability under which no action is named.
        steadiness: how much labels are steadied.

    Returns:
        Stretches of different labels that together cover the stream.
    """
    smoother = LabelSmoother(classes, threshold, steadiness)
    starts: list[float] = [answers.start]
    labels: list[str | None] = [None]
    for end, seen, probabilities in zip(answers.ends, answers.seen, answers.probabilities, strict=True):
        label = smoother.update(float(end), probabilities).label
        if label != labels[-1]:
            starts.append(float(seen))
            labels.append(label)
    stretches = zip(starts, [*starts[1:], answers.end], labels, strict=True)
    return tuple(Shown(start, end, label) for start, end, label in stretches if end > start)
