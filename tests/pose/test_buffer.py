"""The sliding buffer against plain loops over everything that was ever pushed."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.buffer import SlidingBuffer
from pose.layouts import KINETICS_18, NTU_25

GRID = 64  # times are multiples of 1/64 s, so that no gap differs from max_gap by rounding alone


def push(buffer: SlidingBuffer, timestamp: float, value: float = 0.0, confidence: float = 1.0) -> None:
    """One frame whose joints all lie at (value, value)."""
    size = (len(buffer.layout), buffer.layout.coordinates)
    buffer.push(timestamp, np.full(size, value), np.full(size[0], confidence))


def window_by_loops(pushes, seconds, max_gap, frames, end, layout):
    """What `SlidingBuffer.window` promises, joint by joint, from the full history since the last restart."""
    history = []
    for timestamp, joints, confidence in pushes:
        if history and timestamp < history[-1][0]:
            history = []
        if history and timestamp == history[-1][0]:
            history.pop()
        history.append((timestamp, joints, confidence))
    end = history[-1][0] if end is None else end
    start = end - seconds
    positions = np.zeros((frames, len(layout), layout.coordinates))
    certainty = np.zeros((frames, len(layout)))
    somebody = False
    for timestamp, joints, confidence in history:
        if joints is not None and start <= timestamp <= end and max(confidence) > 0:
            somebody = True
    for v in range(len(layout)):
        seen = []
        for timestamp, joints, confidence in history:
            near = start - max_gap <= timestamp <= end + max_gap
            if near and joints is not None and confidence[v] > 0:
                seen.append((timestamp, joints[v], confidence[v]))
        if not seen:
            continue
        for k in range(frames):
            time = start + (end - start) * k / (frames - 1)
            before = [s for s in seen if s[0] <= time]
            after = [s for s in seen if s[0] >= time]
            if before and after:
                (t0, p0, c0), (t1, p1, c1) = before[-1], after[0]
                share = (time - t0) / (t1 - t0) if t1 > t0 else 0.0
                known = t1 - t0 <= max_gap
                share = share if known else float(share >= 0.5)
            else:
                t0, p0, c0 = before[-1] if before else after[0]
                p1, c1, share, known = p0, c0, 0.0, abs(time - t0) <= max_gap
            positions[k, v] = (1 - share) * p0 + share * p1
            certainty[k, v] = (1 - share) * c0 + share * c1 if known else 0.0
    return (positions, certainty) if somebody and certainty.any() else None


@st.composite
def recordings(draw):
    """Frames with jitter, repeated times, gaps, unseen persons and joints, and restarts."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    missing = draw(st.sampled_from([0.0, 0.2, 0.8]))
    step = st.sampled_from([0, 1, 2, 2, 2, 3, 5, 20, 32, 33, 70, 300, -40])
    now, pushes = draw(st.integers(0, 1000)), []
    for move in draw(st.lists(step, min_size=1, max_size=60)):
        now += move
        joints = generator.normal(size=(18, 2)) if generator.random() > 0.15 else None
        confidence = generator.uniform(0.05, 1, 18) * (generator.random(18) >= missing)
        pushes.append((now / GRID, joints, None if joints is None else confidence))
    return pushes


@settings(max_examples=150, deadline=None)
@given(data=st.data(), pushes=recordings(), seconds=st.sampled_from([0.25, 1.0, 2.5]))
def test_equals_the_plain_loops(data, pushes, seconds) -> None:
    buffer = SlidingBuffer(KINETICS_18, seconds, max_gap=0.5)
    for pushed, (timestamp, joints, confidence) in enumerate(pushes, start=1):
        buffer.push(timestamp, joints, confidence)
        if pushed < len(pushes) and not data.draw(st.sampled_from([True, False, False])):
            continue
        # The newest frame, later than it, or as far back as the buffer promises.
        last_but_one = pushes[max(pushed - 2, 0)][0]
        earliest = min(last_but_one, timestamp) - 0.5 if last_but_one <= timestamp else timestamp
        ends = [None, timestamp, timestamp + 0.25, timestamp + 3.0, earliest, (earliest + timestamp) / 2]
        end = data.draw(st.sampled_from(ends))
        frames = data.draw(st.sampled_from([2, 9, 33]))

        window = buffer.window(frames, end)

        expected = window_by_loops(pushes[:pushed], seconds, 0.5, frames, end, KINETICS_18)
        assert (window is None) == (expected is None)
        if window is not None:
            np.testing.assert_allclose(window.joints[0], expected[0], atol=1e-4)
            np.testing.assert_allclose(window.confidence[0], expected[1], atol=1e-5)


