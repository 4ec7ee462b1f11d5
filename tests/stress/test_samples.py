"""A few hundred of the inputs of ``python -m benchmarks.stress``, the same in every run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.stress.kinds import KINDS
from benchmarks.stress.pool import run_inputs
from benchmarks.stress.report import failures, table

SEED = 11
COUNTS = {
    "live": 10,
    "events": 12,
    "requests": 70,
    "people": 3,
    "data": 50,
    "collections": 30,
    "landmarks": 20,
    "weights": 20,
    "graphs": 12,
    "videos": 50,
    "configurations": 40,
}
"""The slowest to start come first."""


@pytest.mark.timeout(900)
def test_no_input_does_harm(tmp_path: Path):
    kinds = {kind.name: kind for kind in KINDS}
    assert kinds.keys() == COUNTS.keys()
    jobs = [(kinds[name], range(count)) for name, count in COUNTS.items()]
    results = run_inputs(jobs, SEED, tmp_path / "work", tmp_path / "keep", min(4, os.cpu_count() or 1))
    assert len(results) == sum(COUNTS.values())
    told = "\n".join([table(results), *failures(results, SEED)])
    assert not any(result.verdict.failed for result in results), told
    outcomes = {(result.kind, result.verdict.outcome) for result in results}
    for name in ("requests", "data", "collections", "landmarks", "weights", "videos", "configurations"):
        assert {(name, "processed"), (name, "refused")} <= outcomes, f"{name} is one-sided\n{told}"
