"""Where in a recording somebody acts."""

from __future__ import annotations

import numpy as np

from pose.layouts import NTU_25
from pose.skeleton import SkeletonSequence
from recognizer.data.rests import acting


def recording(standing: np.ndarray, first: float, last: float) -> SkeletonSequence:
    """Six seconds; the right wrist goes up and down from ``first`` to ``last``, and trembles elsewhere."""
    times = np.arange(180) / 30
    joints = np.repeat(standing[None], 180, 0)
    acts = (times >= first) & (times <= last)
    lift = np.where(acts, 0.4 * np.abs(np.sin((times - first) * np.pi)), 0.01 * np.sin(times * 20))
    joints[:, NTU_25.index("right_wrist"), 1] += lift
    joints[..., 0] += 0.5 * times[:, None]  # and the whole body drifts through the room
    return SkeletonSequence(joints[None], np.ones((1, 180, 25)), times + 7, NTU_25)


def test_waiting_before_and_after_is_left_out(standing):
    found = acting(recording(standing, 2.0, 4.0))
    assert abs(found.timestamps[0] - 9.0) < 0.6 and abs(found.timestamps[-1] - 11.0) < 0.6
    assert found.timestamps[0] <= 9.0 and found.timestamps[-1] >= 11.0, "nothing of the action is lost"


def test_who_acts_all_the_time_keeps_every_frame(standing):
    whole = recording(standing, 0.0, 6.0)
    assert len(acting(whole).timestamps) > 170


def test_a_recording_of_a_moment_stays_as_it_is(standing):
    whole = recording(standing, 0.0, 6.0)
    moment = SkeletonSequence(whole.joints[:, :5], whole.confidence[:, :5], whole.timestamps[:5], NTU_25)
    assert acting(moment) is moment
