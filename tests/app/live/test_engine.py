import threading

import numpy as np
import pytest

from app.core.catalogue import Catalogue
from app.core.subjects import HANDS, PEOPLE
from app.live.engine import LiveEngine
from app.live.landmarks import KEPT
from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21, NTU_25, SHREC_22

PICTURE = np.full((480, 640, 3), 60, np.uint8)


def test_a_person_gets_a_label_after_about_a_second(live):
    views = live.run(live.engine(), 0, 3)
    first = next(view for view in views if view.persons[0].label is not None)
    assert 1.0 <= first.timestamp <= 1.35
    assert first.persons[0].label == "wave"
    assert len(first.persons[0].top5) == 5
    assert first.persons[0].top5[0].label == "wave"
    assert first.persons[0].score == pytest.approx(0.9)
    assert first.message == ""


def test_warming_counts_down_to_the_first_label(live):
    views = live.run(live.engine(), 0, 2)
    assert views[0].warming == pytest.approx(1.0)
    assert views[5].warming == pytest.approx(0.5)
    assert views[-1].warming == 0


def test_nobody_says_so_and_keeps_running(live, fakes):
    engine = live.engine(poses=lambda t: [fakes.pose()] if 1 <= t < 3 else [])
    views = live.run(engine, 0, 6)
    assert views[0].message == PEOPLE.missing and views[0].persons == () and views[0].warming == 0
    assert views[25].persons[0].label == "wave" and views[25].message == ""
    assert views[-1].message == PEOPLE.missing and views[-1].persons == ()


def test_two_people_have_labels_of_their_own(live, fakes):
    engine = live.engine(poses=lambda t: [fakes.pose(160), fakes.pose(480)])
    view = live.run(engine, 0, 2)[-1]
    assert len(view.persons) == 2
    assert len({person.id for person in view.persons}) == 2
    assert [person.label for person in view.persons] == ["wave", "wave"]


def test_windows_have_the_recognisers_length_and_rate(live, fakes):
    engine = live.engine()
    live.run(engine, 0, 3)
    for window in live.recognizer.windows:
        assert window.joints.shape == (1, 16, 18, 2)
        assert window.duration == pytest.approx(2.0)
    assert live.recognizer.windows[-1].timestamps[-1] == pytest.approx(2.9)


def test_the_newest_part_of_each_window_is_looked_at_as_well(live, fakes):
    recognizer = fakes.Recognizer()
    engine = live.engine(recognizer, poses=lambda t: [fakes.pose(160)] if t < 1.75 else [])
    live.run(engine, 0, 1.75)
    assert len(recognizer.newest) == len(recognizer.windows) > 5
    for part, whole in zip(recognizer.newest, recognizer.windows, strict=True):
        assert part.joints.shape == whole.joints.shape == (1, 16, 18, 2)
        assert (part.duration, whole.duration) == (pytest.approx(1.0), pytest.approx(2.0))
        assert part.timestamps[-1] == whole.timestamps[-1]


def test_a_slow_recogniser_never_holds_up_frames_and_sees_only_the_newest(live, fakes):
    entered, go = threading.Event(), threading.Event()
    recognizer = fakes.Recognizer()
    predict = recognizer.predict

    def blocked(windows, attention):
        entered.set()
        assert go.wait(10)
        return predict(windows, attention)

    recognizer.predict = blocked
    engine = live.engine(recognizer)
    for timestamp in np.arange(0, 5, 0.1):
        view = engine.process(PICTURE, float(timestamp))  # returns although the recogniser is stuck
    assert entered.wait(5)
    assert view.persons[0].label is None
    go.set()
    live.run(engine, 5, 5.5)
    ends = [window.timestamps[-1] for window in recognizer.windows]
    assert ends[0] <= 1.1 and ends[1] >= 4.9  # nothing in between was queued


def test_a_failing_recogniser_is_told_and_recovers(live, fakes):
    recognizer = fakes.Recognizer()
    engine = live.engine(recognizer)
    live.run(engine, 0, 2)
    recognizer.error = RuntimeError("out of memory")
    view = live.run(engine, 2, 3)[-1]
    assert "out of memory" in view.message
    assert view.persons[0].label is None
    recognizer.error = None
    view = live.run(engine, 3, 4)[-1]
    assert view.message == "" and view.persons[0].label == "wave"


