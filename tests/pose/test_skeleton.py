"""The value types: what they check, that they cannot be changed, and resampling against a plain loop."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.layouts import KINETICS_18, MEDIAPIPE_33, MEDIAPIPE_HAND_21, NTU_25
from pose.skeleton import MAX_GAP, PersonPose, SkeletonSequence


def person(**changes) -> PersonPose:
    fields = {
        "image": np.zeros((33, 2)),
        "world": np.zeros((33, 3)),
        "visibility": np.ones(33),
        "frame_size": (640, 480),
    }
    return PersonPose(**{**fields, **changes})


def clip(timestamps, values, confidence=None, layout=KINETICS_18) -> SkeletonSequence:
    """One person whose joints all lie at (value, value) in each frame."""
    frames = len(timestamps)
    joints = np.ones((1, frames, len(layout), layout.coordinates)) * np.reshape(values, (1, frames, 1, 1))
    confidence = np.ones(frames) if confidence is None else np.asarray(confidence)
    return SkeletonSequence(
        joints, np.broadcast_to(confidence[None, :, None], joints.shape[:3]), np.asarray(timestamps), layout
    )


def resample_by_loops(sequence: SkeletonSequence, times, max_gap):
    """The definition in `SkeletonSequence.resample`, one joint and one instant at a time."""
    persons, _, count, coordinates = sequence.joints.shape
    joints = np.zeros((persons, len(times), count, coordinates))
    confidence = np.zeros((persons, len(times), count))
    for m in range(persons):
        for v in range(count):
            seen = [f for f, c in enumerate(sequence.confidence[m, :, v]) if c > 0]
            if not seen:
                continue
            for t, time in enumerate(times):
                before = [f for f in seen if sequence.timestamps[f] <= time]
                after = [f for f in seen if sequence.timestamps[f] >= time]
                left = before[-1] if before else after[0]
                right = after[0] if after else before[-1]
                start, end = sequence.timestamps[left], sequence.timestamps[right]
                if not before or not after:  # outside: hold, but for max_gap only
                    share, bridged = 0.0, abs(time - start) <= max_gap
                else:
                    share = (time - start) / (end - start) if end > start else 0.0
                    bridged = end - start <= max_gap
                    if not bridged:
                        share = float(share >= 0.5)
                a, b = sequence.joints[m, left, v], sequence.joints[m, right, v]
                joints[m, t, v] = (1 - share) * a + share * b
                if bridged:
                    ca, cb = sequence.confidence[m, left, v], sequence.confidence[m, right, v]
                    confidence[m, t, v] = (1 - share) * ca + share * cb
    return joints, confidence


class TestPersonPose:
    def test_arrays_become_float32_and_read_only(self) -> None:
        pose = person(image=np.arange(66, dtype=float).reshape(33, 2))
        assert pose.image.dtype == pose.world.dtype == pose.visibility.dtype == np.float32
        with pytest.raises(ValueError, match="read-only"):
            pose.image[0, 0] = 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            pose.visibility = np.zeros(33)

    @pytest.mark.parametrize(
        ("field", "shape"), [("image", (33, 3)), ("world", (32, 3)), ("visibility", (33, 1))]
    )
    def test_wrong_shapes_are_named(self, field, shape) -> None:
        with pytest.raises(ValueError, match=f"PersonPose.{field} must have shape"):
            person(**{field: np.zeros(shape)})

    def test_a_hand_has_21_landmarks(self) -> None:
        arrays = {"image": np.zeros((21, 2)), "world": np.zeros((21, 3)), "visibility": np.ones(21)}
        assert person(**arrays, layout=MEDIAPIPE_HAND_21).layout is MEDIAPIPE_HAND_21
        assert person().layout is MEDIAPIPE_33
        with pytest.raises(ValueError, match=r"image must have shape \(33, 2\), got \(21, 2\)"):
            person(**arrays)
        with pytest.raises(ValueError, match=r"image must have shape \(21, 2\), got \(33, 2\)"):
            person(layout=MEDIAPIPE_HAND_21)


class TestSkeletonSequence:
    def test_duration_and_dtypes(self) -> None:
        sequence = clip([1.0, 1.5, 4.0], [0, 1, 2])
        assert sequence.duration == 3.0
        assert (sequence.joints.dtype, sequence.timestamps.dtype) == (np.float32, np.float64)

    def test_an_empty_sequence_lasts_no_time(self) -> None:
        assert clip([], []).duration == 0.0

    @pytest.mark.parametrize(
        ("joints", "confidence", "timestamps", "message"),
        [
            ((1, 2, 18, 3), (1, 2, 18), [0, 1], "joints of layout kinetics-18"),
            ((1, 2, 17, 2), (1, 2, 17), [0, 1], "joints of layout kinetics-18"),
            ((2, 18, 2), (2, 18), [0, 1], "joints of layout kinetics-18"),
            ((1, 2, 18, 2), (1, 2), [0, 1], "confidence must be"),
            ((1, 2, 18, 2), (1, 2, 18), [0, 1, 2], "timestamps must be"),
            ((1, 2, 18, 2), (1, 2, 18), [1, 0], "must not decrease"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, joints, confidence, timestamps, message) -> None:
        with pytest.raises(ValueError, match=message):
            SkeletonSequence(np.zeros(joints), np.ones(confidence), np.array(timestamps), KINETICS_18)

    def test_arrays_cannot_be_changed(self) -> None:
        sequence = clip([0, 1], [0, 1])
        for array in (sequence.joints, sequence.confidence, sequence.timestamps):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0


class TestResample:
    def test_at_its_own_times_nothing_changes(self) -> None:
        sequence = clip([0.0, 0.1, 0.35], [1, 2, 5], [0.5, 1, 0.25])
        same = sequence.resample(sequence.timestamps)
        np.testing.assert_array_equal(same.joints, sequence.joints)
        np.testing.assert_array_equal(same.confidence, sequence.confidence)

    def test_a_gap_of_exactly_the_limit_is_bridged_whatever_the_rounding(self) -> None:
        timestamps = np.arange(200) * MAX_GAP + 0.1
        middle = clip(timestamps, np.arange(200)).resample(timestamps[:-1] + 0.25)
        np.testing.assert_allclose(middle.joints[0, :, 0, 0], np.arange(199) + 0.5, rtol=1e-5)
        assert (middle.confidence == 1).all()

    def test_in_a_longer_gap_the_nearest_pose_stands_without_confidence(self) -> None:
        held = clip([0.0, 1.0], [10, 20]).resample([0.0, 0.4, 0.6, 1.0])
        np.testing.assert_array_equal(held.joints[0, :, 0, 0], [10, 10, 20, 20])
        np.testing.assert_array_equal(held.confidence[0, :, 0], [1, 0, 0, 1])

    def test_outside_the_clip_the_ends_are_held_for_the_limit(self) -> None:
        held = clip([5.0, 5.1], [3, 4]).resample([4.4, 4.6, 5.5, 5.7])
        np.testing.assert_array_equal(held.joints[0, :, 0, 0], [3, 3, 4, 4])
        np.testing.assert_array_equal(held.confidence[0, :, 0], [0, 1, 1, 0])

    def test_without_frames_nothing_is_seen(self) -> None:
        nothing = clip([], []).resample(np.linspace(0, 1, 4))
        assert nothing.joints.shape == (1, 4, 18, 2)
        assert not nothing.confidence.any()

    @settings(max_examples=100, deadline=None)
    @given(data=st.data())
    def test_equals_the_definition(self, data) -> None:
        # Times on a grid of 1/64 s, so that no gap differs from the limit by rounding alone.
        steps = data.draw(st.lists(st.sampled_from([0, 1, 2, 3, 20, 32, 33, 80]), min_size=1, max_size=12))
        timestamps = np.cumsum(steps) / 64
        times = np.sort(data.draw(st.lists(st.integers(-60, 400), max_size=10))) / 64
        generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
        persons, missing = data.draw(st.integers(1, 2)), data.draw(st.sampled_from([0.0, 0.3, 0.9]))
        joints = generator.normal(size=(persons, len(timestamps), 25, 3))
        confidence = generator.uniform(0.01, 1, joints.shape[:3])
        confidence *= generator.random(joints.shape[:3]) >= missing
        sequence = SkeletonSequence(joints, confidence, timestamps, NTU_25)

        resampled = sequence.resample(times, MAX_GAP)

        expected_joints, expected_confidence = resample_by_loops(sequence, times, MAX_GAP)
        np.testing.assert_allclose(resampled.joints, expected_joints, atol=1e-5)
        np.testing.assert_allclose(resampled.confidence, expected_confidence, atol=1e-5)
        np.testing.assert_array_equal(resampled.timestamps, times)
