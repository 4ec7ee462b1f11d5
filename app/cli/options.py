"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Weights = Annotated[
    str | None,
    typer.Option("--weights", "-w", help="Name (see `pose2action weights`), file, or a fusion: a+b."),
]

SparseBackend = Annotated[
    Literal["torch", "minkowski", "auto"],
    typer.Option(help="Who computes SPA-Net's sparse convolutions; auto takes the fastest there is."),
]

Data = Annotated[Path, typer.Option("--data", help="Folder with one folder a data set.")]
