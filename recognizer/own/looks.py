"""How recordings were seen, each file read once: what hints on teaching are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from pose.layouts import MEDIAPIPE_33
from recognizer.own.collection import MOST_RECORDINGS, Collection
from recognizer.own.recordings import Recording, RecordingError, read_recording

_SEEN = 0.4  # visibility
_MOST_KEPT = 20_000  # some 10 MB


@dataclass(frozen=True)
class Look:
    """How one recording was seen.

    Attributes:
        seconds: it lasts.
        turn: degrees by which the shoulders are turned about the vertical, in its middle; None of a hand.
        legs: whether the knees are in the picture, as far as that can be told; None of a hand.
    """

    seconds: float
    turn: float | None
    legs: bool | None

    @classmethod
    def at(cls, recording: Recording) -> Look:
        """How a recording was seen."""
        if recording.landmarks is not MEDIAPIPE_33:
            return cls(recording.duration, None, None)
        return cls(recording.duration, _turn(recording), _shows_legs(recording))


def looks(collection: Collection) -> Iterator[tuple[str, str, Look]]:
    """Action, name and look of every recording that can be read, as ``Collection.sound`` has them."""
    for action in collection.actions():
        for name in collection.recordings(action)[:MOST_RECORDINGS]:
            path = collection.folder / action / f"{name}.npz"
            try:
                yield action, name, _look(path, path.stat().st_mtime_ns)
            except (RecordingError, OSError):
                continue


@lru_cache(_MOST_KEPT)
def _look(path: Path, changed: int) -> Look:
    """Of the file as it is since it was ``changed``."""
    return Look.at(read_recording(path))


def _turn(recording: Recording) -> float:
    left, right = (MEDIAPIPE_33.index(f"{side}_shoulder") for side in ("left", "right"))
    across = (recording.world[:, left] - recording.world[:, right])[recording.detected]
    return float(np.median(np.degrees(np.arctan2(across[:, 2], across[:, 0]))))


def _shows_legs(recording: Recording) -> bool:
    knees = [MEDIAPIPE_33.index(f"{side}_knee") for side in ("left", "right")]
    inside = (recording.image[:, knees, 1] < recording.frame_size[1]) & (
        recording.visibility[:, knees] > _SEEN
    )
    return bool(inside[recording.detected].any(1).mean() > 0.5)