def test_other_weights_take_effect_at_once_from_the_kept_poses(live, fakes):
    engine = live.engine()
    live.run(engine, 0, 3)
    other = fakes.Recognizer(lambda end: "jump", classes=("jump", "sit"), layout=NTU_25, window_seconds=1.5)
    engine.set_recognizer(other)
    views = live.run(engine, 3, 3.3)
    assert views[-1].persons[0].label == "jump"
    assert [s.label for s in views[-1].persons[0].top5] == ["jump", "sit"]
    assert other.windows[0].joints.shape == (1, 16, 25, 3)
    assert (other.windows[0].confidence > 0).all()  # a whole window of the past


def test_an_answer_of_the_old_weights_is_dropped(live, fakes):
    go = threading.Event()
    old = fakes.Recognizer()
    predict = old.predict
    old.predict = lambda windows, attention: go.wait(10) and predict(windows, attention)
    engine = live.engine(old)
    for timestamp in np.arange(0, 1.5, 0.1):
        engine.process(PICTURE, float(timestamp))
    engine.set_recognizer(fakes.Recognizer(lambda end: "sit", classes=("sit", "stand")))
    go.set()
    labels = {view.persons[0].label for view in live.run(engine, 1.5, 2.5)}
    assert labels == {None, "sit"}


def test_a_layout_without_a_body_is_refused_and_the_old_weights_stay(live, fakes):
    engine = live.engine()
    with pytest.raises(ValueError, match="kinetics-18, ntu-25, shrec-22"):
        engine.set_recognizer(fakes.Recognizer(layout=MEDIAPIPE_33))
    assert live.run(engine, 0, 2)[-1].persons[0].label == "wave"
    with pytest.raises(ValueError, match="kinetics-18, ntu-25, shrec-22"):
        LiveEngine(fakes.Recognizer(layout=MEDIAPIPE_33), lambda landmarks: fakes.Estimator(lambda t: []))


def hands(fakes, **choices):
    return fakes.Recognizer(lambda end: "grab", classes=("grab", "tap"), layout=SHREC_22, **choices)


def test_weights_of_hands_see_hands(live, fakes):
    recognizer = hands(fakes)
    view = live.run(live.engine(recognizer), 0, 3)[-1]
    assert view.persons[0].label == "grab" and view.message == ""
    window = recognizer.windows[-1]
    assert window.layout is SHREC_22 and window.joints.shape == (1, 16, 22, 3)
    np.testing.assert_array_equal(np.ptp(window.joints[0, :, 0], axis=0), 0)  # the wrist stays where it is
    assert view.persons[0].pose.layout is MEDIAPIPE_HAND_21


def test_from_bodies_to_hands_and_back_the_estimator_changes_and_poses_are_forgotten(live, fakes):
    engine = live.engine()
    assert live.run(engine, 0, 2)[-1].persons[0].label == "wave"
    engine.set_recognizer(hands(fakes))
    bodies, fingers = live.estimators
    assert bodies.closed and not fingers.closed
    views = live.run(engine, 2, 3.5)
    assert views[0].history == () and views[0].persons[0].top5 == ()
    assert views[0].warming == pytest.approx(1.0)
    assert views[-1].persons[0].label == "grab"
    assert fingers.times[0] == 2.0 and max(bodies.times) < 2.0
    engine.set_recognizer(fakes.Recognizer())
    assert len(live.estimators) == 3 and fingers.closed
    assert live.run(engine, 3.5, 5)[-1].persons[0].label == "wave"
    engine.close()
    assert live.estimators[2].closed


def test_the_estimator_stays_while_the_landmarks_do(live, fakes):
    engine = live.engine()
    engine.set_recognizer(fakes.Recognizer(layout=NTU_25))
    assert len(live.estimators) == 1 and live.estimator.resets == 0
    engine.set_recognizer(hands(fakes))
    live.run(engine, 0, 2)
    engine.set_recognizer(hands(fakes, window_seconds=1.0))
    assert len(live.estimators) == 2
    assert live.run(engine, 2, 2.2)[-1].persons[0].label == "grab", "from the kept poses"


