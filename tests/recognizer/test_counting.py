"""Repetitions of a drawn figure that does a known number of them."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25, SkeletonLayout
from recognizer.counting import RepetitionCounter, count_repetitions
from recognizer.motions import MOTIONS

TORSO = 100.0  # pixels
STANDING = {
    "nose": (0, -40), "neck": (0, 0),
    "right_shoulder": (-25, 0), "right_elbow": (-30, 50), "right_wrist": (-30, 95),
    "left_shoulder": (25, 0), "left_elbow": (30, 50), "left_wrist": (30, 95),
    "right_hip": (-15, 100), "right_knee": (-15, 160), "right_ankle": (-15, 220),
    "left_hip": (15, 100), "left_knee": (15, 160), "left_ankle": (15, 220),
    "right_eye": (-5, -45), "left_eye": (5, -45), "right_ear": (-10, -42), "left_ear": (10, -42),
}  # fmt: skip
ABOVE_KNEES = [j for j in KINETICS_18.joints if "knee" not in j and "ankle" not in j]
ARMS = ["left_wrist", "right_wrist"]


def moves(starts: list[float], seconds: float, times: np.ndarray) -> np.ndarray:
    """(T,) from 0 to 1 and back, once after each start."""
    height = np.zeros(len(times))
    for start in starts:
        inside = (times >= start) & (times < start + seconds)
        height[inside] = 0.5 - 0.5 * np.cos(2 * np.pi * (times[inside] - start) / seconds)
    return height


def figure(height: np.ndarray, joints: list[str], pixels: float, noise: float = 0.0) -> np.ndarray:
    """(T, 18, 2): these joints lie lower by as many pixels where the height is 1 (or higher, if negative)."""
    standing = np.array([STANDING[name] for name in KINETICS_18.joints], float) + (300, 150)
    result = np.repeat(standing[None], len(height), axis=0)
    result[:, [KINETICS_18.index(name) for name in joints], 1] += pixels * height[:, None]
    return result + np.random.default_rng(1).normal(0, noise, result.shape)


def clock(seconds: float, rate: float = 30) -> np.ndarray:
    return np.arange(0, seconds, 1 / rate)


def counted(times: np.ndarray, joints: np.ndarray, label: str, confidence: np.ndarray | None = None) -> int:
    sure = np.ones(joints.shape[:2]) if confidence is None else confidence
    return count_repetitions(times, joints, sure, KINETICS_18, label).count


def live(times, joints, labels, repeating=MOTIONS) -> tuple[RepetitionCounter, list[int | None]]:
    """The counter after all frames, and the count that it gave at each."""
    counter, sure, given = RepetitionCounter(KINETICS_18, repeating), np.ones(18), []
    for time, points, label in zip(times, joints, labels, strict=True):
        row = counter.update(time, points, sure, label)
        given.append(None if row is None else row.count)
    return counter, given


@pytest.mark.parametrize("rate", (30, 15, 10))
@pytest.mark.parametrize("seconds", (0.8, 2.0, 5.0))
@pytest.mark.parametrize("label", ("squat", "an own one"))
def test_counts_slow_and_quick_ones_at_any_frame_rate(rate: float, seconds: float, label: str):
    times = clock(7 * seconds + 2, rate)
    height = moves([1 + i * seconds for i in range(7)], seconds, times)
    assert counted(times, figure(height, ABOVE_KNEES, 70, noise=2), label) == 7


def test_the_noise_of_an_estimator_adds_nothing():
    times = clock(24)
    height = moves([1 + 2 * i for i in range(11)], 2, times)
    joints = figure(height, ABOVE_KNEES, 70, noise=6)
    leaps = np.random.default_rng(2).random(joints.shape[:2]) < 0.02
    joints[leaps] += 150
    assert counted(times, joints, "squat") == 11


@pytest.mark.parametrize("label", ("squat", "an own one"))
def test_nobody_who_stands_is_counted(label: str):
    times = clock(40)
    assert counted(times, figure(np.zeros(len(times)), [], 0, noise=2), label) == 0


def test_pauses_between_repetitions_do_not_matter():
    times = clock(60)
    starts = [1, 3, 5, 20, 22, 50, 52]
    assert counted(times, figure(moves(starts, 2, times), ABOVE_KNEES, 70, noise=2), "squat") == 7


def test_a_long_rest_in_a_row_adds_nothing_though_one_fidgets():
    times = clock(70)
    height = moves([1, 3, 5], 2, times) + 0.14 * moves(list(np.arange(10, 66, 1.5)), 1.5, times)
    assert counted(times, figure(height, ABOVE_KNEES, 130, noise=1), "squat") == 3


def test_shallow_ones_count_beside_deep_ones():
    times = clock(18)
    deep, shallow = moves([1, 5, 9, 13], 2, times), moves([3, 7, 11, 15], 2, times)
    assert counted(times, figure(deep + 0.6 * shallow, ABOVE_KNEES, 80, noise=1), "squat") == 8


@pytest.mark.parametrize("share, count", ((0.25, 5), (0.5, 5), (0.9, 6)))
def test_a_last_one_counts_when_it_was_finished(share: float, count: int):
    times = clock(1 + 5 * 2 + 2 * share)
    height = moves([1 + 2 * i for i in range(6)], 2, times)
    assert counted(times, figure(height, ABOVE_KNEES, 70), "squat") == count


def test_half_a_motion_is_not_one():
    times = clock(10)
    height = moves([1, 3, 5, 7], 2, times) * np.where((times > 3) & (times < 5), 0.25, 1)
    assert counted(times, figure(height, ABOVE_KNEES, 70, noise=1), "squat") == 3


def test_legs_need_not_be_seen():
    times = clock(16)
    sure = np.ones((len(times), 18))
    legs = [i for i, name in enumerate(KINETICS_18.joints) if "knee" in name or "ankle" in name]
    joints = figure(moves([1 + 2 * i for i in range(7)], 2, times), ABOVE_KNEES, 70, noise=2)
    sure[:, legs], joints[:, legs] = 0, 0
    assert counted(times, joints, "squat", sure) == 7


def test_joints_that_come_and_go_are_bridged():
    times = clock(16)
    joints = figure(moves([1 + 2 * i for i in range(7)], 2, times), ARMS, -80, noise=2)
    sure = np.ones((len(times), 18))
    lost = np.random.default_rng(3).random(sure.shape) < 0.25
    sure[lost], joints[lost] = 0, 0
    assert counted(times, joints, "arm_curl", sure) == 7


def test_arms_that_take_turns_are_counted_each():
    times = clock(18)
    left = figure(moves([1, 5, 9, 13], 2, times), ["left_wrist"], -80, noise=2)
    right = figure(moves([3, 7, 11, 15], 2, times), ["right_wrist"], -80)
    wrist = KINETICS_18.index("right_wrist")
    left[:, wrist] = right[:, wrist]
    assert counted(times, left, "arm_curl") == 8


def test_someone_who_walks_about_meanwhile_is_counted():
    times = clock(18)
    joints = figure(moves([1 + 2 * i for i in range(8)], 2, times), ARMS, -80, noise=2)
    joints += np.stack([np.linspace(0, 400, len(times)), 20 * np.sin(times)], axis=1)[:, None]
    assert counted(times, joints, "arm_curl") == 8


def test_three_dimensions_count_the_same():
    times = clock(16)
    joints = np.zeros((len(times), 25, 3))
    height = moves([1 + 2 * i for i in range(7)], 2, times)
    rng = np.random.default_rng(4)
    for name, y in (("spine_shoulder", 0.5), ("neck", 0.55), ("left_shoulder", 0.5), ("right_shoulder", 0.5),
                    ("left_ankle", -0.8), ("right_ankle", -0.8)):  # fmt: skip
        joints[:, NTU_25.index(name), 1] = y
    # The origin is in the hips: in a squat it is the feet that come nearer.
    for name in ("left_ankle", "right_ankle"):
        joints[:, NTU_25.index(name), 1] += 0.35 * height
    joints += rng.normal(0, 0.01, joints.shape)
    row = count_repetitions(times, joints, np.ones(joints.shape[:2]), NTU_25, "squat")
    assert row.count == 7


def test_tempo_is_that_of_the_latest():
    times = clock(34)
    height = moves([1, 5, 9, 13], 4, times) + moves([17 + 2 * i for i in range(8)], 2, times)
    row = count_repetitions(
        times, figure(height, ABOVE_KNEES, 70), np.ones((len(times), 18)), KINETICS_18, "squat"
    )
    assert row.count == 12
    assert row.seconds == pytest.approx(2, abs=0.1)
    assert row.per_minute == pytest.approx(30, abs=1.5)
    assert row.times[-1] == pytest.approx(32, abs=0.1)  # the bottom of the last one


@pytest.mark.parametrize("count", (0, 1))
def test_fewer_than_two_have_no_tempo(count: int):
    times = clock(5)
    joints = figure(moves([1] * count, 2, times), ABOVE_KNEES, 70)
    row = count_repetitions(times, joints, np.ones((len(times), 18)), KINETICS_18, "squat")
    assert (row.count, row.seconds, row.per_minute) == (count, None, None)


@pytest.mark.parametrize("seconds", (1.0, 3.0))
def test_dozens_in_a_row_are_all_counted_and_little_is_kept(seconds: float):
    times = clock(60 * seconds + 2, rate=20)
    joints = figure(moves([1 + i * seconds for i in range(60)], seconds, times), ABOVE_KNEES, 70, noise=2)
    counter, given = live(times, joints, ["squat"] * len(times))
    assert given[-1] == 60
    kept = sum(len(value) for value in (counter._row._poses, counter._row._times, counter._recent))
    assert kept < 600


def test_each_is_counted_when_it_is_done():
    times = clock(12)
    joints = figure(moves([1, 4, 7], 2, times), ABOVE_KNEES, 70, noise=1)
    _, given = live(times, joints, ["squat"] * len(times))
    for start, count in ((1, 1), (4, 2), (7, 3)):
        assert given[int((start + 0.9) * 30)] == count - 1, "on the way down"
        assert given[int((start + 2.3) * 30)] == count


def test_the_first_one_counts_though_its_label_comes_late():
    times = clock(9)
    joints = figure(moves([1, 3, 5], 2, times), ABOVE_KNEES, 70, noise=1)
    _, given = live(times, joints, [None if time < 2.4 else "squat" for time in times])
    assert given[-1] == 3


def test_a_row_goes_on_after_a_flicker_and_a_rest_but_not_for_ever():
    times = clock(40)
    joints = figure(moves([1, 3, 5, 9, 11, 30], 2, times), ABOVE_KNEES, 70, noise=1)
    active = [(0.5, 5.5), (5.6, 7.2), (9.3, 13.2), (30.3, 32.2)]
    labels = ["squat" if any(a <= time < b for a, b in active) else None for time in times]
    labels[int(5.55 * 30)] = "lunge"  # for one frame
    counter, given = live(times, joints, labels)
    assert given[int(13.1 * 30)] == 5
    assert given[int(20 * 30)] is None
    assert [(row.label, row.count) for row in counter.finished] == [("squat", 5), ("squat", 1)]


def test_another_action_is_another_row():
    times = clock(20)
    joints = figure(moves([1, 3, 5], 2, times), ABOVE_KNEES, 70, noise=1)
    joints += figure(moves([9, 11, 13, 15], 2, times), ARMS, -80) - figure(np.zeros(len(times)), [], 0)
    labels = ["squat" if time < 8 else "arm_curl" for time in times]
    counter, given = live(times, joints, labels)
    assert [(row.label, row.count) for row in counter.finished] == [("squat", 3)]
    assert given[-1] == 4


def test_only_what_repeats_is_counted_and_own_actions_can():
    times = clock(8)
    joints = figure(moves([1, 3, 5], 2, times), ABOVE_KNEES, 70, noise=1)
    assert set(live(times, joints, ["curtsy"] * len(times))[1]) == {None}
    assert live(times, joints, ["curtsy"] * len(times), {"curtsy"})[1][-1] == 3


def test_a_clock_that_starts_again_and_a_person_who_is_gone():
    times = clock(6)
    joints = figure(moves([1, 3], 2, times), ABOVE_KNEES, 70)
    counter, _ = live(times, joints, ["squat"] * len(times))
    assert counter.update(6.1, None, None, "squat").count == 2
    again = counter.update(0.0, joints[0], np.ones(18), "squat")
    assert again is not None and again.count == 0 and counter.finished == ()


@pytest.mark.parametrize("layout", (KINETICS_18, NTU_25))
def test_motions_name_joints_that_there_are(layout: SkeletonLayout):
    for label, motion in MOTIONS.items():
        assert any(name in layout.joints for name in motion.moving), label
        assert all(name in layout.joints for name in motion.against), label
