"""``pose2action own`` and the commands under it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.endings import stopped_at_once, told_in_a_sentence
from app.cli.options import Data

own = typer.Typer(
    help="List, show, export, import or delete what you have taught.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CollectionName = Annotated[str, typer.Argument(help="Name of the collection.")]


@own.command(name="list")
@told_in_a_sentence
@stopped_at_once
def own_list() -> None:
    """List the collections and their actions."""
    from app.commands.own import list_collections

    list_collections()


@own.command(name="show")
@told_in_a_sentence
@stopped_at_once
def own_show(collection: CollectionName) -> None:
    """List the recordings of a collection."""
    from app.commands.own import show_collection

    show_collection(collection)


@own.command(name="export")
@told_in_a_sentence
@stopped_at_once
def own_export(
    collection: CollectionName,
    out: Annotated[Path | None, typer.Option("--out", help="Zip to write; COLLECTION.zip here.")] = None,
) -> None:
    """Write a collection as one zip, without the videos of its recordings."""
    from app.commands.own import export_to

    export_to(collection, out)


@own.command(name="import")
@told_in_a_sentence
@stopped_at_once
def own_import(
    path: Annotated[Path, typer.Argument(help="Zip that `own export` wrote.")],
    name: Annotated[str | None, typer.Option("--name", help="Another name for the collection.")] = None,
) -> None:
    """Make a collection of a zip."""
    from app.commands.own import import_from

    import_from(path, name)


@own.command(name="delete")
@told_in_a_sentence
@stopped_at_once
def own_delete(
    collection: CollectionName,
    action: Annotated[str | None, typer.Argument(help="Only this action.")] = None,
    recording: Annotated[str | None, typer.Argument(help="Only this recording of it.")] = None,
) -> None:
    """Delete a collection, an action or a recording; for a day it can be had back."""
    from app.commands.own import delete_from

    delete_from(collection, action, recording)


@own.command(name="bank")
@told_in_a_sentence
@stopped_at_once
def own_bank(
    weights: Annotated[str, typer.Argument(help="Name (see `pose2action weights`) or file.")],
    data: Data = Path("data"),
) -> None:
    """Write, beside weights, embeddings of other actions, from which own ones are told."""
    from app.commands.own import make_bank

    make_bank(weights, data)
