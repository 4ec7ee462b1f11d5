"""The measures of live recognition against streams that are counted by hand.

A screen is written as "label start-end" stretches, a truth as its events, idle and unknown spans.
"""

from __future__ import annotations

import math

import pytest

from recognizer.training.streams.measure import (
    GRACE,
    Counts,
    agreement,
    changes,
    count,
    delays,
    false_labels,
    main_label,
    match,
    measure,
    overlap,
)
from recognizer.training.streams.truth import Event, Shown, Span, Truth

INFINITE = float("inf")


def screen(*stretches: tuple[str | None, float, float]) -> list[Shown]:
    return [Shown(start, end, label) for label, start, end in stretches]


def event(start: float, end: float, *labels: str) -> Event:
    return Event(start, end, labels)


def counted(events, shown, least) -> dict[str, tuple[int, int, int]]:
    return {name: (c.found, c.false, c.missed) for name, c in count(events, shown, least).items()}


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ((0, 4), (0, 4), 1.0),
        ((0, 4), (2, 6), 2 / 6),
        ((0, 4), (1, 2), 1 / 4),
        ((0, 4), (4, 8), 0.0),
        ((0, 4), (5, 8), 0.0),
        ((2, 2), (2, 2), 0.0),
    ],
)
def test_overlap(a, b, wanted):
    assert overlap(Span(*a), Span(*b)) == overlap(Span(*b), Span(*a)) == pytest.approx(wanted)


# Stream 1: one wave from 2 to 6, shown a second late and a second too long: overlap 3 / 5.
LATE = ([event(2, 6, "wave")], screen((None, 0, 3), ("wave", 3, 7), ("idle", 7, 10)))
# Stream 2: the same wave, shown in two pieces of 1 s and 2 s: overlaps 1 / 4 and 2 / 4.
BROKEN = ([event(2, 6, "wave")], screen(("wave", 2, 3), (None, 3, 4), ("wave", 4, 6), (None, 6, 9)))
# Stream 3: two claps that one stretch covers: overlaps 3 / 8 and 4 / 8.
MERGED = ([event(0, 3, "clap"), event(4, 8, "clap")], screen(("clap", 0, 8)))
# Stream 4: a wave is called a clap, and a squat comes up where nothing happens.
WRONG = ([event(1, 5, "wave")], screen((None, 0, 1), ("clap", 1, 5), (None, 5, 6), ("squat", 6, 7)))
# Stream 5: nothing is shown of two events; idle is no action and finds nothing.
SILENT = ([event(1, 3, "wave"), event(5, 9, "idle")], screen((None, 0, 5), ("idle", 5, 9)))
# Stream 6: either pick-up is right for the first event, one hand alone for the second.
EITHER = (
    [event(0, 4, "one", "two"), event(6, 10, "one")],
    screen(("two", 0, 4), (None, 4, 6), ("two", 6, 10)),
)


@pytest.mark.parametrize(
    ("stream", "at_3", "at_5"),
    [
        (LATE, {"wave": (1, 0, 0)}, {"wave": (1, 0, 0)}),
        (BROKEN, {"wave": (1, 1, 0)}, {"wave": (1, 1, 0)}),
        (MERGED, {"clap": (1, 0, 1)}, {"clap": (1, 0, 1)}),
        (
            WRONG,
            {"wave": (0, 0, 1), "clap": (0, 1, 0), "squat": (0, 1, 0)},
            {"wave": (0, 0, 1), "clap": (0, 1, 0), "squat": (0, 1, 0)},
        ),
        (SILENT, {"wave": (0, 0, 1), "idle": (0, 0, 1)}, {"wave": (0, 0, 1), "idle": (0, 0, 1)}),
        (EITHER, {"one|two": (1, 0, 0), "two": (0, 1, 0), "one": (0, 0, 1)}, None),
    ],
    ids=["late", "broken", "merged", "wrong", "silent", "either"],
)
def test_found_false_and_missed(stream, at_3, at_5):
    assert counted(*stream, 0.3) == at_3
    assert counted(*stream, 0.5) == (at_3 if at_5 is None else at_5)


def test_an_overlap_between_the_two_limits_counts_for_one_of_them():
    """3 to 6 of an event from 0 to 6 and a second on: 3 / 7 = 0.43."""
    events, shown = [event(0, 6, "wave")], screen((None, 0, 3), ("wave", 3, 7))
    assert counted(events, shown, 0.3) == {"wave": (1, 0, 0)}
    assert counted(events, shown, 0.5) == {"wave": (0, 1, 1)}


