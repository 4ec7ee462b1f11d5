import numpy as np
import pytest

from app.video.presence import AWAY, Presence
from pose.layouts import KINETICS_18
from recognizer.windows import window_ends

SECONDS = 2.0


def watch(fakes, times, seen=lambda t: True):
    presence = Presence(3, KINETICS_18, SECONDS, 16)
    windows = [w for t in times for w in presence.push(float(t), fakes.pose() if seen(t) else None)]
    return presence, windows + list(presence.leave())


@pytest.mark.parametrize("duration", [0.0, 0.7, 2.0, 2.1, 5.0, 7.13])
@pytest.mark.parametrize("fps", [10, 30])
def test_counted_windows_are_those_of_the_common_rule(fakes, duration, fps):
    times = np.arange(0, duration + 1e-9, 1 / fps)
    _, windows = watch(fakes, times)
    ends = [w.end for w in windows if not w.preview]
    np.testing.assert_allclose(ends, window_ends(0.0, times[-1], SECONDS), atol=1e-6)
    assert all(w.person == 3 and w.visit == 0 for w in windows)


def test_windows_show_the_seconds_before_their_end(fakes):
    _, windows = watch(fakes, np.arange(0, 4, 0.05))
    for window in windows:
        assert window.sequence.timestamps[-1] == pytest.approx(window.end)
        assert window.sequence.duration == pytest.approx(SECONDS)
        assert window.sequence.joints.shape == (1, 16, 18, 2)
        if not window.preview:
            assert (window.sequence.confidence > 0).all()


def test_provisional_windows_come_early_and_end_with_the_first_whole_one(fakes):
    _, windows = watch(fakes, np.arange(0, 4, 0.05))
    assert [w.end for w in windows if w.preview] == pytest.approx([1.0, 1.5])


def test_a_frame_without_the_person_in_between_changes_nothing(fakes):
    presence, windows = watch(fakes, np.arange(0, 4, 0.05), seen=lambda t: not 1.98 < t < 2.4)
    assert len(presence.visits) == 1
    assert sum(not w.preview for w in windows) == len(window_ends(0, 3.95, SECONDS))


def test_leaving_and_coming_back_are_two_visits(fakes):
    presence, windows = watch(fakes, np.arange(0, 12, 0.05), seen=lambda t: not 3 < t < 8)
    assert [(v.start, v.end) for v in presence.visits] == [
        pytest.approx((0, 3)),
        pytest.approx((8, 11.95)),
    ]
    for window in windows:
        visit = presence.visits[window.visit]
        assert visit.start - 1e-6 <= window.start <= window.end <= visit.end + 1e-6
    assert presence.seen == pytest.approx(6.95)


def test_a_gap_in_the_frames_themselves_ends_a_visit_too(fakes):
    times = np.concatenate([np.arange(0, 3, 0.1), np.arange(3 + 2 * AWAY, 8, 0.1)])
    presence, _ = watch(fakes, times)
    assert len(presence.visits) == 2