class TestWindow:
    @pytest.mark.parametrize("fps", [10, 15, 30, 60])
    def test_has_the_same_shape_and_motion_at_every_frame_rate(self, fps) -> None:
        buffer = SlidingBuffer(NTU_25, seconds=2.0)
        for frame in range(5 * fps + 1):
            push(buffer, frame / fps, value=frame / fps)
        window = buffer.window(32)
        assert window.joints.shape == (1, 32, 25, 3)
        assert window.layout is NTU_25
        np.testing.assert_array_equal(window.timestamps, np.linspace(3.0, 5.0, 32))
        np.testing.assert_allclose(window.joints[0, :, 7, 1], window.timestamps, atol=1e-5)
        assert (window.confidence == 1).all()

    def test_lasts_exactly_its_seconds_even_before_so_much_was_seen(self) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=2.0)
        push(buffer, 10.0, value=7)
        push(buffer, 10.25, value=8)
        window = buffer.window(9)
        np.testing.assert_array_equal(window.timestamps, np.linspace(8.25, 10.25, 9))
        # The first pose is held backwards; further back than max_gap nobody knows.
        np.testing.assert_allclose(window.joints[0, :, 0, 0], [7] * 8 + [8])
        np.testing.assert_array_equal(window.confidence[0, :, 0], [0] * 5 + [1] * 4)

    def test_bridges_half_a_second_and_marks_longer_gaps(self) -> None:
        for gap, known in ((0.5, 1.0), (0.75, 0.0)):
            buffer = SlidingBuffer(KINETICS_18, seconds=1.0)
            push(buffer, 1.0, value=0)
            buffer.push(1.25, None, None)
            push(buffer, 1.0 + gap, value=4)
            window = buffer.window(5, end=1.75)  # 0.75, 1, 1.25, 1.5, 1.75
            assert (window.confidence[0, 2] == known).all()

    def test_a_shorter_window_is_what_a_shorter_buffer_gives(self) -> None:
        long, short = SlidingBuffer(KINETICS_18, 3.0), SlidingBuffer(KINETICS_18, 1.0)
        for frame in range(120):
            for buffer in (long, short):
                push(buffer, frame / 30, math.sin(frame), 1.0 if frame % 7 else 0.0)
        ours, theirs = long.window(9, seconds=1.0), short.window(9)
        assert ours is not None and theirs is not None
        np.testing.assert_array_equal(ours.joints, theirs.joints)
        np.testing.assert_array_equal(ours.confidence, theirs.confidence)
        np.testing.assert_array_equal(ours.timestamps, theirs.timestamps)

    def test_a_person_who_left_is_none_once_out_of_the_window(self) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=1.0)
        push(buffer, 0.0)
        for frame in range(1, 31):
            buffer.push(frame / 30, None, None)
        assert buffer.window(8) is not None
        buffer.push(1.1, None, None)
        assert buffer.window(8) is None

    def test_nothing_pushed_or_nobody_seen_is_none(self) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=1.0)
        assert buffer.window(8) is None
        buffer.push(0.0, None, None)
        push(buffer, 0.1, confidence=0.0)
        assert buffer.window(8) is None

    def test_a_joint_never_seen_stays_at_the_origin_with_confidence_0(self) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=1.0)
        confidence = np.ones(18)
        confidence[4] = 0
        for frame in range(11):
            buffer.push(frame / 10, np.full((18, 2), 5.0), confidence)
        window = buffer.window(8)
        assert not window.joints[0, :, 4].any()
        assert not window.confidence[0, :, 4].any()
        assert (window.confidence[0, :, 5] == 1).all()

    def test_may_end_between_two_frames_that_are_far_apart(self) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=1.0)
        for timestamp in (0.0, 0.25, 0.5, 0.75, 1.0, 9.0):
            push(buffer, timestamp, value=timestamp)
        window = buffer.window(5, end=1.0)
        np.testing.assert_allclose(window.joints[0, :, 0, 0], [0, 0.25, 0.5, 0.75, 1])
        assert (window.confidence == 1).all()

    def test_is_not_touched_by_what_the_caller_or_the_buffer_does_later(self) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=1.0)
        joints = np.full((18, 2), 3.0)
        buffer.push(0.0, joints, np.ones(18))
        joints[:] = 99
        window = buffer.window(4)
        push(buffer, 0.1, value=50)
        assert (window.joints == 3).all()


