"""What ``pose2action run`` does and prints."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.commands.console import printable
from app.commands.interrupts import interruptible, until_interrupted
from app.drawing.picture import label_text, readable
from app.video.results import VideoResult, write_csv, write_json
from pose.errors import UserError
from pose.sources import VideoFile, open_source

if TYPE_CHECKING:
    import threading

    from app.core.events import Event
    from app.core.subjects import Subject
    from recognizer.sparse import Backend


class OutputError(UserError, ValueError):
    """An output file cannot be written. The message is one sentence for the user."""


@dataclass(frozen=True)
class Outputs:
    """Files to write; None for those not asked for."""

    json: Path | None = None
    csv: Path | None = None
    video: Path | None = None
    skeleton: Path | None = None
    attention: Path | None = None

    def check(self, source: str) -> None:
        """Finds out before hours of work whether the files can be written.

        Raises:
            OutputError: a missing folder, a folder in the file's place, the source itself, one name twice.
        """
        taken = [Path(source).resolve()] if os.path.exists(source) else []
        for each in fields(self):
            path: Path | None = getattr(self, each.name)
            if path is None:
                continue
            option = f"--{each.name} {str(path)!r}"
            if not path.parent.is_dir():
                raise OutputError(f"{option}: there is no folder {str(path.parent)!r}; make it first.")
            if path.is_dir():
                raise OutputError(f"{option}: this is a folder; give the name of a file.")
            if path.resolve() in taken:
                raise OutputError(
                    f"{option}: this file is the source or another output; choose another name."
                )
            taken.append(path.resolve())

    def versions(self) -> dict[str, tuple[int, int]]:
        """Which of the files are there, and something that changes when one is written anew."""
        paths = [path for each in fields(self) if (path := getattr(self, each.name)) is not None]
        states = {str(path): path.stat() for path in paths if path.exists()}
        return {name: (state.st_ino, state.st_mtime_ns) for name, state in states.items()}


def run_source(
    source: str,
    weights: str | None,
    outputs: Outputs,
    threshold: float | None,
    sparse_backend: Backend = "auto",
    own: str | None = None,
) -> None:
    """Analyses a file or a camera, writes the outputs and prints what was found.

    Raises:
        SourceError, WeightsError, OutputError: with one sentence for the user.
        KeyboardInterrupt: Ctrl-C; with a sentence on what was written already, where anything was.
    """
    outputs.check(source)
    before = outputs.versions()
    try:
        with interruptible() as interrupted:
            _run(source, weights, outputs, threshold, sparse_backend, interrupted, own)
    except KeyboardInterrupt:
        written = [name for name, version in outputs.versions().items() if before.get(name) != version]
        raise KeyboardInterrupt(
            f"stopped; only this was written: {', '.join(written)}." if written else ""
        ) from None


def _run(
    source: str,
    weights: str | None,
    outputs: Outputs,
    threshold: float | None,
    sparse_backend: Backend,
    interrupted: threading.Event,
    own: str | None,
) -> None:
    errors = Console(stderr=True)
    with open_source(source) as opened, ExitStack() as resources:
        # After the source: a wrong path is told at once, while torch takes seconds to import.
        with errors.status("Loading the recogniser ..."):
            from app.core.attention import AttentionLog
            from app.core.catalogue import Catalogue
            from app.core.subjects import subject_of
            from app.video.process import Cancelled, process_video

            recognizer = Catalogue.shipped(weights, sparse_backend).load(None)
            if own is not None:
                from app.core.own import load_with_own

                recognizer = load_with_own(recognizer, weights, own)
        attention = None
        if outputs.attention is not None:
            attention = resources.enter_context(closing(AttentionLog()))
        more: dict[str, Any] = {
            "video_out": outputs.video,
            "skeleton_out": outputs.skeleton,
            "threshold": threshold,
            "attention": attention,
            "cancelled": interrupted.is_set,
        }
        try:
            if isinstance(opened, VideoFile):
                with _bar(errors) as report:
                    result = process_video(opened, recognizer, progress=report, **more)
            else:
                errors.print("Ctrl-C ends the recording.")
                with until_interrupted() as ended:
                    on_event = functools.partial(_print_event, subject_of(recognizer.layout))
                    result = process_video(opened, recognizer, finish=ended.is_set, on_event=on_event, **more)
        except Cancelled:
            raise KeyboardInterrupt from None
        if attention is not None:
            attention.save(outputs.attention, tuple(person.id for person in result.persons))
    if outputs.json is not None:
        write_json(result, outputs.json)
    if outputs.csv is not None:
        write_csv(result, outputs.csv)
    print_result(result, Console())
    if result.problem is not None:
        errors.print(f"pose2action: {result.problem}", markup=False, highlight=False, soft_wrap=True)


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
def _bar(console: Console) -> Iterator[Any]:
    """A progress bar; gives the function to report to."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Analysing", total=1.0)

        def report(fraction: float | None, sentence: str) -> None:
            progress.update(task, completed=fraction or 0.0, total=None if fraction is None else 1.0,
                            description=f"Analysing: {sentence}")  # fmt: skip

        yield report


def _print_event(subject: Subject, event: Event) -> None:
    count = f", {event.count}" if event.count else ""
    who, what = subject.number(event.person), label_text(event.label, event.score)
    print(f"{event.time:7.1f} s  {who}  {what}{count}", flush=True)