def test_where_the_other_estimator_cannot_be_had_all_stays_as_it_was(live, fakes):
    engine = live.engine()
    live.run(engine, 0, 2)
    engine._make_estimator = lambda landmarks: 1 / 0
    with pytest.raises(ZeroDivisionError):
        engine.set_recognizer(hands(fakes))
    assert not live.estimator.closed
    view = live.run(engine, 2, 2.2)[-1]
    assert view.persons[0].label == "wave" and len(view.history) == 1


def test_without_a_hand_it_asks_for_one(live, fakes):
    engine = live.engine(hands(fakes))
    live.estimator.poses = lambda t: []
    assert live.run(engine, 0, 0.1)[0].message == HANDS.missing == "I see no hand. Hold one up."
    engine.set_recognizer(fakes.Recognizer())
    live.estimators[1].poses = lambda t: []
    assert live.run(engine, 1, 1.1)[0].message == PEOPLE.missing


def test_the_attention_of_hands_is_told(live, fakes):
    views = live.run(live.engine(hands(fakes), attention=True), 0, 3)
    (told,) = next(view.attention for view in views if view.attention)
    assert told.layout is SHREC_22 and told.body.shape == (22, 3)


def test_threshold_changes_take_effect_live(live):
    engine = live.engine()
    assert live.run(engine, 0, 2)[-1].persons[0].label == "wave"
    engine.set_threshold(0.99)
    person = live.run(engine, 2, 3)[-1].persons[0]
    assert person.label is None and person.top5[0].label == "wave"
    engine.set_threshold(None)
    assert live.run(engine, 3, 4)[-1].persons[0].label == "wave"


def test_a_chosen_threshold_survives_other_weights(live, fakes):
    engine = live.engine(threshold=0.95)
    live.run(engine, 0, 2)
    engine.set_recognizer(fakes.Recognizer(lambda end: "clap"))
    assert live.run(engine, 2, 3)[-1].persons[0].label is None


def test_history_tells_the_last_thirty_seconds(live, fakes):
    recognizer = fakes.Recognizer(lambda end: "wave" if end < 20 else "clap")
    view = live.run(live.engine(recognizer), 0, 40, 0.25)[-1]
    assert [s.label for s in view.history] == ["wave", "clap"]
    wave, clap = view.history
    assert wave.start == pytest.approx(view.timestamp - 30)
    assert wave.end == pytest.approx(clap.start, abs=0.3) and 20 <= clap.start <= 21.5
    assert clap.end == view.timestamp


def test_history_has_a_gap_where_nobody_was(live, fakes):
    engine = live.engine(poses=lambda t: [] if 4 <= t < 8 else [fakes.pose()])
    history = live.run(engine, 0, 11)[-1].history
    assert len(history) == 2
    assert history[0].end <= 5.1 and history[1].start >= 8


def test_a_clock_that_runs_backwards_restarts_the_session(live):
    engine = live.engine()
    live.run(engine, 100, 102)
    view = engine.process(PICTURE, 0.0)
    assert live.estimator.resets == 1
    assert view.history == () and view.persons[0].label is None
    assert live.run(engine, 0.1, 2)[-1].persons[0].label == "wave"


def test_reset_forgets(live):
    engine = live.engine()
    live.run(engine, 0, 2)
    engine.reset()
    view = engine.process(PICTURE, 2.0)
    assert view.persons[0].label is None and view.history == ()


def test_landmarks_are_told_as_they_were_seen_and_the_picture_is_left_alone(live, fakes):
    picture = PICTURE.copy()
    engine = live.engine(poses=lambda t: [fakes.pose(160 + 100 * t)] if t < 0.5 else [])
    view = engine.process(picture, 0.25)
    np.testing.assert_array_equal(view.persons[0].pose.image, fakes.pose(185).image)
    assert (picture == PICTURE).all()
    assert engine.process(picture, 0.5).persons[0].pose is None, "known for a second, but not seen now"


def test_who_is_seen_is_told_since_when_they_do_what_they_do(live, fakes):
    recognizer = fakes.Recognizer(lambda end: "wave" if end < 4 else "clap")
    views = live.run(live.engine(recognizer), 0, 8)
    assert views[5].persons[0].since is None
    for label in ("wave", "clap"):
        told = {view.persons[0].since for view in views if view.persons[0].label == label}
        (segment,) = [each for each in views[-1].history if each.label == label]
        assert told == {segment.start}


