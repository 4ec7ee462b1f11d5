"""``pose2action run``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from app.cli.endings import stopped_at_once, told_in_a_sentence
from app.cli.options import SparseBackend, Weights


@told_in_a_sentence
@stopped_at_once
def run(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="A video file, a camera's number (0 is the first), an address (rtsp://, http://) or "
            "landmarks that --skeleton wrote; with --out several files, or folders of them."
        ),
    ],
    weights: Weights = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write everything found as JSON.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the actions with start and end as CSV.")
    ] = None,
    video: Annotated[Path | None, typer.Option("--video", help="Write the annotated video (mp4).")] = None,
    skeleton: Annotated[Path | None, typer.Option("--skeleton", help="Write the landmarks (npz).")] = None,
    attention: Annotated[
        Path | None,
        typer.Option(
            "--attention",
            help="Write what the network looked at (npz). A row for each window: person, start, end, body; "
            "and what the network shows: joints (rows, times, joints), frames (rows, times), relations_0 ... "
            "(rows, joints, parts), regularisation (joints, joints), voxel_window, voxel_positions, "
            "voxel_frames, voxel_magnitudes, voxel_side.",
        ),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Score under which no action is named.")
    ] = None,
    own: Annotated[
        str | None, typer.Option("--own", help="Collection of your own actions (see `pose2action own list`).")
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Print a line of JSON for each change of an action or its count."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the JSON of each file; what is there is not made again."),
    ] = None,
    also: Annotated[
        str | None,
        typer.Option("--also", help="With --out: what else to write: csv,video,skeleton,attention."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="With --out: files that are read at once.")] = 1,
    shard: Annotated[
        str | None, typer.Option("--shard", help="With --out: I/N, only the Ith of N equal shares.")
    ] = None,
    sparse_backend: SparseBackend = "auto",
) -> None:
    """Name the actions in video files, or of a camera or an address until Ctrl-C."""
    from app.commands.analysing import Look
    from app.commands.outputs import OutputError, Outputs

    look, outputs = (
        Look(weights, threshold, own, sparse_backend),
        Outputs(json, csv, video, skeleton, attention),
    )
    if out is not None:
        from app.commands.many import run_many

        if outputs or follow:
            raise OutputError("--out names the files of each source itself: say what to write with --also.")
        if not run_many(sources, out, look, also, jobs, shard):
            raise typer.Exit(1)
        return
    if also or shard is not None or jobs > 1:
        raise OutputError("--also, --jobs and --shard are for many files: name a folder for them with --out.")
    if len(sources) > 1 or os.path.isdir(sources[0]):
        raise OutputError(
            "Several files, or a folder of them, need a folder for the results: name one with --out."
        )
    from app.commands.run import run_source

    run_source(sources[0], look, outputs, follow)
