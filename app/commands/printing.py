"""What ``pose2action run`` prints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.commands.console import printable
from app.drawing.picture import label_text, readable
from app.video.results import VideoResult

if TYPE_CHECKING:
    from app.core.events import Event
    from app.core.subjects import Subject


def print_result(result: VideoResult, console: Console) -> None:
    """Prints a result for people: the clip as a whole, then every action with its times."""
    rate = f"{result.fps:.4g} frames a second"
    head = f"{result.source}: {result.duration:.1f} s, {rate}, weights {result.weights}"
    console.print(printable(head), markup=False, highlight=False, soft_wrap=True)
    if result.message is not None:
        console.print(result.message, markup=False)
        return
    for person in result.persons:
        best = ", ".join(label_text(each.label, each.score) for each in person.summary)
        unsure = "unsure, perhaps " if person.unsure else ""
        console.print(
            f"{result.subject.number(person.id).capitalize()}, the whole clip: {unsure}{best}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    rows = [(person.id, *pair) for person in result.persons for pair in person.counted]
    if not rows:
        console.print("No action that these weights know.", markup=False)
        return
    counted = [] if all(row is None for _, _, row in rows) else ["Times", "Per minute"]
    table = Table(result.subject.name.capitalize(), "Start", "End", "Action", "Score", *counted)
    for number, segment, row in sorted(rows, key=lambda row: (row[1].start, row[0])):
        times = f"{segment.start:.1f} s", f"{segment.end:.1f} s"
        tempo = None if row is None else row.per_minute
        counts = ("" if row is None else str(row.count), "" if tempo is None else f"{tempo:.0f}")
        table.add_row(
            str(number + 1),
            *times,
            readable(segment.label or ""),
            f"{segment.score:.0%}",
            *counts[: len(counted)],
        )
    console.print(table)


@contextmanager
def bar(console: Console) -> Iterator[Any]:
    """A progress bar; gives the function to report to."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Analysing", total=1.0)

        def report(fraction: float | None, sentence: str) -> None:
            progress.update(task, completed=fraction or 0.0, total=None if fraction is None else 1.0,
                            description=f"Analysing: {sentence}")  # fmt: skip

        yield report


def print_event(subject: Subject, event: Event) -> None:
    count = f", {event.count}" if event.count else ""
    who, what = subject.number(event.person), label_text(event.label, event.score)
    print(f"{event.time:7.1f} s  {who}  {what}{count}", flush=True)
