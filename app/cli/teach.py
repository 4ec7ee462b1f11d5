"""``pose2action teach``."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.endings import stopped_at_once, told_in_a_sentence


@told_in_a_sentence
@stopped_at_once
def teach(
    collection: Annotated[str, typer.Argument(help="Name of the collection, made if it is not there.")],
    action: Annotated[str, typer.Argument(help="The action's name; `nothing` shows what is none of them.")],
    videos: Annotated[list[str], typer.Argument(help="Video files of one person each, who does it once.")],
    start: Annotated[float, typer.Option(min=0, help="Second at which the action starts.")] = 0.0,
    end: Annotated[float | None, typer.Option(min=0, help="Second at which it ends.")] = None,
    both_sides: Annotated[
        bool, typer.Option("--both-sides", help="With the other hand or foot it is the same action.")
    ] = False,
    hands: Annotated[bool, typer.Option("--hands", help="Teach what a hand does, not a person.")] = False,
    cuts: Annotated[
        bool,
        typer.Option("--cuts", help="Each video shows it several times: cut where the person is at rest."),
    ] = False,
) -> None:
    """Teach an action of your own by showing it, best three to five times."""
    from app.commands.teach import teach as teach_action

    teach_action(collection, action, videos, start, end, both_sides, hands, cuts)
