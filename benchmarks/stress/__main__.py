"""Gives the program thousands of bad inputs, uses it for hours, or kills it a hundred times; counts failures.

    python -m benchmarks.stress [--inputs 10000] [--kinds videos,live] [--seed 7] [--only videos:123]
    python -m benchmarks.stress --soak MINUTES [--tabs 2] [--fps 8]
    python -m benchmarks.stress --kills 100

Linux alone. Everything is made from the seed; what fails is kept in --keep with the command that makes it
again. The exit code is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks.stress.kinds import KINDS, shares
from benchmarks.stress.pool import Kind, Result, run_inputs
from benchmarks.stress.report import failures, table
from pose.files import temporary_folder

DEFAULT_INPUTS = 10_000


def main() -> int:
    """Runs what is asked for; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stress",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--inputs", type=int, default=DEFAULT_INPUTS, help="how many, of all kinds")
    what.add_argument("--only", metavar="KIND:INDEX", help="one input alone")
    what.add_argument("--soak", type=float, metavar="MINUTES", help="use one server for so long")
    what.add_argument("--kills", type=int, metavar="COUNT", help="kill commands so often, at random times")
    parser.add_argument("--kinds", help=f"of {', '.join(kind.name for kind in KINDS)}; all by default")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--tabs", type=int, default=2, help="tabs that show a film during --soak")
    parser.add_argument("--fps", type=float, default=8.0, help="pictures a second of each")
    parser.add_argument("--keep", type=Path, default=Path("stress-failures"), help="folder for what fails")
    arguments = parser.parse_args()
    with temporary_folder("pose2action-stress-") as folder:
        if arguments.soak is not None:
            return _soak(arguments, folder)
        if arguments.kills is not None:
            return _kills(arguments, folder)
        return _inputs(arguments, _jobs(parser, arguments), folder)


def _jobs(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> list[tuple[Kind, range]]:
    """Which inputs are asked for."""
    names = {kind.name: kind for kind in KINDS}
    wanted = arguments.kinds.split(",") if arguments.kinds else list(names)
    if arguments.only:
        name, _, index = arguments.only.partition(":")
        if name not in names or not index.isdigit():
            parser.error(f"--only {arguments.only}: give a kind and a number, such as videos:123")
        return [(names[name], range(int(index), int(index) + 1))]
    if unknown := set(wanted) - names.keys():
        parser.error(f"--kinds: there is no {', '.join(sorted(unknown))}")
    chosen = tuple(kind for kind in KINDS if kind.name in wanted)
    counts = shares(arguments.inputs, chosen)
    return [(kind, range(counts[kind.name])) for kind in chosen]


def _inputs(arguments: argparse.Namespace, jobs: list[tuple[Kind, range]], folder: Path) -> int:
    total = sum(len(indices) for _, indices in jobs)
    began, done = time.monotonic(), 0

    def progress(result: Result) -> None:
        nonlocal done
        done += 1
        if result.verdict.failed:
            print(f"FAILED {failures([result], arguments.seed)[0]}", flush=True)
        elif total == 1:
            print(f"{result.verdict.outcome}: {result.verdict.detail}")
        if done % max(1, total // 20) == 0:
            print(f"{done} of {total} inputs after {time.monotonic() - began:.0f} s", flush=True)

    results = run_inputs(jobs, arguments.seed, folder, arguments.keep, arguments.workers, progress)
    print(table(results))
    return int(any(result.verdict.failed for result in results))


def _soak(arguments: argparse.Namespace, folder: Path) -> int:
    from benchmarks.stress.soak import soak

    arguments.keep.mkdir(parents=True, exist_ok=True)
    faults = soak(arguments.soak, arguments.tabs, arguments.fps, folder)
    for name in ("samples.csv", "server.log"):
        (arguments.keep / name).write_bytes((folder / name).read_bytes())
    return _tell(faults)


def _kills(arguments: argparse.Namespace, folder: Path) -> int:
    from benchmarks.stress.kills import kills

    return _tell(kills(arguments.kills, arguments.seed, folder))


def _tell(faults: list[str]) -> int:
    for fault in faults:
        print(f"FAILED: {fault}")
    print(f"{len(faults)} faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
