"""What ``pose2action evaluate`` does."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from app.commands.streams import as_json, print_streams, write_plot
from pose.files import replacing
from recognizer.card import WeightsCard
from recognizer.choice import parse_choice
from recognizer.data.clip import DataError
from recognizer.fields import shown
from recognizer.networks import TITLES
from recognizer.predictor import SparseBackend
from recognizer.training.clips.evaluate import ClipReport, clip_config, evaluate_clips
from recognizer.training.shared.errors import ConfigError
from recognizer.training.streams.evaluate import StreamReport, evaluate_streams
from recognizer.training.windows.evaluate import evaluate
from recognizer.weights import add_metrics, read_card


@dataclass(frozen=True)
class Options:
    """What to evaluate and where the figures go besides the screen.

    Attributes:
        dataset, part, frame_rates: of a live vocabulary, see ``training.evaluate.evaluate``.
        stream: of a live vocabulary: evaluate on long streams, see ``training.streams.evaluate``.
        plot: of streams: a picture to write.
        window: of streams: seconds of a window, where they are others than the weights'.
        fuse: of a prepared data set: also all weights together.
        json, confusion: files to write.
        card: write the figures into the weights' cards; of validation streams, the threshold too.
    """

    dataset: str | None = None
    part: str | None = None
    frame_rates: bool = False
    stream: bool = False
    plot: Path | None = None
    window: float | None = None
    fuse: bool = False
    json: Path | None = None
    confusion: Path | None = None
    card: bool = False


def evaluate_weights(names: list[str], data: Path, options: Options, sparse_backend: SparseBackend) -> None:
    """Evaluates weights and prints a table.

    Raises:
        WeightsError, ConfigError, DataError: with one sentence.
    """
    _check_files(options)
    if options.card:
        for name in names:
            add_metrics(name, {})  # a fusion has no card: better told before minutes of work
    fused = any(parse_choice(name).fused for name in names)
    if not fused and all(clip_config(read_card(name)[1]) is not None for name in names):
        about = "is about weights of a live vocabulary"
        _refuse(options, about, "dataset", "part", "frame_rates", "stream", "plot", "window")
        _evaluate_clips(names, data, options)
    elif options.stream:
        _refuse(options, "goes without --stream", "frame_rates", "fuse", "confusion")
        _evaluate_streams(names, data, options, sparse_backend)
    elif len(names) > 1:
        raise ConfigError("Weights of a live vocabulary are evaluated one by one, or fused: A+B.")
    else:
        _refuse(options, "is about weights trained on a prepared data set", "fuse", "confusion")
        _refuse(options, "goes with --stream", "plot", "window")
        _evaluate_windows(names[0], data, options, sparse_backend)


def _check_files(options: Options) -> None:
    """ConfigError, before minutes of work, for files that cannot be written."""
    for option, path in (("json", options.json), ("confusion", options.confusion), ("plot", options.plot)):
        if path is None:
            continue
        if not os.path.isdir(path.parent):
            raise ConfigError(f"--{option} {shown(str(path))}: there is no such folder; make it first.")
        if os.path.exists(path) and not os.path.isfile(path):
            raise ConfigError(f"--{option} {shown(str(path))}: this is no plain file; give the name of one.")


def _refuse(options: Options, reason: str, *names: str) -> None:
    for name in names:
        if getattr(options, name):
            raise ConfigError(f"--{name.replace('_', '-')} {reason}.")


def _evaluate_windows(name: str, data: Path, options: Options, sparse_backend: SparseBackend) -> None:
    report = evaluate(name, data, options.dataset, options.part, options.frame_rates, sparse_backend)
    if not report:
        raise DataError(f"There are no clips of that part in {data}.")
    table = Table("figure", *report)
    for figure in dict.fromkeys(name for figures in report.values() for name in figures):
        table.add_row(figure.replace("_", " "), *(_cell(figures.get(figure)) for figures in report.values()))
    Console().print(table)
    if options.json is not None:
        _write_json(options.json, {"weights": name, "results": report})
    if options.card:
        chosen = (("dataset", options.dataset), ("part", options.part))
        command = ["pose2action evaluate", Path(name).stem, "--data DATA"]
        command += [f"--{option} {value}" for option, value in chosen if value]
        command += ["--frame-rates"] * options.frame_rates
        add_metrics(name, {"command": " ".join(command), "results": report})


def _evaluate_streams(names: list[str], data: Path, options: Options, sparse_backend: SparseBackend) -> None:
    # A card gets the threshold that is best, and the figures with it.
    reports = evaluate_streams(
        names, data, options.part, options.dataset, sparse_backend, options.window, choosing=options.card
    )
    print_streams(reports)
    if options.json is not None:
        _write_json(options.json, {"streams": [as_json(report) for report in reports]})
    if options.plot is not None:
        write_plot(reports, options.plot)
    if options.card:
        for name, report in zip(names, reports, strict=True):
            _write_streams(name, report, options)


def _write_streams(name: str, report: StreamReport, options: Options) -> None:
    """Figures of streams, and the threshold that they speak for: on validation streams the one that live
    use's smoothing needs."""
    figures = as_json(report)
    about = {key: figures[key] for key in ("threshold", "window_seconds", "datasets", "same_label")}
    about |= {"rates": {rate: each["overall"] for rate, each in figures["rates"].items()}}
    command = ["pose2action evaluate", Path(name).stem, "--data DATA --stream"]
    asked = (("part", options.part), ("dataset", options.dataset), ("window", options.window))
    command += [f"--{option} {value}" for option, value in asked if value]
    metrics = {f"streams_{report.part or 'own'}": {"command": " ".join(command), **about}}
    add_metrics(name, metrics, report.threshold)