def test_landmarks_of_half_a_minute_are_kept_by_person_and_time(live, fakes):
    engine = live.engine(poses=lambda t: [fakes.pose(160)] + ([fakes.pose(480)] if t < 4 else []))
    live.run(engine, 0, 50, 0.25)
    kept = engine.landmarks(0)
    assert [kept[0].timestamp, kept[-1].timestamp] == [49.75 - KEPT, 49.75] and len(kept) == 4 * KEPT + 1
    np.testing.assert_array_equal(kept[0].pose.world, fakes.pose(160).world)
    assert [seen.timestamp for seen in engine.landmarks(0, 40, 40.5)] == [40.0, 40.25, 40.5]
    assert engine.landmarks(1) == () == engine.landmarks(7), "who was seen longer ago, or never"
    engine.reset()
    assert engine.landmarks(0) == ()


def test_a_record_holds_the_last_thirty_seconds(live, fakes):
    engine = live.engine(poses=lambda t: [fakes.pose(160)] + ([fakes.pose(480)] if 12 <= t < 14 else []))
    view = live.run(engine, 0, 40)[-1]
    record = engine.record()
    assert record.end == view.timestamp and record.labels == view.history
    spans = {who: (own[0].timestamp, own[-1].timestamp) for who, own in record.landmarks.items()}
    assert spans[0] == pytest.approx((record.end - 30, record.end), abs=0.11)
    assert spans[1] == pytest.approx((12.2, 13.9), abs=0.11), "from where they had their number"


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_pictures_that_are_no_rgb(live, bad):
    with pytest.raises(ValueError, match=r"\(H, W, 3\) uint8"):
        live.engine().process(bad, 0.0)


def test_closing_twice_and_use_after_closing(live, fakes):
    engine = live.engine()
    engine.close()
    engine.close()
    assert live.estimator.closed
    with pytest.raises(RuntimeError, match="closed"):
        engine.process(PICTURE, 0.0)
    with pytest.raises(RuntimeError, match="closed"):
        engine.set_recognizer(hands(fakes))
    assert len(live.estimators) == 1


def test_attention_is_not_computed_unless_it_is_asked_for(live):
    engine = live.engine()
    views = live.run(engine, 0, 3)
    assert live.recognizer.asked_for_attention and not any(live.recognizer.asked_for_attention)
    assert all(view.attention == () for view in views)


def test_attention_comes_with_each_new_label_and_only_then(live, fakes):
    engine = live.engine(attention=True, poses=lambda t: [fakes.pose(160), fakes.pose(480)])
    views = live.run(engine, 0, 3)
    assert all(live.recognizer.asked_for_attention)
    told = [view for view in views if view.attention]
    assert len(told) == len(live.recognizer.asked_for_attention) - 1, "the last answer was not taken yet"
    for view in told:
        first, second = view.attention
        assert [first.person, second.person] == [person.id for person in view.persons]
        assert first.end == pytest.approx(view.timestamp - 0.1) and first.end - first.start == pytest.approx(
            2
        )
        assert first.body.shape == (18, 2) and first.frames == 16
        assert first.maps.joints[-1].argmax() == live.recognizer.looks_at
    engine._due = float("inf")  # no new labels from here on, so nothing new was looked at
    live.run(engine, 3, 3.2)
    assert all(view.attention == () for view in live.run(engine, 3.2, 4))


def test_attention_can_be_switched_while_it_runs(live):
    engine = live.engine()
    live.run(engine, 0, 2)
    engine.set_attention(True)
    assert any(view.attention for view in live.run(engine, 2, 3))
    engine.set_attention(False)
    views = live.run(engine, 3, 4)
    assert all(view.attention == () for view in views), "an answer on its way is not shown either"
    assert not any(live.recognizer.asked_for_attention[-5:])


def test_times_are_told(live):
    view = live.run(live.engine(), 0, 2)[-1]
    assert view.total_ms >= view.pose_ms >= 0
    assert view.recognise_ms >= 0 and view.label_age_ms == pytest.approx(100, abs=1)


