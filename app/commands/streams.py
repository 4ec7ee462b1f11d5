"""What ``pose2action evaluate --stream`` prints and draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from app.commands.console import printable
from pose.files import replacing
from recognizer.training.streams.evaluate import MOST_FALSE, Setting, StreamReport

LONGEST_DELAY = 1.2
"""Seconds until the right label that live use aims for."""

_OVERALL = {
    "f1_shown": "event F1, shown at all",
    "f1_at_0.3": "event F1 at an overlap of 0.3",
    "f1_at_0.5": "event F1 at an overlap of 0.5",
    "macro_f1_at_0.3": "the same, mean over actions, at 0.3",
    "macro_f1_at_0.5": "the same, mean over actions, at 0.5",
    "delay_median": "delay, median, s",
    "delay_90_percent": "delay, 90 %, s",
    "never_labelled": "never labelled",
    "false_labels_idle": "false labels a minute, idle",
    "false_labels_unknown": "false labels a minute, unknown",
    "label_changes": "label changes a minute",
}
_ACTION = {
    "events": "events",
    "f1_shown": "F1",
    "f1_at_0.3": "F1 .3",
    "f1_at_0.5": "F1 .5",
    "delay_median": "delay",
    "delay_90_percent": "90 %",
    "never_labelled": "never",
    "false": "false",
}
_SHARES = {key for key in _OVERALL if "f1" in key} | {"never_labelled"}
_COUNTS = {"events", "false"}


def print_streams(reports: Sequence[StreamReport]) -> None:
    """Tables for each weights: all at each frame rate, then each data set and each action at the first."""
    console = Console()
    for report in reports:
        fastest = next(iter(report.rates.values()))
        console.print(printable(_about(report)), markup=False, highlight=False)
        table = Table("figure", *(f"{rate:g} fps" for rate in report.rates))
        for key, title in _OVERALL.items():
            table.add_row(title, *(_cell(key, figures["overall"][key]) for figures in report.rates.values()))
        table.add_row("same label at all of these", _cell("never_labelled", report.same_label))
        console.print(table)
        table = Table(f"at {next(iter(report.rates)):g} fps", *report.datasets)
        for key, title in {"minutes": "minutes", "events": "actions", **_OVERALL}.items():
            table.add_row(title, *(_cell(key, figures[key]) for figures in report.datasets.values()))
        console.print(table)
        table = Table("action", *_ACTION.values())
        for column in table.columns[1:]:
            column.no_wrap = True
        for name, figures in fastest.items():
            if name != "overall":
                table.add_row(name.replace("_", " "), *(_cell(key, figures[key], 0) for key in _ACTION))
        console.print(table)
        if report.part == "val":
            console.print(_choice(report.chosen), markup=False, highlight=False)


def write_plot(reports: Sequence[StreamReport], path: Path) -> None:
    """A picture of delay against false labels, a line for each weights."""
    from app.drawing.curves import (
        Curve,
        Point,
        delay_plot,
        png,
    )  # a machine for training need not have OpenCV

    curves = [
        Curve(
            report.weights,
            tuple(
                Point(each.threshold, each.figures["false_labels"], each.figures["median_delay_of_all"])
                for each in report.curve
            ),
            report.threshold,
        )
        for report in reports
    ]
    title = f"Delay against false labels, by threshold; {_part(reports[0])}"
    note = "An action that is never labelled counts as an infinite delay. Full dot: the threshold in use."
    picture = delay_plot(curves, title, note, MOST_FALSE, LONGEST_DELAY)
    with replacing(path) as temporary:
        temporary.write_bytes(png(picture))


def as_json(report: StreamReport) -> dict[str, Any]:
    """The report for a file; what is no number, or infinite, is null."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {f"{key:g}" if isinstance(key, float) else key: plain(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(each) for each in value]
        if isinstance(value, float):
            return round(value, 4) if math.isfinite(value) else None
        return value

    return plain(asdict(report))


def _about(report: StreamReport) -> str:
    overall = next(iter(report.rates.values()))["overall"]
    return (
        f"{report.weights}, threshold {report.threshold:g}, windows of {report.window_seconds:g} s: "
        f"{report.streams} streams of {_part(report)}, "
        f"{overall['minutes']:.1f} minutes with {int(overall['events'])} actions, "
        f"{overall['minutes_idle']:.1f} idle and {overall['minutes_unknown']:.1f} of unknown actions"
    )


def _part(report: StreamReport) -> str:
    return {"val": "the validation parts", "test": "the test parts"}.get(
        report.part, "the test parts, of real cameras the validation parts"
    )


def _choice(chosen: Setting | None) -> str:
    if chosen is None:
        return f"No threshold and smoothing has at most {MOST_FALSE:g} false label a minute here."
    how, figures = chosen.steadiness, chosen.figures
    return (
        f"Least delay with at most {MOST_FALSE:g} false label a minute: threshold {chosen.threshold:g}, "
        f"time constant {how.time_constant:g} s, hold time {how.hold:g} s, margin {how.margin:g}, "
        f"release {how.release:g}. That gives "
        f"{figures['false_labels']:.1f} false labels a minute, a delay of {figures['delay_median']:.2f} s, "
        f"and {figures['never_labelled']:.0%} never labelled."
    )


def _cell(key: str, value: float, digits: int = 1) -> str:
    if not math.isfinite(value):
        return "-"
    if key in _COUNTS:
        return str(int(value))
    return f"{100 * value:.{digits}f} %" if key in _SHARES else f"{value:.2f}"
