"""``pose2action weights``."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.endings import stopped_at_once, told_in_a_sentence


@told_in_a_sentence
@stopped_at_once
def list_weights(
    name: Annotated[
        str | None, typer.Argument(help="Print the card of these weights: a name or a file.")
    ] = None,
) -> None:
    """List the weights that are installed and what they reach, or tell all about some."""
    from app.commands.weights import print_weights

    print_weights(name)
