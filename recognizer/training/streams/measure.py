"""Measures of live recognition: what is shown, against what happens.

Sources: events count as found by the overlap of their spans, as in PKU-MMD (Liu et al. 2017) and in the
segmental F1 of MS-TCN (Abu Farha and Gall 2019, after Lea et al. 2017); delay and false detections stand
beside them as in SHREC'22's track on online gestures (Emporio et al. 2022).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recognizer.training.streams.truth import Event, Shown, Span, Truth

OVERLAPS = (0.3, 0.5)
"""Overlaps (intersection over union) from which on a shown stretch has found an event."""

GRACE = 1.0
"""Seconds after its end for which an event's label is late rather than false."""


@dataclass(frozen=True)
class Counts:
    """Events found, labels shown that found none, and events that nothing found."""

    found: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.found + other.found, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where there was nothing to find and nothing shown."""
        total = 2 * self.found + self.false + self.missed
        return 2 * self.found / total if total else float("nan")


def overlap(a: Span, b: Span) -> float:
    """Intersection over union of two spans, in [0, 1]; 0 for spans without length."""
    both = min(a.end, b.end) - max(a.start, b.start)
    union = max(a.end, b.end) - min(a.start, b.start)
    return max(both, 0.0) / union if union > 0 else 0.0


def match(events: Sequence[Event], shown: Sequence[Shown], least: float) -> tuple[tuple[int, int], ...]:
    """Pairs of an event and the stretch that found it, each in one pair at most, largest overlaps first.

    Args:
        events: what happens.
        shown: what a screen shows; only actions find events, and only those of their own label.
        least: overlap that a pair must have.

    Returns:
        (index of the event, index of the stretch) of each pair.
    """
    candidates = [
        (overlap(event, stretch), i, j)
        for i, event in enumerate(events)
        for j, stretch in enumerate(shown)
        if stretch.action and stretch.label in event.labels
    ]
    pairs: list[tuple[int, int]] = []
    for size, i, j in sorted(candidates, key=lambda each: (-each[0], each[1], each[2])):
        if size > 0 and size >= least - 1e-9 and all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    return tuple(pairs)


def count(events: Sequence[Event], shown: Sequence[Shown], least: float) -> dict[str, Counts]:
    """Found, false and missed by action.

    Events count under their name, false labels under theirs: where an event allows several labels ("a|b"),
    the false ones stand under "a" and "b".

    Args:
        events, shown, least: as ``match`` takes them.
    """
    pairs = match(events, shown, least)
    found = Counter(events[i].name for i, _ in pairs)
    events_left = set(range(len(events))) - {i for i, _ in pairs}
    shown_left = {j for j, stretch in enumerate(shown) if stretch.action} - {j for _, j in pairs}
    missed = Counter(events[i].name for i in events_left)
    false = Counter(str(shown[j].label) for j in shown_left)
    return {name: Counts(found[name], false[name], missed[name]) for name in found + false + missed}


def delays(events: Sequence[Event], shown: Sequence[Shown]) -> tuple[float, ...]:
    """Seconds from each event's start until a right label is shown; infinite where none ever is.

    A label counts until ``GRACE`` seconds after the event's end, but not after the next event's start. One
    that is shown already when the event starts has a delay of 0.
    """
    starts = [event.start for event in events]
    result = []
    for event in events:
        last = min([event.end + GRACE, *(start for start in starts if start > event.start)])
        right = [
            max(stretch.start, event.start) - event.start
            for stretch in shown
            if stretch.label in event.labels and stretch.start <= last and stretch.end > event.start
        ]
        result.append(min(right, default=float("inf")))
    return tuple(result)


def false_labels(footage: Iterable[Span], shown: Sequence[Shown], events: Sequence[Event] = ()) -> int:
    """How often an action's label comes up in footage of none.

    One that stands there since before the footage began is not a new one, and a right label that comes up
    within ``GRACE`` seconds after its event is late, not false.

    Args:
        footage: spans in which no action of the classes happens.
        shown: what a screen shows.
        events: the actions around that footage.
    """
    spans = tuple(footage)
    return sum(
        stretch.action
        and any(span.start <= stretch.start < span.end for span in spans)
        and not any(
            stretch.label in event.labels and event.start <= stretch.start <= event.end + GRACE
            for event in events
        )
        for stretch in shown
    )


def changes(shown: Sequence[Shown]) -> int:
    """How often what is shown changes, to and from nothing included."""
    return sum(a.label != b.label for a, b in zip(shown, shown[1:], strict=False))


def main_label(span: Span, shown: Sequence[Shown]) -> str | None:
    """The label that is shown for most of a span; None also where most of it shows nothing."""
    seconds: Counter[str | None] = Counter()
    for stretch in shown:
        both = min(span.end, stretch.end) - max(span.start, stretch.start)
        if both > 0:
            seconds[stretch.label] += both  # type: ignore[assignment]  # a Counter adds seconds as well
    return max(seconds, key=lambda label: seconds[label]) if seconds else None


def agreement(truths: Sequence[Truth], runs: Sequence[Sequence[Sequence[Shown]]]) -> float:
    """Share of all footage's spans that get the same main label in every run, say at every frame rate.

    Args:
        truths: of each stream.
        runs: what each run shows of each stream.

    Returns:
        In [0, 1]; NaN without footage.
    """
    same = [
        len({main_label(span, run[i]) for run in runs}) == 1
        for i, truth in enumerate(truths)
        for span in truth.footage
    ]
    return float(np.mean(same)) if same else float("nan")


def measure(truths: Sequence[Truth], shown: Sequence[Sequence[Shown]]) -> dict[str, dict[str, float]]:
    """All measures of some streams.

    Args:
        truths: of each stream.
        shown: what is shown of each stream.

    Returns:
        "overall" and each action -> figure -> value. Of both: ``events``; ``f1_at_0.3``, ``f1_at_0.5``, and
        ``f1_shown``, for which a label need only touch its event or come within ``GRACE`` seconds after it;
        ``delay_median`` and ``delay_90_percent`` in seconds (of the events that are labelled at all);
        ``never_labelled``, a share. Of actions: ``false``, how often one was shown beside all of its events.
        Of "overall": ``macro_f1_at_...`` (the mean over actions that happen), ``median_delay_of_all`` (an
        infinite delay for what is never labelled); a minute ``false_labels_idle``, ``false_labels_unknown``,
        ``false_labels`` (on both together) and ``label_changes``; and how many ``minutes``. What cannot be
        told, for want of footage, is NaN.
    """
    waits: dict[str, list[float]] = {}
    for truth, stretches in zip(truths, shown, strict=True):
        for event, delay in zip(truth.events, delays(truth.events, stretches), strict=True):
            waits.setdefault(event.name, []).append(delay)
    counts = {f"f1_at_{least}": _counts(truths, shown, least) for least in OVERLAPS}
    # Windows of seconds name an action of two seconds when it is nearly over: right, but beside it in time.
    counts["f1_shown"] = _counts([_with_grace(truth) for truth in truths], shown, 0.0)
    everything = [delay for each in waits.values() for delay in each]
    overall = {**_delay_figures(everything), "median_delay_of_all": _middle(everything)}
    for key, by_name in counts.items():
        overall[key] = sum(by_name.values(), Counts()).f1
        values = [by_name[name].f1 for name in waits]
        overall[f"macro_{key}"] = float(np.mean(values)) if values else float("nan")
    report = {"overall": overall | _minute_figures(truths, shown)}
    for name in sorted({*waits, *(name for by_name in counts.values() for name in by_name)}):
        f1 = {key: by_name.get(name, Counts()).f1 for key, by_name in counts.items()}
        false = counts["f1_shown"].get(name, Counts()).false
        report[name] = {**_delay_figures(waits.get(name, [])), **f1, "false": false}
    return report


def _with_grace(truth: Truth) -> Truth:
    return replace(truth, events=tuple(replace(event, end=event.end + GRACE) for event in truth.events))


def _counts(truths: Sequence[Truth], shown: Sequence[Sequence[Shown]], least: float) -> dict[str, Counts]:
    total: dict[str, Counts] = {}
    for truth, stretches in zip(truths, shown, strict=True):
        for name, counts in count(truth.events, stretches, least).items():
            total[name] = total.get(name, Counts()) + counts
    return total


def _delay_figures(waits: Sequence[float]) -> dict[str, float]:
    known = [delay for delay in waits if np.isfinite(delay)]
    return {
        "events": len(waits),
        "delay_median": float(np.median(known)) if known else float("nan"),
        "delay_90_percent": float(np.quantile(known, 0.9)) if known else float("nan"),
        "never_labelled": 1 - len(known) / len(waits) if waits else float("nan"),
    }


def _middle(waits: Sequence[float]) -> float:
    """The median of delays of which some are infinite; the later one of the two in the middle."""
    return sorted(waits)[len(waits) // 2] if waits else float("nan")


def _minute_figures(truths: Sequence[Truth], shown: Sequence[Sequence[Shown]]) -> dict[str, float]:
    pairs = list(zip(truths, shown, strict=True))
    idle = sum(false_labels(truth.idle, stretches, truth.events) for truth, stretches in pairs)
    unknown = sum(false_labels(truth.unknown, stretches, truth.events) for truth, stretches in pairs)
    idle_seconds = sum(span.seconds for truth in truths for span in truth.idle)
    unknown_seconds = sum(span.seconds for truth in truths for span in truth.unknown)
    return {
        "false_labels_idle": _a_minute(idle, idle_seconds),
        "false_labels_unknown": _a_minute(unknown, unknown_seconds),
        "false_labels": _a_minute(idle + unknown, idle_seconds + unknown_seconds),
        "label_changes": _a_minute(
            sum(changes(stretches) for stretches in shown), sum(truth.seconds for truth in truths)
        ),
        "minutes_idle": idle_seconds / 60,
        "minutes_unknown": unknown_seconds / 60,
        "minutes": sum(truth.seconds for truth in truths) / 60,
    }


def _a_minute(times: int, seconds: float) -> float:
    return 60 * times / seconds if seconds > 0 else float("nan")