def test_of_two_stretches_the_one_that_fits_better_finds_the_event():
    """The pairs are taken by size, not by time: or the first stretch would take the event of the second."""
    events = [event(0, 10, "wave"), event(10, 14, "wave")]
    shown = screen(("wave", 0, 4), ("wave", 4, 14))
    # Overlaps: 4 / 10 and 6 / 14 with the first event, 0 and 4 / 10 with the second.
    assert match(events, shown, 0.3) == ((0, 1),)
    assert counted(events, shown, 0.3) == {"wave": (1, 1, 1)}


def test_exactly_the_overlap_that_is_asked_for_is_enough():
    assert match([event(0, 3, "wave")], screen(("wave", 0, 0.9)), 0.3) == ((0, 0),)
    assert match([event(0, 3, "wave")], screen(("wave", 0, 0.89)), 0.3) == ()
    assert match([event(0, 3, "wave")], screen(("wave", 4, 5)), 0.0) == ()


def test_f1_by_hand():
    assert Counts(3, 1, 2).f1 == pytest.approx(6 / 9)
    assert Counts(0, 1, 0).f1 == 0.0
    assert math.isnan(Counts().f1)
    assert Counts(1, 2, 3) + Counts(4, 5, 6) == Counts(5, 7, 9)


@pytest.mark.parametrize(
    ("events", "shown", "wanted"),
    [
        (*LATE, (1.0,)),
        (*BROKEN, (0.0,)),
        (*MERGED, (0.0, 0.0)),
        (*WRONG, (INFINITE,)),
        (*SILENT, (INFINITE, 0.0)),
        (*EITHER, (0.0, INFINITE)),
    ],
    ids=["late", "broken", "merged", "wrong", "silent", "either"],
)
def test_delays_by_hand(events, shown, wanted):
    assert delays(events, shown) == wanted


def test_a_label_that_comes_after_the_end_is_late_until_the_grace_is_over():
    wave = [event(0, 2, "wave")]
    assert delays(wave, screen((None, 0, 2.5), ("wave", 2.5, 4))) == (2.5,)
    assert delays(wave, screen((None, 0, 2 + GRACE), ("wave", 2 + GRACE, 4))) == (2 + GRACE,)
    assert delays(wave, screen((None, 0, 3.1), ("wave", 3.1, 4))) == (INFINITE,)
    # Half a second after the first wave the second one begins: what comes up at 2.7 is its label.
    both = [*wave, event(2.5, 5, "wave")]
    assert delays(both, screen((None, 0, 2.7), ("wave", 2.7, 4))) == (INFINITE, pytest.approx(0.2))


def test_a_label_that_ended_before_the_event_is_none_of_it():
    assert delays([event(2, 4, "wave")], screen(("wave", 0, 2), (None, 2, 5))) == (INFINITE,)


def test_false_labels_by_hand():
    """Of six stretches in the idle footage from 10 to 30 two are new, of an action, and not late."""
    shown = screen(
        ("squat", 5, 11),  # stands there since before
        ("idle", 11, 13),
        ("wave", 13, 14),  # false
        (None, 14, 16),
        ("wave", 16, 17),  # false, once more
        ("idle", 17, 30),
        ("clap", 30, 32),  # the footage is over
    )
    assert false_labels([Span(10, 30)], shown) == 2
    assert false_labels([Span(10, 14), Span(20, 30)], shown) == 1
    assert false_labels([], shown) == 0


def test_a_right_label_that_comes_late_is_not_false():
    shown = screen((None, 0, 5.5), ("wave", 5.5, 7))
    assert false_labels([Span(5, 10)], shown, [event(2, 5, "wave")]) == 0
    assert false_labels([Span(5, 10)], shown, [event(2, 5, "clap")]) == 1
    assert false_labels([Span(4, 10)], shown, [event(2, 4, "wave")]) == 1, "later than the grace"


def test_changes_count_those_from_and_to_nothing():
    assert changes(screen((None, 0, 1), ("wave", 1, 2), (None, 2, 3), ("idle", 3, 4), ("wave", 4, 5))) == 4
    assert changes(screen(("wave", 0, 9))) == changes([]) == 0


def test_the_main_label_is_the_one_that_is_shown_longest():
    shown = screen(("wave", 0, 3), (None, 3, 4), ("clap", 4, 6), ("wave", 6, 7), ("clap", 7, 10))
    assert main_label(Span(0, 10), shown) == "clap"  # 5 s; wave 4 s, in two stretches
    assert main_label(Span(0, 7), shown) == "wave"  # 4 s; clap 2 s
    assert main_label(Span(2.9, 4), shown) is None
    assert main_label(Span(20, 21), shown) is None


