"""Gives the program thousands of bad inputs, uses it for hours, or kills it a hundred times; counts failures.

    python -m benchmarks.stress [--inputs 10000] [--kinds videos,live] [--seed 7] [--only videos:123]
    python -m benchmarks.stress --soak MINUTES [--tabs 2] [--fps 8]
    python -m benchmarks.stress --kills 100

Linux alone. Everything is made from the seed; what fails is kept in --keep with the command that makes it
again. The exit code is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Runs what is asked for; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stress",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--soak", type=float, metavar="MINUTES", help="use one server for so long")
    parser.add_argument("--tabs", type=int, default=2, help="tabs that show a film during --soak")
    parser.add_argument("--fps", type=float, default=8.0, help="pictures a second of each")
    parser.add_argument("--keep", type=Path, default=Path("stress-failures"), help="folder for what fails")
    arguments = parser.parse_args()
    if arguments.soak is not None:
        return _soak(arguments)
    parser.error("choose what to do")


def _soak(arguments: argparse.Namespace) -> int:
    from benchmarks.stress.soak import soak

    arguments.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pose2action-stress-") as folder:
        faults = soak(arguments.soak, arguments.tabs, arguments.fps, Path(folder))
        for name in ("samples.csv", "server.log"):
            (arguments.keep / name).write_bytes((Path(folder) / name).read_bytes())
    return _tell(faults)


def _tell(faults: list[str]) -> int:
    for fault in faults:
        print(f"FAILED: {fault}")
    print(f"{len(faults)} faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
