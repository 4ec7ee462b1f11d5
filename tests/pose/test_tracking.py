"""Identity over time, on generated walking people whose identity is known."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import MEDIAPIPE_33
from pose.skeleton import PersonPose
from pose.tracking import PersonTracker, _Track
from tests.doubles import open_hand

FRAME = (640, 480)
TORSO = 90.0  # pixels


def walker(x: float, phase: float, facing: int, scale: float = 1.0, y: float = 200.0) -> PersonPose:
    """A person at ``x`` (middle of the shoulders), walking to the right (facing 1) or left (-1)."""
    points = np.zeros((33, 2))
    unit = TORSO * scale

    def put(name: str, dx: float, dy: float) -> None:
        points[MEDIAPIPE_33.index(name)] = (x + facing * dx * unit, y + dy * unit)

    for name in MEDIAPIPE_33.joints[:11]:
        put(name, 0.15, -0.5)
    for side, sign in (("left", 1), ("right", -1)):
        swing = sign * np.sin(phase)
        put(f"{side}_shoulder", 0.1 * sign, 0.0)
        put(f"{side}_elbow", 0.1 * sign - 0.2 * swing, 0.5)
        for hand in ("wrist", "little", "index", "thumb"):
            put(f"{side}_{hand}", 0.1 * sign - 0.35 * swing + 0.15, 0.9)
        put(f"{side}_hip", 0.08 * sign, 1.0)
        put(f"{side}_knee", 0.08 * sign + 0.3 * swing + 0.1, 1.7)
        put(f"{side}_ankle", 0.08 * sign + 0.5 * swing, 2.5)
        put(f"{side}_heel", 0.08 * sign + 0.5 * swing - 0.05, 2.6)
        put(f"{side}_foot_index", 0.08 * sign + 0.5 * swing + 0.25, 2.6)
    return PersonPose(points, np.zeros((33, 3)), np.ones(33), FRAME)


def noisy(pose: PersonPose, generator: np.random.Generator, pixels: float = 3.0) -> PersonPose:
    shake = generator.normal(0, pixels, pose.image.shape)
    return PersonPose(pose.image + shake, pose.world, pose.visibility, pose.frame_size, pose.layout)


def owner(pose: PersonPose, people: list[PersonPose]) -> int:
    """Index of the person from which a noisy pose was made."""
    return int(np.argmin([np.abs(pose.image - person.image).mean() for person in people]))


@pytest.mark.parametrize("fps", [10, 15, 30])
@pytest.mark.parametrize("hidden", ["nobody", "both", "first", "second"])
@pytest.mark.parametrize("speed", [120.0, 220.0])
def test_people_who_cross_keep_their_ids(fps: int, hidden: str, speed: float) -> None:
    """Walkers meet in the middle; for 0.3 s around it both, one or none of them is seen."""
    for seed in range(4):
        generator = np.random.default_rng(seed)
        tracker = PersonTracker()
        meeting = 200.0 / speed
        ids: list[dict[int, int]] = []
        for time in np.arange(0, 2 * meeting, 1 / fps):
            people = [
                walker(120 + speed * time, 6 * time, 1, y=200),
                walker(520 - speed * time, 6 * time + 1, -1, y=206),
            ]
            poses = [noisy(person, generator) for person in people]
            if abs(time - meeting) < 0.15:
                poses = {"nobody": poses, "both": [], "first": poses[1:], "second": poses[:1]}[hidden]
            if generator.random() < 0.5:  # the estimator promises no order
                poses = poses[::-1]
            tracked = tracker.update(poses, float(time))
            ids.append({owner(person.pose, people): person.id for person in tracked})
        assert ids[0] == ids[-1] and sorted(ids[0].values()) == [0, 1], (seed, ids[0], ids[-1])
        assert {i for seen in ids for i in seen.values()} == {0, 1}


@pytest.mark.parametrize("hidden", ["nobody", "both"])
def test_motion_alone_tells_people_of_one_shape_apart(hidden: str) -> None:
    """As above with one of them walking backwards in step, so that the two look the same."""
    for seed in range(4):
        generator = np.random.default_rng(seed)
        tracker = PersonTracker()
        ids: list[dict[int, int]] = []
        for time in np.arange(0, 3.0, 1 / 30):
            people = [walker(120 + 140 * time, 6 * time, 1), walker(540 - 140 * time, 6 * time, 1)]
            poses = [noisy(person, generator) for person in people]
            if hidden == "both" and abs(time - 1.5) < 0.15:
                poses = []
            ids.append({owner(p.pose, people): p.id for p in tracker.update(poses[::-1], float(time))})
        assert ids[0] == ids[-1] and len(ids[-1]) == 2, seed


def test_a_single_person_appears_at_once() -> None:
    person = walker(300, 0, 1)
    (tracked,) = PersonTracker().update([person], 0.0)
    assert tracked.id == 0 and tracked.pose is person


def test_two_people_in_a_one_frame_clip_both_appear() -> None:
    tracked = PersonTracker().update([walker(150, 0, 1), walker(450, 0, -1)], 5.0)
    assert [person.id for person in tracked] == [0, 1]


@pytest.mark.parametrize("fps", [10, 30])
def test_a_spurious_pose_gets_no_id(fps: int) -> None:
    """Single pictures with a second pose, such as two poses on one body, make nobody new."""
    tracker = PersonTracker()
    seen = set()
    for frame in range(4 * fps):
        poses = [walker(300, 0, 1)]
        if frame % fps == fps // 2:
            poses.append(walker(330 if frame < 2 * fps else 500, 1, -1))
        seen |= {person.id for person in tracker.update(poses, frame / fps)}
    assert seen == {0}


@pytest.mark.parametrize("fps", [10, 30])
def test_a_second_person_is_confirmed_within_a_quarter_of_a_second(fps: int) -> None:
    tracker = PersonTracker()
    first_seen = None
    for frame in range(3 * fps):
        time = frame / fps
        poses = [walker(150, 0, 1)] + ([walker(450, 0, -1)] if time >= 1 else [])
        if len(tracker.update(poses, time)) == 2 and first_seen is None:
            first_seen = time
    assert first_seen is not None and 1.0 < first_seen <= 1.25


@pytest.mark.parametrize("seconds", [0.3, 0.6, 1.0])
def test_an_occluded_walker_keeps_the_id(seconds: float) -> None:
    tracker = PersonTracker()
    ids = set()
    for frame in range(90):
        time = frame / 30
        poses = [] if 1.0 <= time < 1.0 + seconds else [walker(100 + 120 * time, 6 * time, 1)]
        ids |= {person.id for person in tracker.update(poses, time)}
    assert ids == {0}


def test_the_other_person_does_not_take_over_the_id_of_somebody_hidden() -> None:
    tracker = PersonTracker()
    for frame in range(60):
        poses = [walker(150, 0, 1)] + ([walker(450, 0, -1)] if frame < 15 else [])
        tracked = tracker.update(poses, frame / 30)
    assert [person.id for person in tracked] == [0]


def test_a_newcomer_after_a_long_absence_gets_a_new_id() -> None:
    tracker = PersonTracker()
    tracker.update([walker(150, 0, 1)], 0.0)
    assert tracker.update([], 1.0) == []
    (tracked,) = tracker.update([walker(150, 0, 1)], 4.0)
    assert tracked.id == 1


def test_somebody_gone_frees_the_slot_for_a_third_person() -> None:
    tracker = PersonTracker()
    ids = []
    for frame in range(120):
        poses = [walker(100, 0, 1)]
        if frame < 30:
            poses.append(walker(300, 0, 1))
        if frame >= 75:
            poses.append(walker(540, 0, -1))
        ids.append([person.id for person in tracker.update(poses, frame / 30)])
    assert ids[29] == [0, 1] and ids[45] == [0] and ids[-1] == [0, 2]


@pytest.mark.parametrize(
    ("away", "scale", "id"), [(3.0, 1.0, 0), (3.0, 1.6, 0), (3.0, 3.0, 1), (5.0, 1.0, 1)]
)
def test_who_comes_back_soon_and_about_as_large_keeps_the_id(away: float, scale: float, id: int) -> None:
    tracker = PersonTracker(comes_back=4.0)
    for time in np.arange(0, 1.01, 0.1):
        tracker.update([walker(150, 0, 1)], time)
    for time in np.arange(1.1, 1 + away - 0.01, 0.1):
        assert tracker.update([], time) == []
    (back,) = tracker.update([walker(520, 0, -1, scale=scale)], 1 + away)
    assert back.id == id


def test_beside_somebody_known_who_comes_back_keeps_the_id_and_a_third_has_another() -> None:
    tracker = PersonTracker(comes_back=4.0)
    ids = []
    for frame in range(240):
        poses = [walker(100, 0, 1)]
        if frame < 30 or 90 <= frame < 100 or frame >= 230:
            poses.append(walker(300 if frame < 30 else 500, 0, 1))
        ids.append([person.id for person in tracker.update(poses, frame / 30)])
    assert ids[29] == [0, 1] and ids[99] == [0, 1], "back after two seconds"
    assert ids[110] == [0] and ids[-1] == [0, 2], "after four it is somebody else"


def test_no_more_people_than_slots() -> None:
    tracker = PersonTracker(slots=2)
    for frame in range(30):
        poses = [walker(x, 0, 1) for x in (100, 300, 500)]
        tracked = tracker.update(poses, frame / 30)
        assert [person.id for person in tracked] == [0, 1]


def test_a_person_coming_closer_keeps_the_id() -> None:
    tracker = PersonTracker()
    ids = set()
    for frame in range(60):
        pose = walker(320, 0.2 * frame, 1, scale=0.6 + 0.02 * frame)
        ids |= {person.id for person in tracker.update([pose], frame / 15)}
    assert ids == {0}


def test_reset_and_a_backward_timestamp_start_anew() -> None:
    tracker = PersonTracker()
    for time in (0.0, 3.0):
        tracker.update([walker(150, 0, 1)], time)
    assert tracker.update([walker(150, 0, 1)], 3.1)[0].id == 1
    assert tracker.update([walker(150, 0, 1)], 0.5)[0].id == 0
    tracker.update([], 3.0)
    tracker.reset()
    assert tracker.update([walker(150, 0, 1)], 3.1)[0].id == 0


def test_repeated_timestamps_are_taken() -> None:
    tracker = PersonTracker()
    ids = {tracker.update([walker(150 + i, 0, 1)], 1.0)[0].id for i in range(5)}
    assert ids == {0}


# By hand, from a torso of 90 pixels. 1 - 1/e = 0.632 of the way is gone after one memory.


def test_size_is_remembered_for_half_a_second() -> None:
    track = _Track.start(walker(300, 0, 1), 0.0)
    track.see(walker(300, 0, 1, scale=2), 0.5)
    assert track.size == pytest.approx(TORSO * 1.632, rel=1e-3)
    track.see(walker(300, 0, 1, scale=2), 1.0)
    assert track.size == pytest.approx(TORSO * (2 - 0.368**2), rel=1e-3)


def test_somebody_unseen_is_expected_ever_less_further_on() -> None:
    track = _Track.start(walker(300, 0, 1), 0.0)
    for frame in range(1, 31):  # 100 pixels a second
        track.see(walker(300 + frame * 100 / 30, 0, 1), frame / 30)
    gone = [track.predicted_centre(1 + unseen)[0] - track.centre[0] for unseen in (0.0, 0.6, 1.2, 60.0)]
    assert gone == pytest.approx([0, 60 * 0.632, 60 * 0.865, 60], rel=0.01)


def test_another_size_costs_half_its_logarithm() -> None:
    track = _Track.start(walker(300, 0, 1), 0.0)
    other = walker(300, 0, 1, scale=np.e)
    other = PersonPose(
        other.image + (track.pose.image - other.image)[[11, 12, 23, 24]].mean(0),
        other.world,
        np.ones(33),
        FRAME,
    )
    assert track.cost(track.pose, 0.0) == pytest.approx(0, abs=1e-6)
    assert track.cost(other, 0.0) == pytest.approx(0.5, abs=1e-3)


def moved_hand(x: float, y: float, curl: float, palm: float = 60.0) -> PersonPose:
    return open_hand(FRAME, (x, y), palm, curl)


@pytest.mark.parametrize("fps", [10, 15, 30])
@pytest.mark.parametrize("hidden", ["nobody", "both", "first", "second"])
@pytest.mark.parametrize("speed", [200.0, 500.0])
def test_hands_that_cross_keep_their_ids(fps: int, hidden: str, speed: float) -> None:
    """An open hand and a fist pass each other; for 0.2 s around it both, one or none of them is seen."""
    for seed in range(4):
        generator = np.random.default_rng(seed)
        tracker = PersonTracker()
        meeting = 200.0 / speed
        ids: list[dict[int, int]] = []
        for time in np.arange(0, 2 * meeting + 0.2, 1 / fps):
            hands = [
                moved_hand(120 + speed * time, 300 + 10 * np.sin(5 * time), curl=0.1),
                moved_hand(520 - speed * time, 310, curl=0.9),
            ]
            poses = [noisy(hand, generator, 2.0) for hand in hands]
            if abs(time - meeting) < 0.1:
                poses = {"nobody": poses, "both": [], "first": poses[1:], "second": poses[:1]}[hidden]
            if generator.random() < 0.5:
                poses = poses[::-1]
            tracked = tracker.update(poses, float(time))
            ids.append({owner(hand.pose, hands): hand.id for hand in tracked})
        assert ids[0] == ids[-1] and sorted(ids[0].values()) == [0, 1], (seed, ids[0], ids[-1])
        assert {i for seen in ids for i in seen.values()} == {0, 1}


@pytest.mark.parametrize("fps", [10, 30])
def test_a_hand_that_swipes_keeps_its_id(fps: int) -> None:
    """From rest, 5 palms of way in 0.4 s: about what a swipe is. A body does not move so by its own size."""
    tracker = PersonTracker()
    ids = set()
    for frame in range(2 * fps):
        time = frame / fps
        x = 160 + 300 * np.clip((time - 1) / 0.4, 0, 1)
        ids |= {hand.id for hand in tracker.update([moved_hand(x, 300, 0)], time)}
    assert ids == {0}
