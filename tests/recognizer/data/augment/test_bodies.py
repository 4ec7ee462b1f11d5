"""Arms of lab recordings on the bodies of real camera clips."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.augment.bodies import still_bodies, with_arms_of
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from tests.recognizer.data.augment.skeletons import arms, seen

BOTH = pytest.mark.parametrize("layout", [KINETICS_18, NTU_25], ids=lambda layout: layout.name)


def real(
    clip, action: str = "idle_standing", azimuth: float = 0.0, layout: SkeletonLayout = KINETICS_18
) -> Example:
    joints, confidence = seen(clip, azimuth, layout)
    sequence = SkeletonSequence(joints[None], confidence[None], clip.timestamps, layout)
    return Example(Clip("r", "real_landmarks", action, "p", "train", sequence), (0,), "train")


@BOTH
@pytest.mark.parametrize("size,place", [(1.0, (0, 0, 0)), (500.0, (320, 240, -100))])
def test_a_wave_on_a_standing_body(wave, layout, size, place):
    waving, sure = seen(wave(), layout=layout)
    moved = arms(layout)
    body = np.repeat(waving[:1], len(waving), 0)
    body[:, moved] = body[:, [layout.index("left_hip")]]
    body = body * size + np.array(place[: layout.coordinates], np.float32)
    sure[3, layout.index("right_wrist")] = 0
    result, confidence = with_arms_of(body, np.full_like(sure, 0.5), waving, sure, layout)
    wanted = waving * size + np.array(place[: layout.coordinates])
    np.testing.assert_allclose(result[:, moved], wanted[:, moved], rtol=1e-4, atol=1e-4 * size)
    others = [index for index in range(len(layout)) if index not in moved]
    np.testing.assert_array_equal(result[:, others], body[:, others])
    assert (confidence[:, others] == 0.5).all()
    np.testing.assert_array_equal(confidence[:, moved], sure[:, moved])


@BOTH
def test_a_body_without_length_lends_nothing(wave, layout):
    waving, sure = seen(wave(), layout=layout)
    result, confidence = with_arms_of(waving * 0, sure, waving, sure, layout)
    np.testing.assert_array_equal(result, waving)
    np.testing.assert_array_equal(confidence, sure)


@BOTH
def test_only_people_who_face_the_camera_and_keep_still_lend_their_body(wave, layout):
    clip = wave()
    good = real(clip, layout=layout)
    sequence = good.clip.sequence
    order = (1, 0) if layout.coordinates == 2 else (1, 0, 2)
    on_their_side = SkeletonSequence(
        sequence.joints[..., order].copy(), sequence.confidence, clip.timestamps, layout
    )
    lying = Example(Clip("l", "real_landmarks", "other", "p", "train", on_their_side), (), "train")
    lab = Example(Clip("u", "utd_mhad", "other", "p", "train", sequence), (0,), "train")
    turned = [real(clip, azimuth=azimuth, layout=layout) for azimuth in (85, 180)]
    assert still_bodies([*turned, real(clip, "squat", layout=layout), lying, lab, good]) == [good]
