from dataclasses import replace

import numpy as np
import pytest

from recognizer.smoothing import FORGET, HOLD, MIN_SEGMENT, LabelSmoother, Steadiness, segments, timeline

CLASSES = ("wave", "clap", "squat")


def sure(index: int, p: float = 0.9) -> np.ndarray:
    rest = np.full(len(CLASSES), (1 - p) / (len(CLASSES) - 1))
    rest[index] = p
    return rest


def feed(smoother: LabelSmoother, start: float, stop: float, p: np.ndarray, step: float = 0.125) -> list:
    return [(t, smoother.update(t, p).label) for t in np.arange(start, stop, step)]


def test_a_sure_first_window_is_named_at_once():
    assert LabelSmoother(CLASSES, 0.5).update(0.0, sure(0)).label == "wave"


def test_a_doubtful_first_label_waits_for_the_hold_time():
    shown = feed(LabelSmoother(CLASSES, 0.5), 0.0, 1.0, sure(0, 0.55))
    assert [label for t, label in shown if t < HOLD] == [None] * sum(t < HOLD for t, _ in shown)
    assert shown[-1][1] == "wave"


def test_smoothing_depends_on_time_and_not_on_the_number_of_windows():
    results = []
    for step in (0.05, 0.5):
        smoother = LabelSmoother(CLASSES, 0.5)
        smoother.update(0.0, sure(0))
        for t in np.arange(step, 1.0 + 1e-9, step):
            last = smoother.update(t, sure(1))
        results.append(last.probabilities)
    np.testing.assert_allclose(results[0], results[1], atol=1e-9)
    assert results[0].sum() == pytest.approx(1.0)


def test_alternating_windows_do_not_flicker():
    smoother = LabelSmoother(CLASSES, 0.3)
    feed(smoother, 0.0, 2.0, sure(0))
    labels = [smoother.update(2.0 + 0.125 * i, sure(i % 2, 0.8)).label for i in range(40)]
    changes = sum(a != b for a, b in zip(labels, labels[1:], strict=False))
    assert changes <= 1
    raw_changes = 39
    assert raw_changes > 10 * changes


def test_a_lasting_change_is_shown_within_a_second_and_a_half():
    smoother = LabelSmoother(CLASSES, 0.5)
    feed(smoother, 0.0, 3.0, sure(0))
    shown = feed(smoother, 3.0, 5.0, sure(1))
    assert next(t for t, label in shown if label == "clap") <= 4.5


def test_falling_under_the_threshold_becomes_no_action_and_comes_back():
    smoother = LabelSmoother(CLASSES, 0.6)
    feed(smoother, 0.0, 2.0, sure(0))
    assert feed(smoother, 2.0, 5.0, np.full(3, 1 / 3))[-1][1] is None
    assert feed(smoother, 5.0, 8.0, sure(0))[-1][1] == "wave"


def test_scores_that_hover_around_the_threshold_do_not_flicker():
    smoother = LabelSmoother(CLASSES, 0.6)
    feed(smoother, 0.0, 2.0, sure(0, 0.8))
    labels = [smoother.update(2 + 0.125 * i, sure(0, 0.6 + 0.04 * (-1) ** i)).label for i in range(60)]
    assert set(labels) == {"wave"}


