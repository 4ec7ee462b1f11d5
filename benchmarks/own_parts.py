"""How well recordings of somebody teach an action to be known again in the same person.

    python -m benchmarks.own_parts --data DATA --weights HELD [--parts 6]

No data here hold many recordings of one person doing one thing that weights were never told of. So a
stand-in: Kinder-Gator's people go on with some motions for seconds, and of weights from whose training these
labels were held back (see ``benchmarks.own``), each clip of a person of the test part is cut into equal
parts. All parts but one teach, of all five motions; the one is asked, seen from another place. Parts begin in
the middle of a motion and are short (one to three seconds), which makes it harder than recordings on purpose
would be; and they are of one take, which makes it easier.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from benchmarks.own import Seen, bank_without, seen_by, together, watched
from pose.skeleton import SkeletonSequence
from recognizer.data.corpus import load_corpus
from recognizer.data.kinder_gator import read_kinder_gator
from recognizer.data.rests import acting
from recognizer.fusion import load_recognizer
from recognizer.own.collection import NOTHING
from recognizer.own.learner import Lesson, learn
from recognizer.own.teaching import lesson_of
from recognizer.predictor import WindowRecognizer
from recognizer.vocabulary import DAILY

MOTIONS = ("climb_ladder", "fly_like_bird", "jumping_jacks", "swim", "twist")


class Part(NamedTuple):
    """A part of one person's clip: which one, what it teaches, and what is answered to it."""

    action: str
    number: int
    lesson: Lesson
    seen: list[Seen]


def parts_of(clip: SkeletonSequence, count: int) -> list[SkeletonSequence]:
    """A clip in so many parts that last equally long."""
    times = clip.timestamps
    edges = np.linspace(times[0], times[-1], count + 1)
    rows = [np.flatnonzero((times >= since) & (times <= until)) for since, until in pairwise(edges)]
    return [
        SkeletonSequence(clip.joints[:, r], clip.confidence[:, r], times[r] - times[r[0]], clip.layout)
        for r in rows
    ]


def people(recognizer: WindowRecognizer, root: Path, count: int) -> dict[str, list[Part]]:
    """The parts of each person of the test part."""
    found: dict[str, list[Part]] = defaultdict(list)
    for clip in read_kinder_gator(root):
        if clip.split != "test" or clip.action not in MOTIONS:
            continue
        whole = acting(clip.sequence.resample(clip.sequence.timestamps))
        rng = np.random.default_rng(zlib.crc32(f"{clip.action} of {clip.subject}".encode()))
        for number, part in enumerate(parts_of(whole, count)):
            taught = seen_by(part, recognizer, rng)
            lesson = lesson_of(recognizer, clip.action, f"{clip.subject}{number}", taught)
            seen = watched(recognizer, seen_by(part, recognizer, rng))
            found[clip.subject].append(Part(clip.action, number, lesson, seen))
    return found


def main(
    data: Annotated[Path, typer.Option(help="Folder with one folder a data set.")],
    weights: Annotated[str, typer.Option(help="Weights from which the five motions were held back.")],
    parts: Annotated[int, typer.Option(min=2)] = 6,
) -> None:
    """Print the figures."""
    recognizer = load_recognizer(weights)
    bank = bank_without(recognizer, weights, load_corpus(data, DAILY, recognizer.layout), "kinder_gator")
    right, wrong = Counter[str](), Counter[str]()
    for rows in people(recognizer, data / "kinder_gator", parts).values():
        for number in range(parts):
            model = learn([row.lesson for row in rows if row.number != number], bank, NOTHING)
            for row in rows:
                if row.number == number:
                    found = together(model, row.seen)
                    place = len(found) - len(model.actions) + model.actions.index(row.action)
                    (right if int(found.argmax()) == place else wrong)[row.action] += 1
    count = right.total() + wrong.total()
    share = right.total() / count
    print(f"same person, {len(MOTIONS)} motions, {parts - 1} parts teach: {share:.1%} of {count}")
    for motion in MOTIONS:
        print(f"  {motion}: {right[motion]} of {right[motion] + wrong[motion]}")


if __name__ == "__main__":
    typer.run(main)
