"""The files that ``pose2action run`` writes for one source."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

from pose.errors import UserError


class OutputError(UserError, ValueError):
    """An output cannot be written. The message is one sentence for the user."""


@dataclass(frozen=True)
class Outputs:
    """Files to write; None for those not asked for."""

    json: Path | None = None
    csv: Path | None = None
    video: Path | None = None
    skeleton: Path | None = None
    attention: Path | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) is not None for each in fields(self))

    def check(self, source: str) -> None:
        """Finds out before hours of work whether the files can be written.

        Raises:
            OutputError: a missing folder, a folder in the file's place, the source itself, one name twice.
        """
        taken = [Path(source).resolve()] if os.path.exists(source) else []
        for each in fields(self):
            path: Path | None = getattr(self, each.name)
            if path is None:
                continue
            option = f"--{each.name} {str(path)!r}"
            if not path.parent.is_dir():
                raise OutputError(f"{option}: there is no folder {str(path.parent)!r}; make it first.")
            if path.is_dir():
                raise OutputError(f"{option}: this is a folder; give the name of a file.")
            if path.resolve() in taken:
                raise OutputError(
                    f"{option}: this file is the source or another output; choose another name."
                )
            taken.append(path.resolve())

    def versions(self) -> dict[str, tuple[int, int]]:
        """Which of the files are there, and something that changes when one is written anew."""
        paths = [path for each in fields(self) if (path := getattr(self, each.name)) is not None]
        states = {str(path): path.stat() for path in paths if path.exists()}
        return {name: (state.st_ino, state.st_mtime_ns) for name, state in states.items()}
