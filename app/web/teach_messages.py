"""What a page may ask for while it teaches, see ``app.web.messages``.

    {"type": "teach-record", "collection": "mine", "action": "my move", "since": 1200.0, "until": 4200.0,
     "both_sides": false, "cuts": false,     keeps what one person did between two times of the page's clock,
     "film": false}                          cut where they were at rest, if they did it several times;
                                             with its video, if "film" was set meanwhile
    {"type": "teach-list", "collection": "mine"}                                    asks for what there is
    {"type": "teach-show", "collection": "mine", "action": "my move"}               asks for skeletons to draw
    {"type": "teach-delete", "collection": "mine", "action": "my move", "recording": "..."}   or all of it
    {"type": "teach-rename", "collection": "mine", "action": "my move", "to": "my dance"}
    {"type": "teach-sides", "collection": "mine", "action": "my move", "both_sides": true}
    {"type": "teach-undo"}                                                          the last deletion

Answers are ``taught`` (the whole collection), ``teach-shown`` and ``teach-failed`` with a sentence, see
``app.web.teaching``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(max_length=200)]
"""As somebody has written it; ``collection.checked_name`` says what is one."""
Milliseconds = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class _Teaching(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    collection: Name


class TeachRecord(_Teaching):
    """Keeps what one person did between two times of the page's clock, cut at rest or as it is, with
    its video or the landmarks alone."""

    type: Literal["teach-record"] = "teach-record"
    action: Name
    since: Milliseconds
    until: Milliseconds
    both_sides: bool | None = None
    cuts: bool = False
    film: bool = False


class TeachList(_Teaching):
    """Asks for what there is."""

    type: Literal["teach-list"] = "teach-list"


class TeachShow(_Teaching):
    """Asks for the skeletons of an action's recordings."""

    type: Literal["teach-show"] = "teach-show"
    action: Name


class TeachDelete(_Teaching):
    """Deletes a recording, or all of an action."""

    type: Literal["teach-delete"] = "teach-delete"
    action: Name
    recording: Name | None = None


class TeachRename(_Teaching):
    """Gives an action another name."""

    type: Literal["teach-rename"] = "teach-rename"
    action: Name
    to: Name


class TeachSides(_Teaching):
    """Says whether the same with the other hand or foot is the same action."""

    type: Literal["teach-sides"] = "teach-sides"
    action: Name
    both_sides: bool


class TeachUndo(_Teaching):
    """Takes the last deletion back."""

    type: Literal["teach-undo"] = "teach-undo"


TeachMessage = TeachRecord | TeachList | TeachShow | TeachDelete | TeachRename | TeachSides | TeachUndo
"""All kinds of them."""
