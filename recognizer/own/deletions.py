"""What is deleted moves aside, into ``.deleted`` of the collections' folder, and can come back for a day."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from recognizer.own.errors import CollectionError
from recognizer.own.names import VIDEO, checked_name

UNDO = 24 * 3600.0
"""Seconds for which something deleted can come back."""

_DELETED = ".deleted"


@dataclass(frozen=True)
class Deleted:
    """Something that was deleted: where it lies now and where it was, under the collections' folder."""

    token: str
    place: str


def set_aside(root: Path, path: Path) -> Deleted:
    """Deletes what is at a path under the collections' folder, a recording with its video, and for good what
    was deleted long ago."""
    _forget(root)
    deleted = Deleted(f"{time.time_ns():020d}-{secrets.token_hex(4)}", path.relative_to(root).as_posix())
    aside = _aside(root, deleted.token)
    aside.parent.mkdir(parents=True, exist_ok=True)
    _move(path, aside)
    return deleted


def bring_back(root: Path, deleted: Deleted) -> None:
    """Brings something back that was deleted.

    Raises:
        CollectionError: it is gone, or something else is in its place.
    """
    source = _aside(root, deleted.token)
    parts = [checked_name(part, "folder") for part in deleted.place.split("/")]
    target = root.joinpath(*parts)
    if not source.exists():
        raise CollectionError(f"{parts[-1]!r} cannot come back: it was deleted too long ago.")
    if target.exists():
        raise CollectionError(f"{parts[-1]!r} cannot come back: there is another of this name now.")
    target.parent.mkdir(parents=True, exist_ok=True)
    _move(source, target)


def _aside(root: Path, token: str) -> Path:
    return root / _DELETED / checked_name(token, "deletion")


def _move(path: Path, target: Path) -> None:
    """Moves a folder, or a recording with its video."""
    if path.is_file() and path.with_suffix(VIDEO).is_file():
        # First: where it fails, on Windows say while somebody looks at it, nothing has moved.
        path.with_suffix(VIDEO).replace(target.with_suffix(VIDEO))
    path.rename(target)


def _forget(root: Path) -> None:
    """Deletes for good what was deleted longer ago than ``UNDO``."""
    oldest = f"{time.time_ns() - int(UNDO * 1e9):020d}"
    for path in (root / _DELETED).glob("*"):
        if path.name < oldest:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
