"""How well a few recordings of somebody teach an action to be known again in the same person.

    python -m benchmarks.own_trials --data DATA --weights HELD [--part test] [--ways 5]

UTD-MHAD's people do each of 27 things four times. Of weights from whose training labels were held back
(``held_back`` of their configuration) those things are own actions, which nobody showed the network; the
people of ``--part`` (test, or val, on which the classifier was looked at) trained nothing either. Of one
person, ``--ways`` actions drawn by lot are taught by three trials each, and the fourth is asked, each in its
turn, seen from another place nearly before the person. The bank of other actions holds no UTD-MHAD. An answer
counts as right where the own action is the best of *all* labels, own and built-in (in brackets: among the own
ones).
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from benchmarks.own import Seen, bank_without, seen_by, together, watched
from recognizer.data.corpus import Example, load_corpus
from recognizer.fusion import load_recognizer
from recognizer.own.collection import NOTHING
from recognizer.own.learner import Lesson, learn
from recognizer.own.teaching import lesson_of
from recognizer.predictor import WindowRecognizer
from recognizer.vocabulary import DAILY

DATASET = "utd_mhad"


class Trial(NamedTuple):
    """One of the times that somebody did something: what it teaches, and what is answered to it."""

    lesson: Lesson
    seen: list[Seen]


def trials_of(
    recognizer: WindowRecognizer, examples: list[Example], part: str
) -> dict[str, dict[str, list[Trial]]]:
    """By person and action, those that the weights were never told of."""
    found: dict[str, dict[str, list[Trial]]] = defaultdict(lambda: defaultdict(list))
    for example in examples:
        clip = example.clip
        labels = {DAILY.labels[target] for target in example.targets}
        if clip.dataset != DATASET or example.part != part or labels & {*recognizer.classes, "idle"}:
            continue
        rng = np.random.default_rng(zlib.crc32(clip.name.encode()))
        taught, asked = (seen_by(clip.sequence, recognizer, rng) for _ in range(2))
        lesson = lesson_of(recognizer, clip.action, clip.name, taught)
        found[clip.subject][clip.action].append(Trial(lesson, watched(recognizer, asked)))
    return found


def main(
    data: Annotated[Path, typer.Option(help="Folder with one folder a data set.")],
    weights: Annotated[str, typer.Option(help="Weights from which labels were held back.")],
    part: Annotated[str, typer.Option(help="Whose people: test or val.")] = "val",
    ways: Annotated[int, typer.Option(min=1)] = 5,
    episodes: Annotated[int, typer.Option(min=1, help="Choices of actions for each person.")] = 20,
) -> None:
    """Print the figures."""
    recognizer = load_recognizer(weights)
    examples = load_corpus(data, DAILY, recognizer.layout)
    bank = bank_without(recognizer, weights, examples, DATASET)
    people = trials_of(recognizer, examples, part)
    if not people:
        raise typer.BadParameter(
            f"{weights} knows all that the people of {part} do: give such as were held back."
        )
    asked, right, closed = Counter[str](), Counter[str](), Counter[str]()
    taken_for: Counter[tuple[str, str]] = Counter()
    rng = np.random.default_rng(0)
    for motions in people.values():
        for _ in range(episodes):
            actions = [str(each) for each in rng.permutation(sorted(motions))[:ways]]
            for number in range(max(len(motions[action]) for action in actions)):
                others = [t for a in actions for n, t in enumerate(motions[a]) if n != number]
                model = learn([trial.lesson for trial in others], bank, NOTHING)
                names = [*recognizer.classes, *model.actions]
                for action in actions:
                    if number >= len(motions[action]):
                        continue
                    found = together(model, motions[action][number].seen)
                    answer = names[int(found.argmax())]
                    own = model.actions[int(found[len(recognizer.classes) :].argmax())]
                    asked[action] += 1
                    right[action] += answer == action
                    closed[action] += own == action
                    taken_for[action, answer] += answer != action
    count = asked.total()
    print(
        f"the same person, {len(people)} {part} people, {ways} of {len(asked)} actions, three recordings: "
        f"{right.total() / count:.1%} ({closed.total() / count:.1%}) of {count}"
    )
    for action in sorted(asked, key=lambda each: right[each] / asked[each]):
        wrong = [(n, b) for (a, b), n in taken_for.items() if a == action and n]
        others = ", ".join(f"{b} {n}" for n, b in sorted(wrong, reverse=True)[:4])
        print(f"  {action}: {right[action]} of {asked[action]}; taken for {others or 'nothing else'}")


if __name__ == "__main__":
    typer.run(main)
