"""What training's streams take for live use is what the live engine does."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from app.live import engine as module
from pose.layouts import KINETICS_18
from pose.mapping import to_layout
from pose.skeleton import SkeletonSequence
from recognizer.training.streams.watch import steadied, watch
from recognizer.windows import LIVE_RATE

RATE = LIVE_RATE * (1 + 1e-6)
"""So that rounding does not decide whether a frame that comes on the beat is in time."""


@pytest.mark.parametrize("fps", [30, 15, 10])
def test_a_stream_is_watched_as_the_live_engine_watches_a_person(live, fakes, monkeypatch, fps: int):
    """Someone who waves, does nothing sure, and claps, and of whom nothing is seen for a moment."""
    now = [100.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def label(end: float) -> str:
        return "wave" if end < 4 else ("squat", "jump", "kick")[round(end * 5) % 3] if end < 6 else "clap"

    times = np.arange(10 * fps) / fps
    poses = [None if 7 <= time < 7.5 else fakes.pose(x=300 + 5 * time) for time in times]
    engine = live.engine(
        fakes.Recognizer(label, sure=0.8),
        poses=lambda t: [pose for pose in [poses[round(t * fps)]] if pose],
        label_rate=RATE,
    )
    shown = []
    for time in times:
        now[0] = 100.0 + time
        (view,) = live.run(engine, time, time + 1e-3)
        shown.append(view.persons[0].label if view.persons else None)
    windows = live.recognizer.windows

    seen = [to_layout(pose or fakes.pose(), KINETICS_18) for pose in poses]
    sequence = SkeletonSequence(
        np.stack([joints for joints, _ in seen])[None],
        np.stack([sure * (pose is not None) for (_, sure), pose in zip(seen, poses, strict=True)])[None],
        times,
        KINETICS_18,
    )
    watching = fakes.Recognizer(label, sure=0.8)
    stretches = steadied(watch(watching, sequence, RATE), watching.classes, watching.threshold)
    assert {each.label for each in stretches} >= {None, "wave", "clap"}
    expected = [next(s.label for s in stretches if s.start <= t < s.end or s.end == times[-1]) for t in times]
    assert shown == expected
    assert len(windows) == len(watching.windows)
    for mine, theirs in zip(watching.windows, windows, strict=True):
        np.testing.assert_array_equal(mine.timestamps, theirs.timestamps)
        np.testing.assert_array_equal(mine.joints, theirs.joints)
        np.testing.assert_array_equal(mine.confidence, theirs.confidence)
