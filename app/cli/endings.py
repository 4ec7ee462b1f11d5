"""How a command ends: done, with a sentence for the user, or stopped by Ctrl-C."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TypeVar

import typer

from app.commands.console import printable
from app.commands.interrupts import interruptible
from pose.errors import UserError

Command = TypeVar("Command", bound=Callable)

INTERRUPTED = 130
_LONGEST = 2000
"""Characters of a sentence: a name that is told in it may have 100,000."""


def say(sentence: str) -> None:
    """One line to stderr, under the program's name."""
    if len(sentence) > _LONGEST:
        sentence = f"{sentence[: _LONGEST // 2]} ... {sentence[-_LONGEST // 2 :]}"
    print(printable(f"pose2action: {sentence}"), file=sys.stderr)


def told_in_a_sentence(command: Command) -> Command:
    """Errors that a user can mend become one line on stderr and exit code 1; Ctrl-C becomes 130."""

    @functools.wraps(command)
    def guarded(*args: object, **options: object) -> object:
        try:
            return command(*args, **options)
        except KeyboardInterrupt as stop:
            say(str(stop) or "stopped; nothing was written.")
            raise typer.Exit(INTERRUPTED) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            say(f"{where}{error.strerror or error}")
            raise typer.Exit(1) from None
        except UserError as error:
            say(str(error))
            raise typer.Exit(1) from None

    return guarded  # type: ignore[return-value]


def stopped_at_once(command: Command) -> Command:
    """Ctrl-C stops the command wherever it comes, be it while a native module is imported."""

    @functools.wraps(command)
    def stopped(*args: object, **options: object) -> object:
        with interruptible(insist=True) as interrupted:
            try:
                return command(*args, **options)
            except Exception:  # what native code has made of KeyboardInterrupt, ImportError say
                if interrupted.is_set():
                    raise KeyboardInterrupt from None
                raise

    return stopped  # type: ignore[return-value]
