"""What goes wrong in training and can be mended by whoever started it."""

from __future__ import annotations

from pose.errors import UserError


class ConfigError(UserError, ValueError):
    """A configuration cannot be used. The message is one sentence."""
