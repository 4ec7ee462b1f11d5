"""Own actions beside those of the weights that somebody has chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recognizer.choice import parse_choice
from recognizer.own.collection import Collections
from recognizer.weights import DEFAULT

if TYPE_CHECKING:  # importing it takes seconds (torch)
    from recognizer.predictor import WindowRecognizer


def load_with_own(
    recognizer: WindowRecognizer, weights: str | None, collection: str, home: Collections | None = None
) -> WindowRecognizer:
    """A recogniser that knows a collection's actions beside its own.

    Args:
        recognizer: of the weights.
        weights: as somebody has chosen them, see ``parse_choice``; None are the default ones.
        collection: its name.
        home: where collections are; None takes the user's folder.

    Raises:
        CollectionError, OwnError: one sentence: no such collection, nothing in it, or weights that cannot.
    """
    from recognizer.own.teaching import with_own

    found = (Collections() if home is None else home).open(collection)
    return with_own(recognizer, parse_choice(DEFAULT if weights is None else weights).names, found)
