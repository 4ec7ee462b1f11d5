"""What an analysis of a video found, and how it is written as JSON and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from app.core.subjects import Subject, subject_of
from pose.files import replacing
from pose.layouts import LAYOUTS
from recognizer.counting import Repetitions
from recognizer.prediction import LabelScore
from recognizer.smoothing import Segment


@dataclass(frozen=True)
class WindowResult:
    """One window's answer: ``time`` is its end in seconds, ``top`` its five best classes, best first."""

    time: float
    top: tuple[LabelScore, ...]


@dataclass(frozen=True)
class PersonResult:
    """One person, or one hand, of a video.

    Attributes:
        id: the track's number.
        summary: the five best classes of the clip as a whole (mean over its windows), best first.
        unsure: whether the best of them stays under the threshold.
        segments: stretches with a known action, in time order; elsewhere no action is known.
        windows: in time order.
        repetitions: for each segment how often its action was done, None for actions that are not counted.
            Empty where nothing was counted at all.
    """

    id: int
    summary: tuple[LabelScore, ...]
    unsure: bool
    segments: tuple[Segment, ...]
    windows: tuple[WindowResult, ...]
    repetitions: tuple[Repetitions | None, ...] = ()

    @property
    def counted(self) -> Iterator[tuple[Segment, Repetitions | None]]:
        """Each segment with its repetitions."""
        return zip_longest(self.segments, self.repetitions)


@dataclass(frozen=True)
class VideoResult:
    """A whole video.

    Attributes:
        source: as it was given.
        duration: seconds that could be read.
        fps: frames a second, as the source declares them.
        weights: name of the weights.
        layout: name of their skeleton layout.
        window_seconds: length of a window.
        persons: by number; empty when nobody was seen.
        message: a sentence when nobody was seen, else None.
        problem: a sentence when only a part of the source could be read, else None.
    """

    source: str
    duration: float
    fps: float
    weights: str
    layout: str
    window_seconds: float
    persons: tuple[PersonResult, ...]
    message: str | None = None
    problem: str | None = None

    @property
    def subject(self) -> Subject:
        """Whether the persons are people or hands."""
        return subject_of(LAYOUTS[self.layout])

    def as_json(self) -> dict[str, Any]:
        """The result as plain values: seconds to the millisecond, scores to four digits."""
        result: dict[str, Any] = {
            "source": self.source,
            "duration": round(self.duration, 3),
            "fps": round(self.fps, 3),
            "weights": self.weights,
            "layout": self.layout,
            "window_seconds": self.window_seconds,
            "persons": [
                {
                    "id": person.id,
                    "summary": _scores(person.summary),
                    "unsure": person.unsure,
                    "segments": [_segment(*pair) for pair in person.counted],
                    "windows": [{"time": round(w.time, 3), "top": _scores(w.top)} for w in person.windows],
                }
                for person in self.persons
            ],
        }
        if self.message is not None:
            result["message"] = self.message
        if self.problem is not None:
            result |= {"partial": True, "problem": self.problem}
        return result


def write_json(result: VideoResult, path: str | Path) -> None:
    """Writes the result as JSON; the file appears whole. Raises OSError where it cannot be written."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(result.as_json(), indent=1) + "\n", encoding="utf-8")


def write_csv(result: VideoResult, path: str | Path) -> None:
    """Writes the segments as CSV, by person and time.

    The columns are person, start, end, action, score, repetitions and per_minute; the last two are empty
    where an action is not counted, or has no tempo yet.

    Raises:
        OSError: the file cannot be written.
    """
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("person", "start", "end", "action", "score", "repetitions", "per_minute"))
        for person in result.persons:
            for segment, row in person.counted:
                times = f"{segment.start:.3f}", f"{segment.end:.3f}"
                tempo = "" if row is None or row.per_minute is None else f"{row.per_minute:.1f}"
                count = "" if row is None else row.count
                rows.writerow((person.id, *times, segment.label, f"{segment.score:.4f}", count, tempo))


def _segment(segment: Segment, row: Repetitions | None) -> dict[str, Any]:
    written: dict[str, Any] = {
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "label": segment.label,
        "score": round(segment.score, 4),
    }
    if row is not None:
        tempo = None if row.per_minute is None else round(row.per_minute, 1)
        written |= {"repetitions": row.count, "per_minute": tempo}
    return written


def _scores(scores: tuple[LabelScore, ...]) -> list[dict[str, Any]]:
    return [{"label": each.label, "score": round(each.score, 4)} for each in scores]
