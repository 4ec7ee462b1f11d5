"""What truly happens in a stream, and what a recogniser shows of it."""

from __future__ import annotations

from dataclasses import dataclass

from pose.skeleton import SkeletonSequence

IDLE = "idle"
"""Label of people who do nothing. It is shown like any other, and is no action."""


@dataclass(frozen=True)
class Span:
    """A stretch of time, in seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.start


@dataclass(frozen=True)
class Event(Span):
    """An action from its start to its end.

    Attributes:
        labels: the classes that count as right; several where the data set does not tell them apart.
    """

    labels: tuple[str, ...]

    @property
    def name(self) -> str:
        """The labels in one word."""
        return "|".join(self.labels)


@dataclass(frozen=True)
class Truth:
    """What happens in a stream. What is in none of the spans (transitions, held poses) belongs to nobody.

    Attributes:
        seconds: length of the stream, which starts at 0.
        events: the actions, in time order.
        idle: footage of people who do nothing.
        unknown: footage of actions that are none of the classes.
    """

    seconds: float
    events: tuple[Event, ...] = ()
    idle: tuple[Span, ...] = ()
    unknown: tuple[Span, ...] = ()

    @property
    def footage(self) -> tuple[Span, ...]:
        """All that belongs to somebody, in time order."""
        return tuple(sorted((*self.events, *self.idle, *self.unknown), key=lambda span: span.start))


@dataclass(frozen=True)
class LabelledStream:
    """A long sequence of one person with its truth.

    Attributes:
        dataset: where its clips are from.
        name: whose it is.
        sequence: one person (M = 1), timestamps from 0.
        truth: what happens in it.
    """

    dataset: str
    name: str
    sequence: SkeletonSequence
    truth: Truth


@dataclass(frozen=True)
class Shown(Span):
    """A stretch for which a screen shows the same.

    Attributes:
        label: a class, or None for "no action I know", and before the first answer.
    """

    label: str | None

    @property
    def action(self) -> bool:
        """Whether an action is named: neither nothing nor idle."""
        return self.label not in (None, IDLE)
