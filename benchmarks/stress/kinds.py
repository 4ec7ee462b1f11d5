"""The kinds of inputs and how many of all each gets."""

from __future__ import annotations

from benchmarks.stress.pool import Kind, Limits

_TRIALS = "benchmarks.stress.trials"

KINDS = (
    Kind("videos", f"{_TRIALS}.videos:Videos", 0.17),
    Kind("people", f"{_TRIALS}.videos:People", 0.015),
    Kind("data", f"{_TRIALS}.data:Data", 0.2),
    Kind("weights", f"{_TRIALS}.weights:Weights", 0.085),
    Kind("graphs", f"{_TRIALS}.graphs:Graphs", 0.03),
    Kind("configurations", f"{_TRIALS}.configurations:Configurations", 0.1),
    Kind("collections", f"{_TRIALS}.collections:Collections", 0.1),
    # Of a folder, each file is read by the same process, which takes seconds to start.
    Kind("landmarks", f"{_TRIALS}.landmarks:Landmarks", 0.07, Limits(seconds=60.0)),
    # A conversation waits up to 20 s for a place and up to 20 s for an answer.
    Kind("live", f"{_TRIALS}.live:Live", 0.05, Limits(seconds=60.0)),
    Kind("events", f"{_TRIALS}.events:Events", 0.03, Limits(seconds=60.0)),
    Kind("requests", f"{_TRIALS}.requests:Requests", 0.15),
)


def shares(total: int, kinds: tuple[Kind, ...] = KINDS) -> dict[str, int]:
    """How many inputs of each kind make ``total``; at least one of each."""
    whole = sum(kind.share for kind in kinds)
    return {kind.name: max(1, round(total * kind.share / whole)) for kind in kinds}
