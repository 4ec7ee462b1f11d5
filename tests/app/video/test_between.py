"""People between two analysed frames, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from app.video.between import between
from pose.skeleton import PersonPose


def pose(value: float) -> PersonPose:
    return PersonPose(np.full((33, 2), value), np.full((33, 3), -value), np.full(33, value / 10), (100, 50))


def test_who_is_in_both_frames_moves_steadily():
    (found,) = between({7: pose(2.0)}, {7: pose(6.0)}, 0.25).items()
    assert found[0] == 7 and found[1].frame_size == (100, 50)
    np.testing.assert_allclose(found[1].image, 3.0)
    np.testing.assert_allclose(found[1].world, -3.0)
    np.testing.assert_allclose(found[1].visibility, 0.3)


@pytest.mark.parametrize(("share", "there"), [(0.3, {1, 2}), (0.7, {1, 3})])
def test_who_comes_or_goes_is_shown_near_the_frame_that_shows_them(share, there):
    before, after = {1: pose(1.0), 2: pose(2.0)}, {1: pose(1.0), 3: pose(3.0)}
    found = between(before, after, share)
    assert found.keys() == there
    for person in there - {1}:
        np.testing.assert_array_equal(found[person].image, {**before, **after}[person].image)
