"""People who do a motion several times in a row and rest between, so that a test knows where each begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pose.skeleton import PersonPose
from recognizer.own.recordings import Recording
from tests.recognizer.own.motions import MOTIONS, pose

Motion = Callable[[float], np.ndarray]


def row(
    motion: str | Motion,
    spans: Sequence[tuple[float, float]],
    seconds: float,
    fps: float = 30.0,
    noise: float = 0.004,
    seed: int = 0,
    longest: float = 120.0,
) -> Recording:
    """Somebody who is at rest, but does a motion once in each span of seconds.

    Args:
        motion: of ``motions.MOTIONS``, or (33, 3) metres by phase from 0 to 1.
        spans: start and end of each time.
        seconds: of the whole.
        fps: of the camera.
        noise: metres of the pose estimator's.
        seed: of it.
        longest: see ``Recording.of``.
    """
    return Recording.of(row_poses(motion, spans, seconds, fps, noise, seed), longest)


def row_poses(
    motion: str | Motion,
    spans: Sequence[tuple[float, float]],
    seconds: float,
    fps: float = 30.0,
    noise: float = 0.004,
    seed: int = 0,
    start: float = 0.0,
) -> list[tuple[float, PersonPose | None]]:
    """The same as poses with their times, the first at ``start``."""
    does = MOTIONS[motion] if isinstance(motion, str) else motion
    rng = np.random.default_rng(seed)
    result: list[tuple[float, PersonPose | None]] = []
    for frame in range(round(seconds * fps)):
        time = frame / fps
        phase = next(((time - a) / (b - a) for a, b in spans if a <= time < b), 0.0)
        world = does(phase) + rng.normal(0, noise, (33, 3))
        result.append((start + time, pose(world.astype(np.float32))))
    return result
