"""``pose2action export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.endings import stopped_at_once, told_in_a_sentence
from app.commands.console import printable


@told_in_a_sentence
@stopped_at_once
def export(
    weights: Annotated[str, typer.Argument(help="Name (see `pose2action weights`) or file.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; named after the weights by default.")
    ] = None,
) -> None:
    """Write a network as an ONNX file that runs without pose2action, and check that it gives the same."""
    from recognizer.export import export as write

    path = out or Path(f"{Path(weights).stem}.onnx")
    difference = write(weights, path)
    print(printable(f"{path}: its logits differ by {difference:.1g} of the largest one at most"))