def test_challengers_that_take_turns_end_in_no_action_rather_than_a_stale_label():
    classes = tuple("abcdef")
    smoother = LabelSmoother(classes, 0.1)
    time = 0.0
    for _ in range(20):
        smoother.update(time, np.eye(6)[0])
        time += 0.1
    labels = []
    for i in range(60):
        p = np.full(6, 0.13)
        p[0] = 0.0
        p[1 + i // 2 % 5] += 1 - p.sum()
        labels.append(smoother.update(time, p).label)
        time += 0.1
    assert labels[-1] != "a"


@pytest.mark.parametrize("time", [-1.0, 10.0 + FORGET + 0.1])
def test_a_restart_or_a_long_break_forgets(time):
    smoother = LabelSmoother(CLASSES, 0.5)
    feed(smoother, 9.0, 10.1, sure(0))
    shown = smoother.update(time, sure(1))
    assert shown.label == "clap"
    np.testing.assert_allclose(shown.probabilities, sure(1))


def test_a_changed_threshold_counts_from_the_next_window():
    smoother = LabelSmoother(CLASSES, 0.99)
    assert feed(smoother, 0.0, 1.0, sure(0))[-1][1] is None
    smoother.threshold = 0.5
    assert smoother.update(1.0, sure(0)).label == "wave"


def first_clap(steadiness: Steadiness) -> float:
    """Seconds after which a clap is shown that follows a wave."""
    smoother = LabelSmoother(CLASSES, 0.5, steadiness)
    feed(smoother, 0.0, 3.0, sure(0, 0.7))
    return next(t for t, label in feed(smoother, 3.0, 9.0, sure(1, 0.7)) if label == "clap") - 3.0


def test_each_constant_does_its_part():
    none = Steadiness(time_constant=0.0, hold=0.0, margin=0.0, release=0.0)
    assert first_clap(none) == 0.0
    assert first_clap(replace(none, hold=0.5, margin=1.0)) == 0.5
    # 0.7 - 0.55 exp(-t / 1) exceeds the threshold when t > ln(0.55 / 0.2) = 1.01; windows come every 0.125 s,
    # the first counts for the time since the last one.
    assert first_clap(replace(none, time_constant=1.0)) == 1.0
    for release, label in ((0.0, None), (0.1, "wave")):
        smoother = LabelSmoother(CLASSES, 0.5, replace(none, release=release))
        smoother.update(0.0, sure(0))
        assert smoother.update(0.1, sure(0, 0.45)).label == label


def test_live_use_takes_the_constants_of_the_module():
    assert first_clap(Steadiness()) == first_clap(Steadiness(0.4, 0.4, 0.25, 0.05))


def test_wrong_number_of_probabilities():
    with pytest.raises(ValueError, match="3 probabilities"):
        LabelSmoother(CLASSES, 0.5).update(0.0, np.ones(4))


def cut(labels_at, duration=20.0, window=3.0, stride=0.25, threshold=0.5):
    """Segments of a clip whose windows answer with the shares of actions inside them."""
    ends = np.arange(window, duration + 1e-9, stride)
    probabilities = []
    for end in ends:
        inside = np.arange(end - window, end, 0.05) + 0.025
        probabilities.append(np.mean([sure(labels_at(t)) for t in inside], axis=0))
    edges = np.linspace(0, duration, int(duration / 0.1) + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    p = timeline(ends - window, ends, np.array(probabilities), middles)
    return segments(edges, p, CLASSES, threshold)


def test_segments_find_the_change_where_it_happened():
    found = [s for s in cut(lambda t: 0 if t < 8 else 1) if s.label is not None]
    assert [s.label for s in found] == ["wave", "clap"]
    assert found[0].start == 0.0 and found[-1].end == 20.0
    assert abs(found[0].end - 8) <= 0.5 and abs(found[1].start - 8) <= 0.5


def test_segments_cover_the_clip_without_overlap():
    parts = cut(lambda t: int(t // 3) % 3)
    assert parts[0].start == 0.0 and parts[-1].end == 20.0
    assert all(a.end == b.start for a, b in zip(parts, parts[1:], strict=False))
    assert all(s.end - s.start >= MIN_SEGMENT - 1e-6 for s in parts)


def test_unsure_stretches_have_no_label():
    assert [s.label for s in cut(lambda t: 0, threshold=0.95)] == [None]


def test_a_short_flash_joins_its_neighbours():
    edges = np.arange(0, 5.01, 0.1)
    p = np.tile(sure(0), (50, 1))
    p[20:23] = sure(1)
    found = segments(edges, p, CLASSES, 0.5)
    assert [(s.label, s.start, s.end) for s in found] == [("wave", 0.0, pytest.approx(5.0))]


@pytest.mark.parametrize(("cells", "labels"), [(6, ["wave"]), (8, ["wave", "clap", "wave"])])
def test_a_segment_lasts_seven_tenths_of_a_second(cells: int, labels: list[str]):
    edges = np.arange(0, 5.01, 0.1)
    p = np.tile(sure(0), (50, 1))
    p[20 : 20 + cells] = sure(1)
    assert [each.label for each in segments(edges, p, CLASSES, 0.5)] == labels


def test_a_clip_shorter_than_a_segment_still_has_one():
    found = segments(np.array([0.0, 0.033]), sure(2)[None], CLASSES, 0.5)
    assert [s.label for s in found] == ["squat"]


def test_timeline_against_a_loop():
    random = np.random.default_rng(3)
    ends = np.sort(random.uniform(1, 9, 20))
    starts = ends - random.uniform(0.3, 3, 20)
    p = random.dirichlet(np.ones(3), 20)
    instants = np.linspace(0, 10, 57)
    got = timeline(starts, ends, p, instants)
    for t, instant in enumerate(instants):
        total, weights = np.zeros(3), 0.0
        for i in range(20):
            centre, quarter = (starts[i] + ends[i]) / 2, (ends[i] - starts[i]) / 4
            if abs(instant - centre) < quarter:
                w = 0.5 * (1 + np.cos(np.pi * (instant - centre) / quarter))
                total, weights = total + w * p[i], weights + w
        nearest = p[np.argmin(np.abs((starts + ends) / 2 - instant))]
        np.testing.assert_allclose(got[t], total / weights if weights > 1e-6 else nearest, atol=1e-9)


def test_timeline_needs_windows():
    with pytest.raises(ValueError, match="at least one window"):
        timeline(np.array([]), np.array([]), np.empty((0, 3)), np.array([0.0]))
