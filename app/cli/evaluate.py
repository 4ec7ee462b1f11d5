"""``pose2action evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.endings import stopped_at_once, told_in_a_sentence
from app.cli.options import SparseBackend


@told_in_a_sentence
@stopped_at_once
def evaluate(
    weights: Annotated[
        list[str] | None, typer.Argument(help="Name (see `pose2action weights`), file, or a fusion: a+b.")
    ] = None,
    data: Annotated[
        Path, typer.Option("--data", help="Folder with one folder a data set, or a prepared data set.")
    ] = Path("data"),
    dataset: Annotated[str | None, typer.Option("--dataset", help="Only this data set.")] = None,
    part: Annotated[
        str | None, typer.Option("--part", help="test or val; val for the real camera clips by default.")
    ] = None,
    frame_rates: Annotated[
        bool, typer.Option("--frame-rates", help="Also compare the labels at 30, 15 and 10 fps.")
    ] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="Join clips to long streams and judge what live use would show.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="With --stream: write delay against false labels (png).")
    ] = None,
    window: Annotated[
        float | None,
        typer.Option(min=0.5, max=10, help="With --stream: seconds of a window, where not the weights'."),
    ] = None,
    fuse: Annotated[
        bool, typer.Option("--fuse", help="On a prepared data set: also all weights together.")
    ] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Write the figures as JSON.")] = None,
    confusion: Annotated[
        Path | None, typer.Option("--confusion", help="Write the best one's confusion matrix (html).")
    ] = None,
    card: Annotated[bool, typer.Option("--card", help="Write the figures into the weights' cards.")] = False,
    sparse_backend: SparseBackend = "auto",
) -> None:
    """Report accuracy, of the default weights if none are named, on clips that were not trained on."""
    from app.commands.evaluate import Options, evaluate_weights
    from recognizer.weights import DEFAULT

    options = Options(dataset, part, frame_rates, stream, plot, window, fuse, json, confusion, card)
    evaluate_weights(weights or [DEFAULT], data, options, sparse_backend)
