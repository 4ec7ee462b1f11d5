"""The kinds of inputs and how many of all each gets."""

from __future__ import annotations

from benchmarks.stress.pool import Kind, Limits

_TRIALS = "benchmarks.stress.trials"

KINDS = (
    Kind("videos", f"{_TRIALS}.videos:Videos", 0.2),
    Kind("people", f"{_TRIALS}.videos:People", 0.015),
    Kind("data", f"{_TRIALS}.data:Data", 0.3),
    Kind("weights", f"{_TRIALS}.weights:Weights", 0.1),
    Kind("configurations", f"{_TRIALS}.configurations:Configurations", 0.135),
    # A conversation waits up to 20 s for a place and up to 20 s for an answer.
    Kind("live", f"{_TRIALS}.live:Live", 0.05, Limits(seconds=60.0)),
    Kind("requests", f"{_TRIALS}.requests:Requests", 0.2),
)


def shares(total: int, kinds: tuple[Kind, ...] = KINDS) -> dict[str, int]:
    """How many inputs of each kind make ``total``; at least one of each."""
    whole = sum(kind.share for kind in kinds)
    return {kind.name: max(1, round(total * kind.share / whole)) for kind in kinds}