def _evaluate_clips(names: list[str], data: Path, options: Options) -> None:
    reports = evaluate_clips(names, data, options.fuse)
    table = Table("weights", "clips", "top-1", "95 % interval", "top-5", "calibration error")
    table.columns[0].overflow = "fold"
    for name, each in reports.items():
        low, high = each.interval
        table.add_row(
            name, str(each.clips), _percent(each.top1), f"{100 * low:.1f} to {100 * high:.1f}",
            _percent(each.top5), _percent(each.calibration_error),
        )  # fmt: skip
    Console().print(table)
    cards = {card.name: card for _, card in map(read_card, names)}
    for name, each in reports.items():
        print(markdown_row(cards.get(name), each))
    if options.json is not None:
        config = clip_config(next(iter(cards.values())))
        about = {"dataset": config.dataset, "protocol": config.protocol, "task": config.task}
        results = {
            name: {**asdict(each), "confusion": each.confusion.tolist()} for name, each in reports.items()
        }
        _write_json(options.json, {**about, "results": results})
    if options.confusion is not None:
        from app.drawing.plots import confusion_figure

        classes = next(iter(cards.values())).classes
        best = max(reports, key=lambda name: reports[name].top1)
        figure = confusion_figure(reports[best].confusion, classes, f"{best}: {_percent(reports[best].top1)}")
        with replacing(options.confusion) as temporary:
            figure.write_html(temporary, include_plotlyjs=True)
    if options.card:
        for name, path in zip(cards, names, strict=True):
            each = reports[name]
            command = f"pose2action evaluate {name}.safetensors --data DATA"
            add_metrics(path, {"command": command, "clips": each.clips, "top1": each.top1, "top5": each.top5})


def markdown_row(card: WeightsCard | None, report: ClipReport) -> str:
    """A row of a table for README: network, stream, top-1 with its interval, top-5; no card for a fusion."""
    who = "all fused | "
    if card is not None:
        who = f"{TITLES[card.network.name]} | {' + '.join(card.preprocessing.streams)}"
    low, high = (100 * limit for limit in report.interval)
    top1, top5 = 100 * report.top1, 100 * report.top5
    return f"| {who} | {top1:.1f} ({low:.1f} to {high:.1f}) | {top5:.1f} |"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value > 1 else _percent(value)
