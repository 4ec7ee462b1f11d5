"""Which clips of how many people, from which kind of source, teach, validate and test every action.

Run as ``python -m benchmarks.actions --data DATA > docs/actions.md``. People are counted where a data set
tells who acts: Penn Action and JHMDB do not, and stand with their clips alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from pose.layouts import KINETICS_18
from recognizer.data.corpus import Example, load_corpus
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.vocabulary import DAILY, UNKNOWN

CAMERA, VIDEO, DEPTH = "camera", "annotated video", "depth sensor"
KINDS = {**dict.fromkeys(REAL_LANDMARKS, CAMERA), "penn_action": VIDEO, "jhmdb": VIDEO}


def main(data: Annotated[Path, typer.Option(help="Folder with one folder a data set.")]) -> None:
    """Print a table in Markdown."""
    by_label: dict[str, dict[tuple[str, str], list[Example]]] = defaultdict(lambda: defaultdict(list))
    for example in load_corpus(data, DAILY, KINETICS_18):
        if example.clip.dataset == "rest":
            continue
        labels = [DAILY.labels[index] for index in example.targets] if not example.unknown else [UNKNOWN]
        kind = KINDS.get(example.clip.dataset, DEPTH)
        for label in labels:
            by_label[label][example.part, kind].append(example)
    print("# What teaches, validates and tests every action\n")
    print("Clips / people, by kind of source (`python -m benchmarks.actions --data DATA`). A clip that may")
    print(
        "be one of several actions counts for each. *camera*: landmarks of MediaPipe and others; *annotated"
    )
    print("video*: joints drawn by hand; *depth sensor*: Kinect, seen from random views.\n")
    columns = [(part, kind) for part in ("train", "val", "test") for kind in (CAMERA, VIDEO, DEPTH)]
    columns = [c for c in columns if any(c in cells for cells in by_label.values())]
    print("| action | " + " | ".join(f"{part}: {kind}" for part, kind in columns) + " |")
    print("|---|" + "--:|" * len(columns))
    for label in (*DAILY.labels, UNKNOWN):
        cells = [_cell(by_label[label].get(column, ())) for column in columns]
        print(f"| {label} | " + " | ".join(cells) + " |")


def _cell(examples: Iterable[Example]) -> str:
    found = list(examples)
    people = {(e.clip.dataset, e.clip.subject) for e in found if e.clip.subject}
    return "" if not found else f"{len(found)} / {len(people)}" if people else str(len(found))


if __name__ == "__main__":
    typer.run(main)
