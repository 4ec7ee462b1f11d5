"""Milliseconds a frame of pose estimation on a video file, one and two people.

Run as ``OMP_NUM_THREADS=1 python -m benchmarks.pose VIDEO``; --help tells the options.
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Annotated

import av
import cv2
import numpy as np
import typer

from pose.estimators import MediaPipePose


def main(
    video: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A video of people.")],
    frames: Annotated[int, typer.Option(min=2, help="Pictures to measure at most.")] = 300,
    width: Annotated[int, typer.Option(min=16)] = 640,
    height: Annotated[int, typer.Option(min=16)] = 480,
) -> None:
    """Print median and 95th percentile of the time a picture takes, and how many people were found."""
    with av.open(str(video)) as container:
        pictures = [
            (_fit(frame.to_ndarray(format="rgb24"), width, height), float(frame.time))
            for frame in itertools.islice(container.decode(video=0), frames)
        ]
    print(f"{video.name}, {len(pictures)} frames at {width}x{height}")
    print("          wall ms              CPU ms               frames with")
    print("persons   median  p95    mean  median  p95    mean  0/1/2 people")
    for persons in (1, 2):
        with MediaPipePose(persons) as estimator:
            wall, cpu, found = [], [], []
            for image, timestamp in pictures:
                # MediaPipe works on threads of its own: only the process's clock sees what they use.
                start, cpu_start = time.perf_counter(), time.process_time()
                found.append(len(estimator.estimate(image, timestamp)))
                wall.append(1000 * (time.perf_counter() - start))
                cpu.append(1000 * (time.process_time() - cpu_start))
        columns = "  ".join(
            f"{np.median(times):6.1f} {np.percentile(times, 95):6.1f} {np.mean(times):6.1f}"
            for times in (wall, cpu)
        )
        print(f"{persons:7d}  {columns}  {'/'.join(str(found.count(n)) for n in range(3))}")


def _fit(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture in a frame of the given size, bars where the shape differs: stretched people are others."""
    scale = min(width / image.shape[1], height / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:height, :width]
    frame = np.zeros((height, width, 3), np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return frame


if __name__ == "__main__":
    typer.run(main)
