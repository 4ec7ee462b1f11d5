"""How long ``pose2action run`` takes for a video once the program has started, annotated video included.

    python -m benchmarks.video clip.mp4 [--weights NAME] [--runs 3] [--again]

Without a file it takes the example clip that the project draws itself. The first run is a warm-up. With
``--again`` each run has a second look, with the landmarks that were kept of the first, as another choice of
own actions or weights has in the Video tab.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from app.core.catalogue import Catalogue
from app.drawing.example_clip import write_example
from app.video.process import process_video
from pose.sources import VideoFile
from recognizer.predictor import Recognizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, help="the video; by default the example clip")
    parser.add_argument("--weights", help="name or file; by default the page's; 'untrained' for random ones")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--again", action="store_true", help="look a second time, with what is known of it")
    arguments = parser.parse_args()
    if arguments.weights == "untrained":
        recognizer = Recognizer.untrained()
    else:
        recognizer = Catalogue.shipped(arguments.weights).load(None)
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.file or write_example(Path(folder) / "example.mp4")
        with VideoFile(file) as video:
            info = video.info
        length, size = f"{info.duration or 0:.1f} s", f"{info.width}x{info.height}"
        print(f"{file.name}: {length}, {size}, {info.fps:.4g} frames a second")
        print(f"weights {recognizer.card.name}, load of the machine {os.getloadavg()[0]:.1f}")
        looks = ["first look", "second look"] if arguments.again else ["run"]
        spent: dict[str, list[float]] = {look: [] for look in looks}
        for number in range(arguments.runs + 1):
            kept = Path(folder) / f"{number}.npz" if arguments.again else None
            for look in looks:
                wall, cpu = time.perf_counter(), time.process_time()
                process_video(file, recognizer, video_out=Path(folder) / "annotated.mp4", kept=kept)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                if number:
                    spent[look].append(wall)
                    print(f"{look} {number}: {wall:.2f} s ({cpu:.2f} s of processor time)", flush=True)
        for look in looks:
            print(f"{look}, median of {arguments.runs}: {statistics.median(spent[look]):.2f} s")


if __name__ == "__main__":
    main()
