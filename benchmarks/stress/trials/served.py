"""Trials against a real server."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.stress.server import DemoServer
from benchmarks.stress.trials.trial import Trial
from benchmarks.stress.verdict import Verdict, failed

PATIENCE = 10.0
"""Seconds in which the server must answer anybody, whatever somebody else has just sent."""


class ServedTrial(Trial):
    """Starts the server once. After each input it must live, answer others, and have printed no traceback."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server = DemoServer(folder)

    @property
    def watched(self) -> int:
        return self.server.pid

    def talk(self, rng: np.random.Generator, folder: Path) -> Verdict:
        """Says something to the server and judges the answer."""
        raise NotImplementedError

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        verdict = self.talk(rng, folder)
        answers = self.server.answers(PATIENCE)
        if self.server.ended is not None:
            verdict = failed(f"the server ended with {self.server.ended}")
        elif not answers:
            verdict = failed(f"the server answers nobody for {PATIENCE:.0f} s; {verdict.detail}")
        elif traceback := self.server.tracebacks():
            verdict = failed(f"the server's log has: {traceback[-3000:]}; {verdict.detail}")
        if not answers:
            self.server.kill()
            self.server = DemoServer(self.folder)
        return verdict

    def close(self) -> None:
        self.server.stop()
