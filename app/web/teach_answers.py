"""What a page is told of recordings: what there is, a sentence on what was kept, and skeletons that move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.web.teach_messages import TeachRecord
from recognizer.own.collection import Collection
from recognizer.own.judging import ActionReport
from recognizer.own.recordings import Recording

LOOP = 16
"""Frames of a skeleton that moves."""


def action_told(collection: Collection, report: ActionReport) -> dict[str, Any]:
    """An action as ``taught`` has it, see ``app.web.teaching``."""
    videos = collection.videos(report.name)
    return {
        "name": report.name,
        "both_sides": collection.about(report.name).both_sides,
        "hints": report.hints,
        "recordings": [
            {
                "name": each.name,
                "seconds": round(each.seconds, 1),
                "fit": None if each.fit is None else round(each.fit, 3),
                "odd": each.odd,
                "video": each.name in videos,
            }
            for each in report.recordings
        ],
    }


def kept_sentence(message: TeachRecord, recordings: Sequence[Recording]) -> str:
    """The sentence on what was kept."""
    name = message.action.strip()
    if not message.cuts:
        return f"Kept {recordings[0].duration:.1f} s of {name}."
    seconds = sorted(recording.duration for recording in recordings)
    if len(seconds) == 1:
        return f"Kept only one of {name}, of {seconds[0]:.1f} s: stand still for half a second between two."
    return f"Kept {len(seconds)} of {name}, of {seconds[0]:.1f} to {seconds[-1]:.1f} s."


def loop_of(recording: Recording) -> list[list[int]]:
    """A few frames of a recording, (LOOP, 2 L) x and y about its middle, in 1/1000 of its height."""
    rows = np.flatnonzero(recording.detected)
    rows = rows[np.linspace(0, len(rows) - 1, min(LOOP, len(rows))).round().astype(int)]
    points = recording.image[rows]
    low, high = points.min((0, 1)), points.max((0, 1))
    size = max(float((high - low).max()), 1.0)
    return np.round(1000 * (points - (low + high) / 2) / size).astype(int).reshape(len(rows), -1).tolist()
