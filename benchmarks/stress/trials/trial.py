"""What runs the inputs of a kind; lives in a worker process, see ``worker``."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.stress.verdict import Verdict


class Trial:
    """Makes inputs and gives them to the real code.

    Args:
        folder: for what all inputs have in common.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def watched(self) -> int:
        """The process whose memory counts."""
        return os.getpid()

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        """One input.

        Args:
            rng: decides everything about it.
            folder: empty; what is left there is kept if the input fails.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Ends what the trial has started."""
