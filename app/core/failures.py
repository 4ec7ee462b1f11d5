"""Sentences for the page about what went wrong."""

from __future__ import annotations

import logging

from pose.errors import UserError

log = logging.getLogger(__name__)


def explain(error: BaseException, otherwise: str) -> str:
    """One sentence about an error.

    Args:
        error: what was raised. One whose message is not written for users goes to the log, with its trace.
        otherwise: what to say about such a one.
    """
    if isinstance(error, UserError):
        return str(error)
    log.error("told to the user as: %s", otherwise, exc_info=error)
    if isinstance(error, OSError) and error.strerror:
        return f"The results could not be written: {error.strerror}."
    return otherwise
