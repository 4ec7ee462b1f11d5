"""How fast NTU RGB+D's text is read and prepared, by one process: files that the benchmark generates.

Run as ``python -m benchmarks.prepare``; --help tells the options.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from recognizer.data.prepare import prepare
from recognizer.data.sources import SOURCES

FRAMES = 80
"""Of a clip; NTU RGB+D has about as many on average."""


def main(
    files: Annotated[int, typer.Option(min=1, help="Files of the data set.")] = 200,
    runs: Annotated[int, typer.Option(min=1, help="Times that each file is read.")] = 3,
) -> None:
    """Print megabytes of text a second, for reading alone and for the whole command with one process."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        size = write_files(raw, files)
        source = SOURCES["ntu60"](raw)
        speeds = []
        for path in source.files * runs:
            start = time.perf_counter()
            source.read(path)
            speeds.append(path.stat().st_size / 1e6 / (time.perf_counter() - start))
        print(f"{files} files of {size / files / 1e6:.2f} MB")
        print(
            f"read and prepared: {statistics.median(speeds):.1f} MB/s a core, median of {len(speeds)} files"
        )
        start = time.perf_counter()
        prepare("ntu60", raw, Path(folder) / "out", workers=1)
        taken = time.perf_counter() - start
        print(f"pose2action prepare --workers 1: {size / 1e6 / taken:.1f} MB/s, its start included")


def write_files(folder: Path, count: int) -> int:
    """Clips of one or two people, every number as long as in the real files. Returns their bytes."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(count):
        people = 1 + number % 4 // 3
        lines = [str(FRAMES)]
        numbers = rng.normal(0, 0.4, (FRAMES, people, 25, 11)) + [0, 0, 3, 250, 200, 1000, 500, 0, 0, 0, 0]
        for frame in numbers:
            lines.append(str(people))
            for person, joints in enumerate(frame):
                lines += [f"{72057594037931101 + person} 0 1 1 0 0 0 0.02764709 -0.3745946 2", "25"]
                lines += [" ".join(f"{value:.8g}" for value in joint) + " 2" for joint in joints]
        ids = (number % 17 + 1, number % 3 + 1, number % 40 + 1, number // 1000 + 1, number % 60 + 1)
        name = "S{:03d}C{:03d}P{:03d}R{:03d}A{:03d}.skeleton".format(*ids)
        (folder / name).write_text("\r\n".join(lines) + "\r\n")
    return sum(path.stat().st_size for path in folder.iterdir())


if __name__ == "__main__":
    typer.run(main)
