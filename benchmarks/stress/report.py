"""The table of a stress test, and how each failed input is made again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.stress.pool import Result
from benchmarks.stress.process import MEGABYTE

_COLUMNS = ("kind", "inputs", "processed", "refused", "failed", "slowest", "highest memory")
_SHOWN = 400


def table(results: Sequence[Result]) -> str:
    """One line a kind, and one for all."""
    rows = [_COLUMNS]
    kinds = list(dict.fromkeys(result.kind for result in results))
    for name in [*kinds, "all"] if len(kinds) > 1 else kinds:
        chosen = [result for result in results if name in (result.kind, "all")]
        counts = Counter(result.verdict.outcome for result in chosen)
        rows.append(
            (
                name,
                str(len(chosen)),
                *(str(counts[outcome]) for outcome in ("processed", "refused", "failed")),
                f"{max(result.seconds for result in chosen):.1f} s",
                f"{max(result.memory for result in chosen) / MEGABYTE:.0f} MB",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def failures(results: Sequence[Result], seed: int) -> list[str]:
    """A few lines for each failed input: what was wrong, where it is kept, what makes it again."""
    return [
        f"{result.kind}:{result.index} ({result.seconds:.1f} s, {result.memory / MEGABYTE:.0f} MB): "
        f"{_short(result.verdict.detail)}\n"
        f"  kept in {result.folder}; again: python -m benchmarks.stress --only {result.kind}:{result.index} "
        f"--seed {seed}"
        for result in results
        if result.verdict.failed
    ]


def _short(detail: str) -> str:
    """The end of a traceback tells most."""
    detail = " | ".join(line.strip() for line in detail.splitlines() if line.strip())
    return detail if len(detail) <= _SHOWN else f"... {detail[-_SHOWN:]}"