def test_a_file_of_hand_weights_is_chosen_and_recognises(live, hand_weights):
    catalogue = Catalogue.shipped(hand_weights)
    assert catalogue.default == "shrec-22-sem-untrained" and len(catalogue.cards) > 1
    engine = live.engine(catalogue.load(None), attention=True, threshold=0)
    views = live.run(engine, 0, 3)
    assert views[-1].persons[0].label in ("grab", "tap") and views[-1].message == ""
    (told,) = next(view.attention for view in views if view.attention)
    assert told.maps.relations[0].shape == told.maps.regularisation.shape == (22, 22)
    assert [estimator.closed for estimator in live.estimators] == [False]


def kept(engine) -> int:
    """Poses, observations and segments that an engine holds."""
    held = sum(len(person.poses) + len(person.buffer._observations) for person in engine._people)
    return held + len(engine._history.segments)


@pytest.mark.parametrize("step", [0.0, 1e-9, 1e-4])
def test_a_clock_that_hardly_moves_heaps_up_nothing(live, fakes, step):
    engine = live.engine(poses=lambda t: [fakes.pose(160), fakes.pose(480)])
    live.run(engine, 0, 2)
    before = kept(engine)
    for number in range(1, 500):
        view = engine.process(PICTURE, 2 + number * step)
    assert kept(engine) <= before + 4 * (500 * step / 0.004 + 2)
    assert len(view.persons) == 2
    assert live.run(engine, 3, 4)[-1].persons[0].label == "wave"


def test_a_frame_that_comes_too_soon_takes_the_place_of_the_last(live, fakes):
    engine = live.engine()
    engine.process(PICTURE, 1.0)
    engine.process(PICTURE, 1.5)
    (person,) = engine._people
    assert [t for t, _ in person.poses] == [1.0, 1.5]
    assert engine.process(PICTURE, 1.5 + 1e-9).timestamp == 1.5
    assert [t for t, _ in person.poses] == [t for t, *_ in person.buffer._observations] == [1.0, 1.5]
    engine.process(PICTURE, 1.5 + 0.008)  # 125 frames a second are real
    assert [t for t, _ in person.poses] == [1.0, 1.5, 1.508]


@pytest.mark.parametrize("leap", [7.0, 3600.0, 1e9, 1e12, 1e300])
def test_a_leap_ahead_starts_anew(live, leap):
    engine = live.engine()
    assert live.run(engine, 0, 3)[-1].history
    view = engine.process(PICTURE, 3 + leap)
    assert view.persons[0].top5 == () and len(view.history) == (1 if leap < 30 else 0)
    engine.process(PICTURE, 3 + leap)
    assert kept(engine) <= 60 + 4
    assert live.run(engine, 0, 3)[-1].persons[0].label == "wave"  # backwards: a session of its own


def test_weights_that_change_on_a_clock_that_stands_make_no_endless_history(live, fakes, monkeypatch):
    monkeypatch.setattr("app.live.history.MOST_SEGMENTS", 10)
    engine = live.engine()
    live.run(engine, 0, 3)
    classes = tuple(f"action {number}" for number in range(60))
    for label in classes:
        engine.set_recognizer(fakes.Recognizer(lambda end, label=label: label, classes))
        live.run(engine, 3, 3.1)  # asks, and waits for the answer
        view = live.run(engine, 3, 3.1)[-1]
    assert len(view.history) == 10
    assert int(view.history[-1].label.split()[1]) > 30, "the newest are kept"


@pytest.mark.parametrize("timestamp", [float("nan"), float("inf")])
def test_a_time_that_is_no_number(live, timestamp):
    engine = live.engine()
    with pytest.raises(ValueError, match="number of seconds"):
        engine.process(PICTURE, timestamp)
    assert engine.process(PICTURE, 0.0).persons


def test_closing_waits_for_the_recogniser_however_long_it_takes(live, fakes):
    entered, go_on = threading.Event(), threading.Event()
    recognizer = fakes.Recognizer()
    predict = recognizer.predict

    def slow(windows, attention):
        entered.set()
        assert go_on.wait(20)
        return predict(windows, attention)

    recognizer.predict = slow
    engine = live.engine(recognizer)
    for timestamp in np.arange(0, 1.5, 0.1):
        engine.process(PICTURE, float(timestamp))
    assert entered.wait(20)
    closing = threading.Thread(target=engine.close)
    closing.start()
    closing.join(6)  # longer than it once waited
    assert closing.is_alive() and not live.estimator.closed
    go_on.set()
    closing.join(20)
    assert live.estimator.closed and not engine._worker._thread.is_alive()
