"""What ``pose2action train`` and ``pose2action evaluate`` do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from app.files import replacing
from recognizer.data.clip import DataError
from recognizer.training.clip_config import ClipConfig
from recognizer.training.config import ConfigError, load_config

if TYPE_CHECKING:
    from recognizer.sparse import Backend

NEEDS_EXTRA = "Training needs the extra packages: pip install 'pose2action[train]'."


def train_weights(
    config: str, overrides: list[str], data: Path, run: Path | None, resume: bool, into: Path | None
) -> None:
    """Trains from a configuration and prints where the weights are.

    Raises:
        ConfigError, DataError: with one sentence.
    """
    settings = load_config(config, overrides)
    try:
        from recognizer.training.fit import train
        from recognizer.training.fit_clips import train_clips
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "lightning":
            raise ConfigError(NEEDS_EXTRA) from None
        raise
    print(settings.model_dump_json(indent=2))
    fit = train_clips if isinstance(settings, ClipConfig) else train
    weights = fit(settings, data, run or Path("runs") / settings.name, resume, into)
    print(f"Weights written to {weights}")


def evaluate_weights(
    weights: str,
    data: Path,
    dataset: str | None,
    part: str | None,
    frame_rates: bool,
    output: Path | None,
    card: bool,
    sparse_backend: Backend,
) -> None:
    """Evaluates weights, prints a table and writes the figures as JSON or into the card if asked for.

    Raises:
        WeightsError, ConfigError, DataError: with one sentence.
    """
    from rich.console import Console
    from rich.table import Table

    from recognizer.training.evaluate import evaluate
    from recognizer.weights import add_metrics

    if card:
        add_metrics(weights, {})  # a fusion has no card: better told before minutes of work
    report = evaluate(weights, data, dataset, part, frame_rates, sparse_backend)
    if not report:
        raise DataError(f"There are no clips of that part in {data}.")
    table = Table("figure", *report)
    for name in dict.fromkeys(name for figures in report.values() for name in figures):
        table.add_row(name.replace("_", " "), *(_cell(figures.get(name)) for figures in report.values()))
    Console().print(table)
    if output is not None:
        with replacing(output) as temporary:
            temporary.write_text(json.dumps({"weights": weights, "results": report}, indent=2) + "\n")
    if card:
        options = [f"--{name} {value}" for name, value in (("dataset", dataset), ("part", part)) if value]
        command = ["pose2action evaluate", Path(weights).stem, "--data DATA", *options]
        add_metrics(
            weights, {"command": " ".join([*command, *["--frame-rates"] * frame_rates]), "results": report}
        )


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value > 1 else f"{100 * value:.1f} %"
