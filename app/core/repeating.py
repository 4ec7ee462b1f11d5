"""Which of a recogniser's actions are counted."""

from __future__ import annotations

from app.core.protocols import ActionRecognizer
from recognizer.motions import MOTIONS


def repeating(recognizer: ActionRecognizer) -> frozenset[str]:
    """The built-in actions that people do many times in a row, and all own ones."""
    # Of an OwnRecognizer: to ask for the class would import what may take seconds.
    model = getattr(recognizer, "model", None)
    return frozenset(MOTIONS) | frozenset(() if model is None else model.actions)
