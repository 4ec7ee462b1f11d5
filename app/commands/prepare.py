"""What ``pose2action prepare`` does."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from recognizer.data.clip import DataError
from recognizer.data.files import read_text
from recognizer.data.prepare import prepare
from recognizer.data.prepared import TEST, TRAIN, PreparedClips

SHOWN = 10
"""Skipped files that are named on the screen; all of them are in the data set's info.json."""


def prepare_dataset(dataset: str, raw: Path, out: Path, workers: int | None, without: Path | None) -> None:
    """Prepares a data set behind a progress bar and prints a summary.

    Raises:
        DataError: with one sentence.
        OSError: a file cannot be written.
    """
    left_out = frozenset(_names(without)) if without is not None else frozenset()
    console = Console(stderr=True)
    columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        shown = bar.add_task("", total=None)
        clips = prepare(
            dataset, raw, out, workers, left_out,
            lambda done, total: bar.update(shown, completed=done, total=total),
        )  # fmt: skip
    for line in summary(clips, out):
        print(line)


def summary(clips: PreparedClips, out: Path) -> list[str]:
    """What was prepared and what was skipped, in a few lines."""
    info = clips.info
    classes = ", ".join(str(len(names)) for names in info.tasks.values())
    lines = [f"{out}: {len(clips)} clips of {info.dataset} on the {info.layout} skeleton, {classes} classes"]
    for protocol in info.protocols:
        train, test = len(clips.part(protocol, TRAIN)), len(clips.part(protocol, TEST))
        lines.append(f"  {protocol}: {train} train, {test} test")
    if info.skipped:
        lines.append(f"{len(info.skipped)} files were skipped:")
        lines += [f"  {reason}" for reason in info.skipped[:SHOWN]]
    if len(info.skipped) > SHOWN:
        lines.append(f"  and {len(info.skipped) - SHOWN} more, see {out / 'info.json'}")
    return lines


def _names(path: Path) -> list[str]:
    try:
        return read_text(path).split()
    except (OSError, DataError):
        raise DataError(f"{path} cannot be read: give a text file of samples' names.") from None
