"""The program: its commands in the order in which ``--help`` lists them, and its entry point."""

from __future__ import annotations

import io
import signal
import sys
from typing import Annotated

import typer

from app import __version__
from app.cli.demo import demo
from app.cli.endings import INTERRUPTED, say
from app.cli.evaluate import evaluate
from app.cli.export import export
from app.cli.own import own
from app.cli.prepare import prepare
from app.cli.run import run
from app.cli.teach import teach
from app.cli.train import train
from app.cli.weights import list_weights

cli = typer.Typer(
    help="Names the actions of the people in front of a camera or in a video.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # with Rich, --help would take three times as long
)


def _version(asked: bool) -> None:
    if asked:
        print(f"pose2action {__version__}")
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Names the actions of the people in front of a camera or in a video."""


cli.command()(demo)
cli.command()(run)
cli.command(name="weights")(list_weights)
cli.command()(prepare)
cli.command()(train)
cli.command()(evaluate)
cli.command()(export)
cli.command()(teach)
cli.add_typer(own, name="own")


def main() -> None:
    """What ``app.__main__`` calls, the entry point of the ``pose2action`` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names and labels may have letters that a terminal lacks
            stream.reconfigure(errors="backslashreplace")
    try:
        cli()
    except SystemExit as end:
        if isinstance(getattr(end.__context__, "__cause__", None), KeyboardInterrupt):
            say("stopped; nothing was written.")  # Typer's exit: Ctrl-C came before the command
        raise
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        # All that is left is Python's own clean-up, to which Ctrl-C would only add tracebacks.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