class TestForgetting:
    def test_clear_forgets(self) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=1.0)
        push(buffer, 5.0)
        buffer.clear()
        assert buffer.window(8) is None
        push(buffer, 1.0)  # an earlier time is fine afterwards
        assert buffer.window(8) is not None

    @pytest.mark.parametrize("seen", [True, False])
    def test_a_timestamp_that_runs_backwards_forgets(self, seen) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=1.0)
        push(buffer, 5.0, value=1)
        if seen:
            push(buffer, 4.9, value=2)
            assert (buffer.window(8).joints == 2).all()
        else:
            buffer.push(4.9, None, None)
            assert buffer.window(8) is None

    def test_a_repeated_timestamp_replaces(self) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=1.0)
        push(buffer, 5.0, value=1)
        push(buffer, 5.0, value=2)
        assert (buffer.window(8).joints == 2).all()

    def test_an_hour_needs_no_more_than_seconds(self) -> None:
        buffer = SlidingBuffer(KINETICS_18, seconds=2.0)
        kept = []
        for frame in range(3600 * 30):
            buffer.push(frame / 30, np.zeros((18, 2)), np.ones(18))
            kept.append(len(buffer._observations))
        assert max(kept) <= (2.0 + 2 * 0.5) * 30 + 3


class TestBadInput:
    @pytest.mark.parametrize("seconds", [0, -1, math.nan])
    def test_a_window_needs_a_duration(self, seconds) -> None:
        with pytest.raises(ValueError, match="longer than 0 s"):
            SlidingBuffer(KINETICS_18, seconds)

    @pytest.mark.parametrize("timestamp", [math.nan, math.inf])
    def test_timestamps_must_be_numbers(self, timestamp) -> None:
        with pytest.raises(ValueError, match="finite"):
            push(SlidingBuffer(KINETICS_18, 1.0), timestamp)

    @pytest.mark.parametrize(
        ("joints", "confidence", "message"),
        [
            (np.zeros((25, 3)), np.ones(25), "layout kinetics-18 needs"),
            (np.zeros((18, 2)), np.ones(17), "layout kinetics-18 needs"),
            (np.zeros((18, 2)), None, "together"),
            (None, np.ones(18), "together"),
        ],
    )
    def test_what_does_not_fit_the_layout_is_refused_and_changes_nothing(
        self, joints, confidence, message
    ) -> None:
        buffer = SlidingBuffer(KINETICS_18, 1.0)
        push(buffer, 1.0, value=6)
        with pytest.raises(ValueError, match=message):
            buffer.push(0.0, joints, confidence)
        assert (buffer.window(4).joints == 6).all()


def test_a_window_that_ends_before_the_newest_frames_still_has_its_beginning():
    """It ends ``max_gap`` before the last but one, and what its first frame is interpolated from lies
    ``max_gap`` before it: nothing that early may be forgotten."""
    buffer = SlidingBuffer(KINETICS_18, 2.0, max_gap=0.5)
    push(buffer, 7.0625, 0.0)  # almost ``max_gap`` before the window
    push(buffer, 7.5625, 8.0)
    push(buffer, 9.5, 8.0)
    push(buffer, 10.0, 8.0)
    push(buffer, 10.25, 8.0)
    window = buffer.window(3, end=9.5)
    assert window is not None
    np.testing.assert_allclose(window.joints[0, 0], 7.0)  # at 7.5, seven eighths of the way
