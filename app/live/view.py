"""What a live session shows after one frame. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.core.attention import WindowAttention
from recognizer.predictor import LabelScore


@dataclass(frozen=True)
class PersonAction:
    """One visible person's current action.

    Attributes:
        id: the track's number; stays with the person while the tracker knows them.
        label: class name, or None while there is none yet or for "no action I know".
        score: smoothed probability of the label (of the best class where it is None); 0 before the first.
        top5: best classes with their smoothed probabilities, best first; empty before the first window.
    """

    id: int
    label: str | None
    score: float
    top5: tuple[LabelScore, ...]


@dataclass(frozen=True)
class HistorySegment:
    """A stretch of one person's past: seconds on the frames' clock, label None for "no action I know"."""

    person: int
    start: float
    end: float
    label: str | None


@dataclass(frozen=True)
class LiveView:
    """Everything a page shows after one frame.

    Attributes:
        picture: (H, W, 3) uint8 RGB, annotated; mirrored where asked, with readable text.
        timestamp: the frame's.
        persons: those seen within the last second, by id.
        fps: frames processed a second of wall time, over the last two seconds.
        labels_per_second: windows' answers a second of wall time, over the last two seconds.
        pose_ms: milliseconds for the pose of this frame.
        draw_ms: milliseconds for drawing it.
        total_ms: milliseconds from entering ``process`` to this view.
        recognise_ms: milliseconds of the recogniser's latest batch; 0 before the first.
        label_age_ms: age of the frame that the newest labels' windows end at, in milliseconds; 0 before the
            first.
        message: one sentence for the person in front of the camera; empty when all is well.
        history: the last 30 seconds, by person and time.
        warming: seconds of data still needed until the first label; 0 when labels are there or nobody is.
        attention: what the network looked at, of each person whose label is new in this view, by id; empty in
            all other views and while it is switched off.
    """

    picture: np.ndarray
    timestamp: float
    persons: tuple[PersonAction, ...]
    fps: float
    labels_per_second: float
    pose_ms: float
    draw_ms: float
    total_ms: float
    recognise_ms: float
    label_age_ms: float
    message: str
    history: tuple[HistorySegment, ...]
    warming: float
    attention: tuple[WindowAttention, ...] = ()
