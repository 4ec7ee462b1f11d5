"""How well rows of an action are cut where the body rests, on the landmarks of clips from real cameras.

Run as ``python -m benchmarks.cuts --data DATA``. Two questions:

- Clips that hold three repetitions or more by eye (``repetitions.json``): people who rest between two, or do
  not. Right is one recording each, or a sentence that there were no rests. Nothing tells who rests, so what
  counts is how many are cut wrongly; clips that begin or end amid a repetition have fewer whole ones.
- Rows that are put together: each clip of one to six seconds in which something is done, five times, with a
  second of rest between, in which its first pose is held and trembles as MediaPipe does, and half a second to
  go back to it. Right is five recordings. Where people come back to their first pose and rest there amid the
  clip, each half is one recording, which counts as wrong here.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.counting import TRUTH
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.own.cuts import stretches
from recognizer.own.recordings import Recording

TIMES, REST, BACK = 5, 1.0, 0.5
TREMBLE = 0.003
"""Of the picture's height: standard deviation from frame to frame of a point that MediaPipe sees at rest."""
SHORTEST, LONGEST = 1.0, 6.0
FPS = 30.0


def main(data: Annotated[Path, typer.Option(help="Folder with one folder a data set.")]) -> None:
    """Print how many rows are cut rightly."""
    truth = json.loads(TRUTH.read_text(encoding="utf-8"))
    found: Counter[str] = Counter()
    rows, errors, wrong = [], [], Counter()
    rng = np.random.default_rng(0)
    for dataset in REAL_LANDMARKS:
        for name, action, clip in clips(data / dataset):
            times = truth[dataset].get(name, 0)
            if times >= 3:
                cuts = len(stretches(clip))
                kind = ("no rests" if not cuts else "exact" if cuts == times else
                        "fewer" if cuts < times else "more")  # fmt: skip
                found[kind] += 1
            whole = SHORTEST <= clip.duration <= LONGEST and clip.detected[[0, -1]].all()
            if whole and not times and not action.startswith("idle"):
                row, spans = in_a_row(clip, rng)
                cuts = stretches(row)
                rows.append(len(cuts) == TIMES)
                wrong[action] += len(cuts) != TIMES
                if rows[-1]:
                    errors += np.abs(np.array(cuts) - spans).ravel().tolist()
    print(f"clips of three repetitions and more: {dict(found)}")
    middle, high = np.percentile(errors, (50, 95))
    print(
        f"rows of {TIMES}: {np.mean(rows):.1%} of {len(rows)} are cut into {TIMES}; "
        f"a cut lies {middle:.2f} s (95 %: {high:.2f} s) beside"
    )
    print("most often wrong: " + ", ".join(f"{action} {count}" for action, count in wrong.most_common(6)))


def clips(folder: Path) -> Iterator[tuple[str, str, Recording]]:
    """Name, action and landmarks of the clips of a data set."""
    table = list(csv.DictReader((folder / "real_landmarks.csv").open(encoding="utf-8")))
    arrays = np.load(folder / "real_landmarks.npz")
    arrays = {name: arrays[name] for name in ("landmarks", "world", "time", "detected", "lengths")}
    ends = np.cumsum(arrays["lengths"])
    for line, end in zip(table, ends, strict=True):
        rows = slice(end - int(line["frames"]), end)
        size = int(line["width"]), int(line["height"])
        points = arrays["landmarks"][rows]
        seen = (points[..., 3] * arrays["detected"][rows][:, None]).clip(0, 1).astype(np.float32)
        times = (arrays["time"][rows] - arrays["time"][rows][0]).astype(np.float64)
        image = (points[..., :2] * np.array(size)).astype(np.float32)
        world = arrays["world"][rows][..., :3].astype(np.float32)
        yield (
            f"{line['index']:0>3}_{line['person_key']}",
            line["class"],
            Recording(times, image, world, seen, size),
        )


def in_a_row(clip: Recording, rng: np.random.Generator) -> tuple[Recording, np.ndarray]:
    """A clip five times with rests between, and when each begins and ends (5, 2)."""
    step = 1 / FPS
    rest, back = round(REST / step), round(BACK / step)
    rows = np.rint(np.interp(np.arange(0, clip.duration, step), clip.times, np.arange(len(clip.times))))
    chosen = rows.astype(int)
    home, last = clip.image[0], clip.image[chosen[-1]]
    share = np.linspace(0, 1, back)[:, None, None]
    once = np.concatenate([clip.image[chosen], last + share * (home - last)])
    still = np.repeat(home[None], rest, 0)
    still = still + rng.normal(0, TREMBLE * clip.frame_size[1], (TIMES + 1, *still.shape))
    image = np.concatenate([still[0], *(part for each in still[1:] for part in (once, each))])
    seen = np.concatenate([clip.visibility[chosen], np.repeat(clip.visibility[:1], back, 0)])
    rests = np.repeat(clip.visibility[:1], rest, 0)
    visibility = np.concatenate([rests, *([seen, rests] * TIMES)])
    starts = rest + np.arange(TIMES) * (len(once) + rest)
    world = np.zeros((len(image), *clip.world.shape[1:]), np.float32)
    row = replace(clip, times=np.arange(len(image)) * step, image=image.astype(np.float32), world=world,
                  visibility=visibility.astype(np.float32))  # fmt: skip
    return row, np.stack([starts, starts + len(once)], 1) * step


if __name__ == "__main__":
    typer.run(main)
