"""How many threads recognition should have beside pose estimation: both at once, as in live use.

    python -m benchmarks.threads CLIP [--cores 2 4 8] [--threads 1 2 4] [--weights NAME] [--seconds 10]

Each row is a process of its own that may use only so many cores. Pictures of the clip come 30 times a second,
and the newest is taken, as from a camera; meanwhile windows are recognised one after the other, as fast as
they go (``together``), or five times a second, as for one person (``live``). More cores than there are cannot
be measured. ``recognizer.runtime.graph.network_threads`` is where the choice lies.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

RATE = 30.0
LIVE_WINDOWS = 5.0
DEFAULT_WEIGHTS = "kinetics-18-lsta-daily"


def measure(clip: Path, weights: str, threads: int, pause: float, seconds: float) -> dict[str, float]:
    """Milliseconds of a pose and of a window, and how many of each a second, in this process."""
    from benchmarks.networks import _window
    from pose.estimators import MediaPipePose
    from pose.sources import VideoFile
    from recognizer.runtime.graph import FastGraph
    from recognizer.weights import check

    with VideoFile(clip) as video:
        pictures = [frame.image for frame, _ in zip(video, range(60), strict=False)]
    tensors, card = check(weights)
    engine = FastGraph(tensors.with_suffix(".onnx").read_bytes(), card, threads)
    window = _window(card)
    windows: list[float] = []
    over = threading.Event()

    def recognise() -> None:
        while not over.is_set():
            began = time.perf_counter()
            engine(window)
            windows.append(time.perf_counter() - began)
            over.wait(max(0.0, pause - windows[-1]))

    poses: list[float] = []
    estimator = MediaPipePose()
    for picture in pictures[:10]:  # it must have found somebody whom it then follows
        estimator.estimate(picture, len(poses) / RATE)
        poses.append(0.0)
    poses.clear()
    recognising = threading.Thread(target=recognise)
    recognising.start()
    start = time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        number = int((now - start) * RATE)
        estimator.estimate(pictures[number % len(pictures)], 1 + now - start)
        poses.append(time.perf_counter() - now)
        time.sleep(max(0.0, start + (number + 1) / RATE - time.perf_counter()))
    took = time.perf_counter() - start
    over.set()
    recognising.join()
    estimator.close()
    return {
        "pose": 1000 * statistics.median(poses),
        "pose 95 %": 1000 * float(np.percentile(poses, 95)),
        "poses/s": len(poses) / took,
        "window": 1000 * statistics.median(windows),
        "windows/s": len(windows) / took,
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path, help="video of a person")
    parser.add_argument("--cores", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--weights", default=DEFAULT_WEIGHTS)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--only", help=argparse.SUPPRESS)  # one row, in this process
    arguments = parser.parse_args()
    if arguments.only:
        threads, pause = json.loads(arguments.only)
        print(json.dumps(measure(arguments.clip, arguments.weights, threads, pause, arguments.seconds)))
        return
    usable = sorted(os.sched_getaffinity(0))
    print(f"{arguments.weights}, {len(usable)} cores, load of the machine {os.getloadavg()[0]:.1f}")
    print(f"{'cores':>5} {'threads':>7} {'windows':>9} {'pose ms':>8} {'95 %':>6} {'poses/s':>8} "
          f"{'window ms':>9} {'windows/s':>9}")  # fmt: skip
    for cores in arguments.cores:
        if cores > len(usable):
            print(f"{cores:5} not here")
            continue
        for threads in (each for each in arguments.threads if each <= cores):
            for name, pause in (("live", 1 / LIVE_WINDOWS), ("together", 0.0)):
                command = [sys.executable, "-m", "benchmarks.threads", str(arguments.clip)]
                command += ["--weights", arguments.weights, "--seconds", str(arguments.seconds)]
                command += ["--only", json.dumps([threads, pause])]
                os.sched_setaffinity(0, usable[:cores])
                try:
                    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                finally:
                    os.sched_setaffinity(0, usable)
                row = json.loads(said.splitlines()[-1])
                print(
                    f"{cores:5} {threads:7} {name:>9} {row['pose']:8.1f} {row['pose 95 %']:6.1f} "
                    f"{row['poses/s']:8.1f} {row['window']:9.1f} {row['windows/s']:9.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
