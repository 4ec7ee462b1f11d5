"""``pose2action prepare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.endings import stopped_at_once, told_in_a_sentence


@told_in_a_sentence
@stopped_at_once
def prepare(
    dataset: Annotated[str, typer.Argument(help="Such as ntu60, ntu120, kinetics, shrec17, utd_mhad.")],
    raw: Annotated[Path, typer.Argument(help="Folder of the data set as it is distributed.")],
    out: Annotated[Path, typer.Argument(help="Folder to make.")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read; one a processor by default.")
    ] = None,
    without: Annotated[
        Path | None, typer.Option(help="Text file of samples to leave out, such as NTU's missing skeletons.")
    ] = None,
) -> None:
    """Turn a raw data set into one that training reads from disk; call again to go on after a stop."""
    from app.commands.prepare import prepare_dataset

    prepare_dataset(dataset, raw, out, workers, without)
