"""What a live session shows after one frame. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.attention import WindowAttention
from app.live.landmarks import SeenPose
from pose.skeleton import PersonPose
from recognizer.counting import Repetitions
from recognizer.prediction import LabelScore


@dataclass(frozen=True)
class PersonAction:
    """One visible person's current action.

    Attributes:
        id: the track's number; stays with the person while the tracker knows them.
        label: class name, or None while there is none yet or for "no action I know".
        score: smoothed probability of the label (of the best class where it is None); 0 before the first.
        top5: best classes with their smoothed probabilities, best first; empty before the first window.
        pose: landmarks in this frame; None where they are not seen in it.
        since: seconds on the frames' clock at which the label began to be shown; None before the first.
        repetitions: how often the label's action was done in a row; None where it is not counted.
    """

    id: int
    label: str | None
    score: float
    top5: tuple[LabelScore, ...]
    pose: PersonPose | None = None
    since: float | None = None
    repetitions: Repetitions | None = None


@dataclass(frozen=True)
class HistorySegment:
    """A stretch of one person's past: seconds on the frames' clock, label None for "no action I know"."""

    person: int
    start: float
    end: float
    label: str | None


@dataclass(frozen=True)
class LiveView:
    """Everything a page shows after one frame, except the picture, which it has.

    Attributes:
        timestamp: the frame's.
        persons: those seen within the last second, by id.
        pose_ms: milliseconds for the pose of this frame.
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

    timestamp: float
    persons: tuple[PersonAction, ...]
    pose_ms: float
    total_ms: float
    recognise_ms: float
    label_age_ms: float
    message: str
    history: tuple[HistorySegment, ...]
    warming: float
    attention: tuple[WindowAttention, ...] = ()


@dataclass(frozen=True)
class LiveRecord:
    """The last half minute: what ``end`` minus ``app.live.history.HISTORY`` and later instants showed.

    Attributes:
        end: the newest frame, in seconds on the frames' clock.
        landmarks: of each person, by time.
        labels: stretches of labels, by person and time.
    """

    end: float
    landmarks: dict[int, tuple[SeenPose, ...]]
    labels: tuple[HistorySegment, ...]
