"""What the configurations of all trainings have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from recognizer.fields import Threads


class RunConfig(BaseModel):
    """Of any run.

    Attributes:
        threads: of PyTorch; None leaves that to it.
        seed: of everything that is drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threads: Threads | None = None
    seed: int = Field(1, ge=0, lt=2**16)
