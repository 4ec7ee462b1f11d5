"""``pose2action train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.endings import stopped_at_once, told_in_a_sentence
from app.cli.options import Data


@told_in_a_sentence
@stopped_at_once
def train(
    config: Annotated[
        str,
        typer.Argument(
            help="Shipped configuration such as lsta/daily, a YAML file, or own/COLLECTION: own actions."
        ),
    ],
    overrides: Annotated[list[str] | None, typer.Argument(help="Changes such as steps=100.")] = None,
    data: Data = Path("data"),
    run: Annotated[
        Path | None, typer.Option("--run", help="Folder of the run (runs/<name> by default).")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into", help="Folder for the weights (the run's by default, your data folder for own actions)."
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Only learn the first batch by heart, and keep nothing.")
    ] = False,
) -> None:
    """Train weights; stop with Ctrl-C and go on later with --resume."""
    from app.commands.train import train_weights

    train_weights(config, overrides or [], data, run, resume, into, debug)
