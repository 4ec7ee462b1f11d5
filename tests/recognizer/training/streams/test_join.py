"""Long streams of short clips: whose they are, where the actions lie, and that nothing jumps."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.training.streams.join import FEWEST, HELD, LONGEST, REST, TRANSITION, join
from recognizer.training.streams.truth import LabelledStream, Span

LABELS = ("clap", "idle", "wave")
CLAP, IDLE, WAVE = range(3)
NOSE, WRIST, HIPS = KINETICS_18.index("nose"), KINETICS_18.index("right_wrist"), (8, 11)
_BODY = {
    "nose": (0, -1.4), "neck": (0, -1.0), "shoulder": (0.35, -1.0), "elbow": (0.5, -0.5), "wrist": (0.5, 0.0),
    "hip": (0.2, 0.0), "knee": (0.2, 0.9), "ankle": (0.2, 1.7), "eye": (0.1, -1.5), "ear": (0.2, -1.45),
}  # fmt: skip


def body(mark: float) -> np.ndarray:
    """(18, 2) torso lengths: somebody whose nose is ``mark`` above the neck."""
    joints = np.zeros((18, 2), np.float32)
    for index, name in enumerate(KINETICS_18.joints):
        side = -1 if name.startswith("right_") else 1
        x, y = _BODY[name.removeprefix("right_").removeprefix("left_")]
        joints[index] = (side * x, y)
    joints[NOSE, 1] = -1.0 - mark
    return joints


def example(
    targets=(WAVE,), subject="anna", mark=0.4, seconds=2.0, number=0, unknown=False, fps=30.0,
    body_kind="full", dataset="utd_mhad",
) -> Example:  # fmt: skip
    """A clip of its own place and size, in which the right wrist swings."""
    rng = np.random.default_rng(number)
    times = np.arange(round(seconds * fps) + 1) / fps
    joints = np.repeat(body(mark)[None], len(times), 0)
    joints[:, WRIST, 1] -= 0.5 + 0.5 * np.sin(4 * times + number)
    joints = joints * rng.uniform(30, 200) + rng.uniform(100, 900, 2)
    confidence = np.ones((1, len(times), 18))
    if body_kind == "upper":
        confidence[..., [9, 10, 12, 13]] = 0
    sequence = SkeletonSequence(joints[None], confidence, times + 7.0, KINETICS_18)
    clip = Clip(f"{subject}{number}", dataset, "a", subject, "test", sequence, body=body_kind)
    return Example(clip, targets, "test", unknown=unknown)


def marks(stream: LabelledStream) -> np.ndarray:
    """(T,) how far the nose is above the neck: who it is."""
    joints = stream.sequence.joints[0]
    return np.linalg.norm(joints[:, NOSE] - joints[:, KINETICS_18.index("neck")], axis=-1)


def frames(stream: LabelledStream, span) -> np.ndarray:
    times = stream.sequence.timestamps
    return np.flatnonzero((times >= span.start - 1e-9) & (times <= span.end + 1e-9))


def people(count=6, **options) -> list[Example]:
    return [example(number=i, targets=((WAVE,), (CLAP,))[i % 2], **options) for i in range(count)]


def test_every_clip_is_there_once_with_its_own_length_and_label():
    clips = [
        example(number=i, seconds=1.0 + i / 10, targets=((WAVE,), (CLAP, WAVE))[i % 2]) for i in range(6)
    ]
    (stream,) = join(clips, KINETICS_18, LABELS)
    found = sorted((round(event.seconds, 6), event.name) for event in stream.truth.events)
    assert found == [(round(1.0 + i / 10, 6), ("wave", "clap|wave")[i % 2]) for i in range(6)]


def test_an_event_shows_its_clip_frame_by_frame():
    """The wrist moves as in the clip, in torso lengths; only place and size have changed."""
    clip = example(number=3, seconds=2.5, fps=50)
    (stream,) = join([clip], KINETICS_18, LABELS)
    (event,) = stream.truth.events
    inside = frames(stream, event)
    joints, original = stream.sequence.joints[0, inside], clip.clip.sequence.joints[0]
    torso = np.linalg.norm(original[0, 1] - original[0, list(HIPS)].mean(0))
    relative = (original - original[:, list(HIPS)].mean(1, keepdims=True)) / torso
    np.testing.assert_allclose(joints - joints[:, list(HIPS)].mean(1, keepdims=True), relative, atol=1e-4)
    times = stream.sequence.timestamps[inside]
    np.testing.assert_allclose(times - times[0], clip.clip.sequence.timestamps - 7.0, atol=1e-9)


def test_timestamps_begin_at_0_and_run_on_without_a_gap():
    (stream,) = join(people() + [example((IDLE,), number=9, seconds=10)], KINETICS_18, LABELS)
    times = stream.sequence.timestamps
    assert times[0] == 0 and times[-1] == pytest.approx(stream.truth.seconds)
    assert np.diff(times).min() > 1e-3
    assert np.diff(times).max() == pytest.approx(1 / 30, abs=1e-9)


def test_nothing_jumps_though_clips_differ_in_place_and_size():
    (stream,) = join(people() + [example((IDLE,), number=9, seconds=10)], KINETICS_18, LABELS)
    joints = stream.sequence.joints[0]
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1)
    # The wrist swings by 0.5 torso lengths at 4 / s. A transition over at most 1 torso length: 1.5 / 12.
    assert steps.max() <= 1.5 * 1.0 / (TRANSITION * 30) + 1e-3
    hips = joints[:, list(HIPS)].mean(1)
    assert np.abs(hips - hips[0]).max() < 1e-3
    torso = np.linalg.norm(joints[:, 1] - hips, axis=-1)
    np.testing.assert_allclose(torso, 1.0, atol=1e-3)


def test_a_transition_belongs_to_nobody():
    (stream,) = join(people() + [example((IDLE,), number=9, seconds=10)], KINETICS_18, LABELS)
    footage = stream.truth.footage
    assert len(footage) == 6 + 1 + 8, "actions, the idle clip, and rests around all"
    for before, after in zip(footage, footage[1:], strict=False):
        assert after.start - before.end == pytest.approx(TRANSITION)
        between = frames(stream, Span(before.end + 1e-6, after.start - 1e-6))
        assert len(between) == 11
    assert footage[0].start == 0 and footage[-1].end == pytest.approx(stream.truth.seconds)


def test_rests_are_the_persons_own_idle_footage_of_two_to_four_seconds():
    clips = people(mark=0.4) + people(subject="bert", mark=0.6)
    clips += [example((IDLE,), "anna", 0.4, 10, 20), example((IDLE,), "bert", 0.6, 10, 21)]
    streams = join(clips, KINETICS_18, LABELS)
    assert [stream.name for stream in streams] == ["anna/full/0", "bert/full/0"]
    assert {stream.dataset for stream in streams} == {"utd_mhad"}
    for stream, mark in zip(streams, (0.4, 0.6), strict=True):
        np.testing.assert_allclose(marks(stream), mark, atol=1e-3)
        rests = [span.seconds for span in stream.truth.idle]
        assert len(rests) == 9 and sorted(rests)[-1] == pytest.approx(10)
        assert all(REST[0] - 0.1 <= seconds <= REST[1] for seconds in sorted(rests)[:-1])


def test_without_own_idle_footage_somebody_elses_of_the_same_set_is_taken():
    clips = people(mark=0.4) + [example((IDLE,), "bert", 0.6, 10, 21, dataset="rest")]
    (stream,) = join(clips, KINETICS_18, LABELS)
    for span in stream.truth.idle:
        np.testing.assert_allclose(marks(stream)[frames(stream, span)], 0.6, atol=1e-3)
    for event in stream.truth.events:
        np.testing.assert_allclose(marks(stream)[frames(stream, event)], 0.4, atol=1e-3)


def test_legs_do_not_come_and_go_with_the_rests():
    clips = people() + [example((IDLE,), number=9, seconds=10, body_kind="upper", subject="bert")]
    stream = next(s for s in join(clips, KINETICS_18, LABELS) if "anna" in s.name)
    assert stream.truth.idle == () and (stream.sequence.confidence > 0).all()


def test_without_any_idle_footage_poses_are_held_and_belong_to_nobody():
    (stream,) = join([example()], KINETICS_18, LABELS)
    (event,) = stream.truth.events
    assert (stream.truth.idle, stream.truth.unknown) == ((), ())
    assert event.start == pytest.approx(HELD + TRANSITION)
    assert stream.truth.seconds - event.end == pytest.approx(HELD + TRANSITION)
    wrist = stream.sequence.joints[0, :, WRIST, 1]
    before = stream.sequence.timestamps < event.start
    np.testing.assert_allclose(wrist[before], wrist[before][-1], atol=1e-4)


def test_unknown_footage_is_no_event_and_idle_is_none():
    clips = [*people(), example((), number=7, unknown=True), example((IDLE,), number=8, unknown=True)]
    (stream,) = join(clips, KINETICS_18, LABELS)
    assert len(stream.truth.events) == 6
    assert [span.seconds for span in stream.truth.unknown] == [pytest.approx(2.0)] * 2
    assert stream.truth.idle == ()


def test_people_with_few_clips_share_a_stream_and_others_do_not():
    few = [example(subject=f"guest{i}", mark=0.6, number=i) for i in range(3)]
    streams = join([*people(FEWEST, mark=0.4), *few, example(subject="", number=9)], KINETICS_18, LABELS)
    found = {stream.name: len(stream.truth.events) for stream in streams}
    assert found == {"anna/full/0": FEWEST, "several people/full/0": 4}
    np.testing.assert_allclose(marks(streams[0]), 0.4, atol=1e-3)


def test_long_footage_makes_several_streams():
    streams = join(people(30, seconds=9.0), KINETICS_18, LABELS)
    assert sum(len(stream.truth.events) for stream in streams) == 30
    assert len(streams) == 4
    assert all(stream.truth.seconds < 1.2 * LONGEST for stream in streams)


def test_the_seed_decides_on_the_order():
    clips = [example(number=i, seconds=1 + i / 10) for i in range(10)]
    lengths = [
        [round(event.seconds, 3) for event in join(clips, KINETICS_18, LABELS, seed)[0].truth.events]
        for seed in (0, 0, 1)
    ]
    assert lengths[0] == lengths[1] != lengths[2]
    assert sorted(lengths[0]) == sorted(lengths[2]) != lengths[0]


def test_frames_without_the_person_at_the_ends_are_cut_off():
    clip = example(seconds=2.0)
    confidence = clip.clip.sequence.confidence.copy()
    confidence[:, :6], confidence[:, -3:] = 0, 0
    sequence = clip.clip.sequence
    sequence = SkeletonSequence(sequence.joints, confidence, sequence.timestamps, KINETICS_18)
    late = Example(Clip("a", "utd_mhad", "a", "anna", "test", sequence), (WAVE,), "test")
    (stream,) = join([late], KINETICS_18, LABELS)
    assert stream.truth.events[0].seconds == pytest.approx(2.0 - 9 / 30)


def test_a_clip_that_shows_no_body_is_left_out():
    clip = example()
    nobody = SkeletonSequence(
        clip.clip.sequence.joints, np.zeros((1, 61, 18)), clip.clip.sequence.timestamps, KINETICS_18
    )
    empty = Example(Clip("b", "utd_mhad", "a", "anna", "test", nobody), (WAVE,), "test")
    assert join([empty], KINETICS_18, LABELS) == []
    assert len(join([empty, clip], KINETICS_18, LABELS)[0].truth.events) == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_joint_that_one_clip_lacks_is_not_seen_while_the_body_moves_there(seed: int):
    """An ankle that the clap lacks: it waits where the wave knows it."""
    without = example((CLAP,), number=1).clip.sequence
    joints, confidence = without.joints.copy(), without.confidence.copy()
    joints[:, :, 13], confidence[..., 13] = 1e4, 0
    sequence = SkeletonSequence(joints, confidence, without.timestamps, KINETICS_18)
    clips = [example(), Example(Clip("a", "utd_mhad", "a", "anna", "test", sequence), (CLAP,), "test")]
    (stream,) = join(clips, KINETICS_18, LABELS, seed)
    wave, clap = (
        next(each for each in stream.truth.events if each.name == name) for name in ("wave", "clap")
    )
    times, seen = stream.sequence.timestamps, stream.sequence.confidence[0, :, 13] > 0
    # A clip's last pose is held after it, the first clip's first pose before it.
    start = 0.0 if wave.start < clap.start else wave.start
    end = wave.end + TRANSITION + HELD
    np.testing.assert_array_equal(seen, (times > start - 1e-6) & (times < end + 1e-6))
    ankle = stream.sequence.joints[0, :, 13] - stream.sequence.joints[0][:, list(HIPS)].mean(1)
    for moving in (Span(start - TRANSITION, start), Span(end, end + TRANSITION)):
        between = frames(stream, Span(moving.start + 1e-3, moving.end - 1e-3))
        np.testing.assert_allclose(ankle[between], np.tile((0.2, 1.7), (len(between), 1)), atol=1e-3)


def test_rests_are_cut_here_and_there_from_all_idle_footage():
    clips = people() + [example((IDLE,), "anna", mark, 10, i) for i, mark in ((20, 0.6), (21, 0.7))]
    (stream,) = join(clips, KINETICS_18, LABELS)
    rests = [frames(stream, span)[0] for span in stream.truth.idle if span.seconds < REST[1] + 0.1]
    assert sorted(np.round(marks(stream)[rests], 1)) == pytest.approx([0.6] * 5 + [0.7] * 4)
    wrists = stream.sequence.joints[0, rests, WRIST, 1]
    assert len(np.unique(wrists.round(3))) >= 7, "they begin at different moments"


@pytest.mark.parametrize("layout", [KINETICS_18, NTU_25])
def test_clips_in_3d_are_seen_from_the_front_or_stay(wave, layout):
    clip = Clip("a", "utd_mhad", "a", "anna", "test", wave(2.0))
    (stream,) = join([Example(clip, (WAVE,), "test")], layout, LABELS)
    assert stream.sequence.layout is layout
    joints = stream.sequence.joints[0]
    left, right = (joints[:, layout.index(f"{side}_shoulder"), 0] for side in ("left", "right"))
    # In the picture the left side is on the right; the sensor's x grows to the person's right.
    assert ((left > right) == (layout is KINETICS_18)).all()
    top, bottom = (joints[:, list(part)].mean(1) for part in (layout.torso_top, layout.torso_bottom))
    np.testing.assert_allclose(np.linalg.norm(top - bottom, axis=-1), 1.0, atol=0.02)
