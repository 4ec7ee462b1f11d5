"""What decides the outcome of a training on own actions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from recognizer.fields import NameOrPath
from recognizer.weights import DEFAULT


class OwnConfig(BaseModel):
    """Everything but the recordings.

    Attributes:
        start_from: weights, by name or path, that learn the actions beside their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_from: NameOrPath = DEFAULT
