"""What a collection's own file says of its actions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pose.files import replacing
from recognizer.fields import FileName, fault
from recognizer.own.errors import CollectionError
from recognizer.own.names import CARD
from recognizer.plain_files import read_plain

MOST_ACTIONS = 100
"""Of a collection."""

_MOST_BYTES = 2**20


class OwnAction(BaseModel):
    """What a collection's file says of an action.

    Attributes:
        both_sides: the same done with the other hand or foot is the same action.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    both_sides: bool = False


class _Card(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Annotated[int, Field(ge=1, le=1)] = 1
    actions: Annotated[dict[FileName, OwnAction], Field(max_length=MOST_ACTIONS)] = {}


def read_card(folder: Path) -> dict[str, OwnAction]:
    """What the file in a collection's folder says, by action; nothing where there is no file.

    Raises:
        CollectionError: it is damaged.
        OSError: it cannot be read.
    """
    path = folder / CARD
    if not path.exists():
        return {}
    try:
        return _Card.model_validate_json(read_plain(path, _MOST_BYTES)).actions
    except ValidationError as error:
        raise CollectionError(f"{path} is damaged: {fault(error)}; delete it to go on.") from None


def write_card(folder: Path, actions: Mapping[str, OwnAction]) -> None:
    """Writes the file, whole or not at all, of those actions that are there.

    Raises:
        OSError: the disk is full, say.
    """
    card = _Card(actions={name: each for name, each in actions.items() if (folder / name).is_dir()})
    with replacing(folder / CARD) as temporary:
        temporary.write_text(json.dumps(card.model_dump(), indent=2, ensure_ascii=False) + "\n", "utf-8")
