"""Names of collections, actions and recordings: those of folders and files on any system."""

from __future__ import annotations

import unicodedata

from pydantic import TypeAdapter, ValidationError

from recognizer.fields import FileName, shown
from recognizer.own.errors import CollectionError

CARD = "collection.json"
"""The file that lies beside the folders of a collection's actions, so that none of them can have its name."""

VIDEO = ".mp4"
"""How the name of a recording's video ends, which lies beside it."""

_LONGEST_NAME = 60
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}

_NAME: TypeAdapter[str] = TypeAdapter(FileName)


def checked_name(name: str, what: str = "action") -> str:
    """A name as folders have it.

    Args:
        name: as somebody has written it.
        what: it is of, for the sentence.

    Raises:
        CollectionError: it cannot be a folder's name everywhere.
    """
    name = unicodedata.normalize("NFC", name).strip()
    try:
        _NAME.validate_python(name)
    except ValidationError:
        fine = False
    else:
        fine = len(name) <= _LONGEST_NAME and not name.endswith(".") and len(name.encode()) <= 200
    if not fine or name.partition(".")[0].lower() in _DEVICES or name.casefold() == CARD:
        raise CollectionError(
            f"{shown(name, 60)!r} is no name for {'an' if what[0] in 'aeiou' else 'a'} {what}: take up to "
            f"{_LONGEST_NAME} letters, digits, spaces, - and _, and no path."
        )
    return name


def is_name(name: str) -> bool:
    """Whether a folder or file can be one of ours: others, whoever has put them there, are left alone."""
    try:
        return checked_name(name) == name
    except CollectionError:
        return False


def same(name: str, others: tuple[str, ...]) -> str | None:
    """The one of others that some file systems take for the same."""
    return next((other for other in others if other.casefold() == name.casefold()), None)
