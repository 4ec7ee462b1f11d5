"""What all errors that a user can mend have in common."""

from __future__ import annotations


class UserError(Exception):
    """Something that a user can mend. The message is one sentence that says what is wrong and what to do."""
