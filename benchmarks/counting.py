"""How often repetitions are counted right, on real clips whose repetitions were counted by eye.

Run as ``python -m benchmarks.counting --data DATA``. ``repetitions.json`` holds the truth: turning points
(the bottom of a squat, the top of a curl) of which at least half of the way there and half of the way back
are in the clip. "Chosen on" are the training clips, on which ``recognizer.motions`` and
``recognizer.oscillation`` were chosen; "untouched" are the validation and test clips, which were only judged
in the end.

Beside whole clips: every second and every third frame of them; the joints in 3-D where there are any; as an
action of one's own, of which nothing is known; while the label comes a second late, as live; and clips of
Penn Action, which hold one repetition each or three turns of a rope, twelve times in a row with a pixel of
noise.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pose.layouts import KINETICS_18, NTU_25, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.counting import RepetitionCounter, count_repetitions
from recognizer.data.clip import Clip
from recognizer.data.penn_action import read_penn_action
from recognizer.data.real_landmarks import REAL_LANDMARKS, read_real_landmarks
from recognizer.vocabulary import DAILY

TRUTH = Path(__file__).with_name("repetitions.json")

NAMED = ("squat", "push_up", "jumping_jacks", "arm_curl", "sit_up", "pull_up")
"""Actions of which a figure is asked."""

AGAIN = 12


@dataclass(frozen=True)
class Counted:
    """A clip: its action, what was counted by eye and what by the program."""

    name: str
    action: str
    truth: int
    count: int


def main(
    data: Annotated[Path, typer.Option(help="Folder with one folder a data set.")],
    wrong: Annotated[bool, typer.Option(help="Also name the clips that were counted wrong.")] = False,
) -> None:
    """Print a table: clips, counted exactly, at most one off; the same for clips of three and more."""
    flat, deep = list(judged_clips(data, KINETICS_18)), list(judged_clips(data, NTU_25))
    ways: list[tuple[str, list[tuple[Clip, str, int]], Callable[[SkeletonSequence, str], int]]] = [
        ("whole clips", flat, clip_count),
        ("every second frame", flat, lambda s, label: clip_count(_thinned(s, 2), label)),
        ("every third frame", flat, lambda s, label: clip_count(_thinned(s, 3), label)),
        ("in 3-D", deep, clip_count),
        ("an action of one's own", flat, lambda s, label: clip_count(s, "an action of one's own")),
        ("live, label a second late", flat, live_count),
    ]
    for part, untouched in (("chosen on", False), ("untouched", True)):
        print(
            f"{part:32}{'clips':>6}{'exact':>8}{'one off':>9}   {'3 and more':>10}{'exact':>8}{'one off':>9}"
        )
        for title, clips, count in ways:
            rows = [
                Counted(clip.name, label, truth, count(clip.sequence, label))
                for clip, label, truth in clips
                if (clip.split != "train") == untouched
            ]
            print(_line(title, rows))
            if title == "whole clips":
                print(_line("  of the six asked for", [row for row in rows if row.action in NAMED]))
                by_action: dict[str, list[Counted]] = defaultdict(list)
                for row in rows:
                    by_action[row.action].append(row)
                for action, some in sorted(by_action.items()):
                    print(_line(f"  {action}", some))
            if wrong:
                for row in rows:
                    if row.count != row.truth:
                        print(f"    {row.name}, {row.action}: {row.count}, by eye {row.truth}")
        print(_line("twelve times in a row", list(_again(flat, untouched))))


def judged_clips(data: Path, layout: SkeletonLayout) -> Iterator[tuple[Clip, str, int]]:
    """Clips with their label and their count by eye. Penn Action is 2-D only."""
    truth: dict[str, dict[str, int]] = json.loads(TRUTH.read_text(encoding="utf-8"))
    clips = [clip for name in REAL_LANDMARKS for clip in read_real_landmarks(data / name, layout, name)]
    if layout is KINETICS_18:
        clips += read_penn_action(data / "penn_action")
    for clip in clips:
        count = truth[clip.dataset].get(clip.name)
        if count is not None:
            yield clip, DAILY.sources[clip.dataset][clip.action], count


def clip_count(sequence: SkeletonSequence, label: str) -> int:
    """Repetitions in a whole clip."""
    s = sequence
    return count_repetitions(s.timestamps, s.joints[0], s.confidence[0], s.layout, label).count


def live_count(sequence: SkeletonSequence, label: str) -> int:
    """The same, frame by frame, with a label that comes after a second (in clips under two, in their middle)
    and ends with the clip."""
    counter = RepetitionCounter(sequence.layout)
    late = min(1.0, sequence.duration / 2)
    for time, joints, sure in zip(
        sequence.timestamps, sequence.joints[0], sequence.confidence[0], strict=True
    ):
        seen = bool(sure.any())
        counter.update(
            time, joints if seen else None, sure if seen else None, label if time >= late else None
        )
    counter.finish()
    return counter.finished[-1].count if counter.finished else 0


def _thinned(sequence: SkeletonSequence, step: int) -> SkeletonSequence:
    s = sequence
    return SkeletonSequence(s.joints[:, ::step], s.confidence[:, ::step], s.timestamps[::step], s.layout)


def _again(clips: list[tuple[Clip, str, int]], untouched: bool) -> Iterator[Counted]:
    rng = np.random.default_rng(0)
    for clip, label, truth in clips:
        if clip.dataset != "penn_action" or (clip.split != "train") != untouched:
            continue
        s = clip.sequence
        joints, confidence = np.tile(s.joints, (1, AGAIN, 1, 1)), np.tile(s.confidence, (1, AGAIN, 1))
        joints = joints + rng.normal(0, 1, joints.shape)
        times = np.arange(joints.shape[1]) * s.duration / (len(s.timestamps) - 1)
        yield Counted(
            clip.name,
            label,
            truth * AGAIN,
            clip_count(SkeletonSequence(joints, confidence, times, s.layout), label),
        )


def _line(title: str, rows: list[Counted]) -> str:
    def figures(some: list[Counted]) -> str:
        if not some:
            return f"{'-':>8}{'-':>9}"
        off = np.array([abs(row.count - row.truth) for row in some])
        return f"{(off == 0).mean():8.1%}{(off <= 1).mean():9.1%}"

    many = [row for row in rows if row.truth >= 3]
    return f"{title:32}{len(rows):6}{figures(rows)}   {len(many):10}{figures(many)}"


if __name__ == "__main__":
    typer.run(main)
