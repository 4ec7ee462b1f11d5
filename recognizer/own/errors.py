"""What goes wrong with collections of own actions."""

from __future__ import annotations

from pose.errors import UserError


class CollectionError(UserError, ValueError):
    """A collection cannot be used or changed. The message is one sentence for the user."""
