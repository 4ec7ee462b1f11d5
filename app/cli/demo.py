"""``pose2action demo``."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.endings import told_in_a_sentence
from app.cli.options import SparseBackend, Weights


@told_in_a_sentence
def demo(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for the network, whom a token lets in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 7860,
    weights: Weights = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Another name of this machine that the page is opened by.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="Another origin that may ask for it: https://demo.example.org.")
    ] = None,
    max_upload: Annotated[int, typer.Option(min=1, help="Megabytes of an uploaded video, at most.")] = 500,
    events: Annotated[
        bool, typer.Option("--events", help="Let your own programs listen at /events (see docs/events.md).")
    ] = False,
    sparse_backend: SparseBackend = "auto",
) -> None:
    """Serve the page with the live camera and the video analysis until Ctrl-C."""
    from app.commands.demo import launch

    launch(
        host,
        port,
        weights,
        sparse_backend=sparse_backend,
        allow_hosts=allow_host or (),
        allow_origins=allow_origin or (),
        max_upload=max_upload,
        events=events,
    )