def test_agreement_by_hand():
    truth = Truth(12, (event(0, 4, "wave"),), (Span(4, 8),), (Span(8, 12),))
    runs = [
        screen(("wave", 0, 4), ("idle", 4, 8), (None, 8, 12)),
        screen(("wave", 0, 3), ("clap", 3, 5), ("idle", 5, 8), ("clap", 8, 9), (None, 9, 12)),
        screen(("wave", 0, 4), ("idle", 4, 8), ("clap", 8, 11), (None, 11, 12)),
    ]
    assert agreement([truth], [[run] for run in runs[:2]]) == 1.0
    assert agreement([truth], [[run] for run in runs]) == pytest.approx(2 / 3)
    assert math.isnan(agreement([Truth(5)], [[screen((None, 0, 5))]]))


def test_all_measures_of_two_streams_by_hand():
    first = Truth(60, (event(10, 14, "wave"), event(20, 24, "clap")), (Span(30, 60),))
    first_shown = screen(
        (None, 0, 11), ("wave", 11, 15), (None, 15, 22), ("clap", 22, 23), (None, 23, 40),
        ("squat", 40, 42), ("idle", 42, 60),
    )  # fmt: skip
    second = Truth(60, (event(10, 20, "wave"), event(30, 34, "clap")), (), (Span(40, 60),))
    second_shown = screen(
        (None, 0, 13), ("wave", 13, 20), (None, 20, 45), ("squat", 45, 46), (None, 46, 50), ("clap", 50, 60)
    )
    report = measure([first, second], [first_shown, second_shown])
    assert list(report) == ["overall", "clap", "squat", "wave"]
    # At 0.3 the waves (3/5, 7/10) are found, of the claps none (1/4): 2 found, 4 false, 2 missed.
    overall = report["overall"]
    assert overall["f1_at_0.3"] == overall["f1_at_0.5"] == pytest.approx(2 * 2 / (2 * 2 + 4 + 2))
    # The first clap is shown at all, so 3 found, 3 false, 1 missed.
    assert overall["f1_shown"] == pytest.approx(2 * 3 / (2 * 3 + 3 + 1))
    assert report["clap"]["f1_shown"] == pytest.approx(2 / 4)
    assert overall["macro_f1_at_0.3"] == pytest.approx((1 + 0) / 2)  # squat does not happen
    assert report["wave"] == {
        "events": 2, "delay_median": 2.0, "delay_90_percent": pytest.approx(2.8), "never_labelled": 0.0,
        "f1_at_0.3": 1.0, "f1_at_0.5": 1.0, "f1_shown": 1.0,
        "false": 0,
    }  # fmt: skip
    assert (report["clap"]["delay_median"], report["clap"]["never_labelled"]) == (2.0, 0.5)
    assert (report["clap"]["false"], report["squat"]["false"]) == (1, 2)
    assert report["squat"]["events"] == report["squat"]["f1_at_0.3"] == 0
    # Delays 1, 2, 3 and never.
    assert (overall["events"], overall["delay_median"], overall["never_labelled"]) == (4, 2.0, 0.25)
    assert overall["median_delay_of_all"] == 3.0
    assert overall["delay_90_percent"] == pytest.approx(2.8)
    # One false label in half a minute of idle footage, two in 20 s of unknown footage.
    assert overall["false_labels_idle"] == pytest.approx(2.0)
    assert overall["false_labels_unknown"] == pytest.approx(6.0)
    assert overall["false_labels"] == pytest.approx(3 / (50 / 60))
    assert overall["label_changes"] == pytest.approx((6 + 5) / 2)
    assert (overall["minutes"], overall["minutes_idle"]) == (2.0, 0.5)


def test_a_short_action_that_is_named_when_it_is_over_was_shown_but_not_found():
    truth = Truth(20, (event(2, 4, "wave"), event(10, 12, "wave")))
    shown = screen((None, 0, 3.5), ("wave", 3.5, 6), (None, 6, 12.8), ("wave", 12.8, 14), (None, 14, 20))
    wave = measure([truth], [shown])["wave"]
    assert (wave["f1_at_0.3"], wave["f1_shown"], wave["false"]) == (0.0, 1.0, 0)
    late = screen((None, 0, 5.1), ("wave", 5.1, 6), (None, 6, 13.1), ("wave", 13.1, 14), (None, 14, 20))
    wave = measure([truth], [late])["wave"]
    assert (wave["f1_shown"], wave["false"]) == (0.0, 2), "later than the grace"


def test_what_cannot_be_told_is_no_number():
    overall = measure([Truth(10)], [screen((None, 0, 10))])["overall"]
    for figure in ("f1_at_0.5", "macro_f1_at_0.5", "delay_median", "false_labels", "median_delay_of_all"):
        assert math.isnan(overall[figure]), figure
    assert overall["label_changes"] == 0


def test_half_of_the_events_without_a_label_have_no_median_delay():
    truth = Truth(20, (event(0, 4, "wave"), event(10, 14, "wave")))
    overall = measure([truth], [screen(("wave", 0, 4), (None, 4, 20))])["overall"]
    assert overall["median_delay_of_all"] == INFINITE and overall["delay_median"] == 0.0
