"""Trials with a fault in them, each of another kind, that the harness must notice."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.stress.inputs.datasets import READ
from benchmarks.stress.process import MEGABYTE
from benchmarks.stress.trials.trial import Trial
from benchmarks.stress.verdict import PROCESSED, Verdict, of_error
from pose.errors import UserError


class Sound(Trial):
    """Takes every second input and refuses the others."""

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        (folder / "input.txt").write_text(str(rng.integers(1000)))
        try:
            if rng.random() < 0.5:
                raise UserError("This file is damaged; copy it again.")
        except UserError as error:
            return of_error(error)
        return PROCESSED


class Raises(Trial):
    """A reader that raises what no user can read."""

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        (folder / "input.txt").write_text("x")
        return {}["no such key"]


class Hangs(Trial):
    """A reader that never ends."""

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        (folder / "input.txt").write_text("x")
        while True:
            time.sleep(1)


class Allocates(Trial):
    """A reader that takes more and more memory."""

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        taken = []
        while True:
            taken.append(np.ones(20 * MEGABYTE, np.uint8))
            time.sleep(0.01)


class Gulps(Trial):
    """A reader that takes much memory for a moment only, between two looks at it."""

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        np.ones(400 * MEGABYTE, np.uint8)
        return PROCESSED


class Aborts(Trial):
    """A reader whose library ends the process."""

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        if rng.random() < 0.5:
            os.abort()
        return PROCESSED


class _Reads(Trial):
    """The real trial of a reader, with a planted one."""

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        from benchmarks.stress.trials import data

        name = next(iter(READ))
        data.READ, data.READERS = {name: READ[name]}, {name: self.planted}
        return data.read(rng, folder)

    def planted(self, folder: Path) -> Iterator:
        raise NotImplementedError


class _Clip:
    def __init__(self, number: float, sure: float = 1.0) -> None:
        self.name = "planted"
        self.sequence = self
        self.joints = np.full((1, 2, 18, 2), number, np.float32)
        self.confidence = np.full((1, 2, 18), sure, np.float32)


class GivesNaN(_Reads):
    """A reader that takes what is no number."""

    def planted(self, folder: Path) -> Iterator:
        yield _Clip(float("nan"))


class GivesHugeNumbers(_Reads):
    """A reader that takes what no body can have."""

    def planted(self, folder: Path) -> Iterator:
        yield _Clip(1e30)


class GivesNegativeConfidences(_Reads):
    """A reader that takes confidences which are none."""

    def planted(self, folder: Path) -> Iterator:
        yield _Clip(1.0, sure=-1.0)


class RaisesInAReader(_Reads):
    """A reader whose error is not written for users."""

    def planted(self, folder: Path) -> Iterator:
        raise KeyError("world_0")
