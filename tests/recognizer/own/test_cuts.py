"""Rows of an action that are cut where the body rests: against motions whose rests are known."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import LAYOUTS, MEDIAPIPE_33
from recognizer.own.cuts import MOST_CUTS, cut_at_rest, stretches
from recognizer.own.recordings import LONGEST, Recording, RecordingError
from tests.recognizer.own.motions import arm, standing
from tests.recognizer.own.rows import row

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
NEAR = 0.35
"""Seconds by which a cut may lie beside where the motion begins or ends: slow at first, and with a margin."""


def spans(count: int, seconds: float, rest: float, first: float = 1.0) -> list[tuple[float, float]]:
    """So many times with rests between."""
    starts = [first + number * (seconds + rest) for number in range(count)]
    return [(start, start + seconds) for start in starts]


@pytest.fixture
def data() -> Path:
    if not (DATA / "real_landmarks").is_dir():
        pytest.skip("no data in a folder shared/data beside the checkout")
    return DATA


def assert_cut_there(found: list[tuple[float, float]], truth: list[tuple[float, float]]) -> None:
    assert len(found) == len(truth)
    np.testing.assert_allclose(found, truth, atol=NEAR)


@pytest.mark.parametrize("motion", ["raise", "crouch"])
@pytest.mark.parametrize(("seconds", "rest"), [(1.0, 0.6), (2.0, 1.0), (3.0, 2.0)])
@pytest.mark.parametrize("fps", [30.0, 10.0])
def test_each_time_is_one_recording(motion: str, seconds: float, rest: float, fps: float):
    truth = spans(5, seconds, rest)
    whole = row(motion, truth, truth[-1][1] + 1, fps)
    found = stretches(whole)
    assert_cut_there(found, truth)
    assert all(end <= start for (_, end), (start, _) in zip(found, found[1:], strict=False))
    parts = cut_at_rest(whole)
    assert [part.duration for part in parts] == pytest.approx([b - a for a, b in found], abs=2 / fps)
    assert all(part.times[0] == 0 for part in parts)


def test_a_motion_that_goes_to_and_fro_is_one_time():
    """A wave turns several times, and is slow where it turns; the arm is not back at its rest there."""

    def wave(phase: float) -> np.ndarray:
        up = np.clip(min(phase, 1 - phase) * 5, 0, 1)
        return arm(2.6 * up, 0.5 * up * np.sin(8 * np.pi * phase))

    truth = spans(3, 3.0, 0.8)
    assert_cut_there(stretches(row(wave, truth, 13.0)), truth)


@pytest.mark.parametrize(("seconds", "rest"), [(2.0, 1.4), (4.0, 0.8)])
def test_who_holds_still_in_the_middle_of_it_does_it_once(seconds: float, rest: float):
    """An arm that stays up for half of it is at rest there, in another pose than between two times."""

    def lift_and_hold(phase: float) -> np.ndarray:
        return arm(2.6 * float(np.clip(min(phase, 1 - phase) * 4, 0, 1)), 0.2)

    truth = spans(4, seconds, rest)
    assert_cut_there(stretches(row(lift_and_hold, truth, truth[-1][1] + 1)), truth)


def test_a_fidget_is_no_time():
    truth = spans(3, 2.0, 1.5)

    def phased(phase: float) -> np.ndarray:
        return arm(2.6 * np.sin(np.pi * phase) ** 2, 0.2)

    def fidget(phase: float) -> np.ndarray:
        return arm(0.25 * np.sin(np.pi * phase) ** 2, 0.2)

    whole = row(phased, truth, 12.0)
    small = row(fidget, [(truth[-1][1] + 0.6, truth[-1][1] + 1.2)], 12.0)
    late = whole.times > truth[-1][1] + 0.4
    mixed = replace(whole, image=np.where(late[:, None, None], small.image, whole.image))
    assert_cut_there(stretches(mixed), truth)


def test_who_comes_and_goes_does_not_act():
    """From beside the camera to the place, and back again."""
    truth = spans(3, 1.5, 1.0, first=3.0)
    whole = row("raise", truth, 13.0)
    aside = 250 * (np.clip(1 - whole.times / 1.5, 0, 1) + np.clip((whole.times - 11.5) / 1.5, 0, 1))
    image = whole.image + np.stack([aside, 0 * aside], 1)[:, None].astype(np.float32)
    assert_cut_there(stretches(replace(whole, image=image)), truth)


def test_a_row_that_begins_and_ends_with_the_action_loses_nothing():
    truth = spans(3, 2.0, 1.0, first=0.0)
    assert_cut_there(stretches(row("raise", truth, 8.0)), truth)


def test_jumps_are_told_although_the_pose_stays():
    def jump(phase: float) -> np.ndarray:
        return standing() - np.array((0, 0.35 * np.sin(np.pi * phase) ** 2, 0), np.float32)

    truth = spans(4, 0.9, 1.0)
    assert_cut_there(stretches(row(jump, truth, 9.5)), truth)


def test_size_and_place_in_the_picture_do_not_matter():
    truth = spans(4, 1.5, 0.8)
    whole = row("raise", truth, 11.0)
    assert_cut_there(stretches(replace(whole, image=whole.image * 0.3 + 50)), truth)


def test_legs_that_are_not_in_the_picture_do_not_matter():
    """Of somebody at a desk they are guessed, and leap about."""
    truth = spans(4, 1.5, 0.8)
    whole = row("raise", truth, 11.0)
    legs = [i for i, n in enumerate(MEDIAPIPE_33.joints) if n.endswith(("knee", "ankle", "heel", "_index"))]
    legs = [i for i in legs if "index" not in MEDIAPIPE_33.joints[i] or "foot" in MEDIAPIPE_33.joints[i]]
    image, seen = whole.image.copy(), whole.visibility.copy()
    image[:, legs] += np.random.default_rng(0).normal(0, 60, image[:, legs].shape)
    seen[:, legs] = 0.1
    assert_cut_there(stretches(replace(whole, image=image, visibility=seen)), truth)


def test_moments_in_which_nobody_is_found_are_bridged():
    truth = spans(4, 1.5, 0.8)
    whole = row("raise", truth, 11.0)
    seen = whole.visibility.copy()
    seen[np.random.default_rng(0).random(len(seen)) < 0.15] = 0
    image = np.where(seen[..., None] > 0, whole.image, 0)
    gaps = replace(whole, image=image, visibility=seen)
    assert_cut_there(stretches(gaps), truth)
    assert all(part.detected[0] and part.detected[-1] for part in cut_at_rest(gaps))


def test_a_hand_rests_too():
    """A hand that opens and closes: 21 points about a palm, which fingers come near to and leave."""
    hand = LAYOUTS["mediapipe-hand-21"]
    truth = spans(4, 1.2, 0.8)
    times = np.arange(0, 9.0, 1 / 30)
    bent = np.array([next((np.sin(np.pi * (t - a) / (b - a)) ** 2 for a, b in truth if a <= t < b), 0.0)
                     for t in times])  # fmt: skip
    rng = np.random.default_rng(0)
    out = np.array([(20.0 * (i - 10), -100.0 if i % 4 == 0 and i else -20.0) for i in range(21)])
    image = out * (1 - 0.7 * bent[:, None, None]) + (300, 300) + rng.normal(0, 0.5, (len(times), 21, 2))
    image[:, [0, 5, 17]] = np.array([(300, 380), (260, 300), (340, 300)])
    world = np.zeros((len(times), 21, 3), np.float32)
    seen = np.ones((len(times), 21), np.float32)
    whole = Recording(times, image.astype(np.float32), world, seen, (640, 480), hand)
    assert_cut_there(stretches(whole), truth)


@pytest.mark.parametrize("motion", ["rest", "raise"])
def test_where_no_rest_or_nothing_else_is_that_is_told(motion: str):
    without = spans(6, 1.5, 0.0, first=0.0)
    with pytest.raises(RecordingError, match="No rests were seen.*stand still for half a second"):
        cut_at_rest(row(motion, without, 9.0))


def test_a_very_long_row_gives_its_first_ones():
    truth = spans(MOST_CUTS + 5, 1.0, 1.0)
    parts = cut_at_rest(row("raise", truth, truth[-1][1] + 1))
    assert len(parts) == MOST_CUTS


def test_what_is_too_long_for_one_recording_is_left_out():
    """A wave of 24 s between two short ones, as quick as they are."""

    def wave(phase: float, times: int) -> np.ndarray:
        return arm(1.3 - 1.3 * float(np.cos(2 * np.pi * times * phase)), 0.2)

    short = [(1.0, 3.0), (30.0, 32.0)]
    whole = row(lambda phase: wave(phase, 1), short, 33.0)
    long = row(lambda phase: wave(phase, 12), [(4.0, 28.0)], 33.0)
    between = (whole.times > 3.5) & (whole.times < 29)
    mixed = replace(whole, image=np.where(between[:, None, None], long.image, whole.image))
    assert len(stretches(mixed)) == 3 and LONGEST < 24
    assert [part.duration for part in cut_at_rest(mixed)] == pytest.approx([2, 2], abs=2 * NEAR)


REAL = {"000_diya-bicep": 3, "091_rn-lunge": 3, "128_harish-pu": 4, "158_randy-sq": 3, "161_vaid-sq1": 4}
"""Clips of real cameras in which people rest between, and how often by eye (``benchmarks.counting``)."""


@pytest.mark.parametrize("name", REAL)
def test_people_who_rest_between_are_cut_where_they_do(name: str, data: Path):
    table = list(csv.DictReader((data / "real_landmarks" / "real_landmarks.csv").open()))
    clip = next(line for line in table if f"{line['index']:0>3}_{line['person_key']}" == name)
    arrays = np.load(data / "real_landmarks" / "real_landmarks.npz")
    end = arrays["lengths"][: table.index(clip) + 1].sum()
    rows = slice(end - int(clip["frames"]), end)
    points, size = arrays["landmarks"][rows], (int(clip["width"]), int(clip["height"]))
    seen = points[..., 3] * arrays["detected"][rows][:, None]
    times = arrays["time"][rows] - arrays["time"][rows][0]
    image = (points[..., :2] * np.array(size)).astype(np.float32)
    whole = Recording(times, image, arrays["world"][rows][..., :3], seen.astype(np.float32), size)
    assert len(cut_at_rest(whole)) == REAL[name]


def test_every_joint_that_has_a_pose_is_looked_at():
    """The one that moves may be any: a hand, a foot, the head."""
    for joint in ("nose", "left_wrist", "right_ankle", "left_knee"):

        def move(phase: float, joint: str = joint) -> np.ndarray:
            world = standing()
            world[MEDIAPIPE_33.index(joint), 0] += 0.3 * np.sin(np.pi * phase) ** 2
            return world

        truth = spans(3, 1.5, 1.0)
        assert_cut_there(stretches(row(move, truth, 9.0)), truth)
