"""How well a few recordings teach an action that the weights were never told of.

    python -m benchmarks.own --data DATA [--weights WEIGHTS] [--part val]

Own actions are motions of Kinder-Gator that are no label of the weights; of weights from whose training
labels were held back (``held_back`` of their configuration), those alone, which nobody showed the network.
The people are parted as everywhere: those of ``--part`` (test, or val, on which the classifier's settings
were chosen) teach and are recognised, and trained nothing. The default weights have seen such motions of
*other* people, as examples of "none of the labels"; of weights without Kinder-Gator among their data, such
as ``kinetics-18-dualhead-daily``, and of motions that were held back, ``--part all`` takes everybody. Of each
motion and person there is one clip: so three recordings are those of three other people. That the same person
is recognised again is measured on webcam clips of one person's signs, a few of each: all others teach, each
is asked in its turn.

Clips are seen from nearly the front, teaching and asking from different places. The bank of other actions
holds no Kinder-Gator. An answer counts as right where the own action is the best of *all* labels, own and
built-in (in brackets: among the own ones). Footage is watched as a live camera's: every fourth of a second,
smoothed, at the weights' threshold.
"""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from pose.layouts import LAYOUTS
from pose.skeleton import SkeletonSequence
from recognizer.choice import parse_choice
from recognizer.data.corpus import Example, load_corpus
from recognizer.data.files import read_text
from recognizer.data.kinder_gator import read_kinder_gator
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.data.rests import acting
from recognizer.data.views import project_to_kinetics18, rotation
from recognizer.fusion import load_recognizer
from recognizer.own.bank import Bank, choose_windows
from recognizer.own.collection import NOTHING
from recognizer.own.learner import OwnModel, learn
from recognizer.own.motion import motion_of
from recognizer.own.recognizer import OwnRecognizer, embeddings_of
from recognizer.own.teaching import lesson_of
from recognizer.own.variants import windows_of
from recognizer.prediction import Prediction
from recognizer.predictor import WindowRecognizer
from recognizer.smoothing import LIVE, LabelSmoother
from recognizer.vocabulary import DAILY
from recognizer.weights import DEFAULT, read_card
from recognizer.windows import GLIMPSE, window_times


class Seen(NamedTuple):
    """What own actions are told by, of one window: the network's answer and the motion of the joints."""

    answer: Prediction
    motion: np.ndarray


def main(
    data: Annotated[Path, typer.Option(help="Folder with one folder a data set.")],
    weights: Annotated[str, typer.Option(help="Name, path or a fusion.")] = DEFAULT,
    part: Annotated[str, typer.Option(help="Whose people: test, val or all.")] = "val",
    episodes: Annotated[int, typer.Option(min=1, help="Choices of actions and teachers.")] = 60,
) -> None:
    """Print the figures."""
    recognizer = load_recognizer(weights)
    examples = load_corpus(data, DAILY, recognizer.layout)
    bank = bank_without(recognizer, weights, examples, "kinder_gator")
    motions = own_motions(recognizer, data / "kinder_gator", part)
    print(f"{recognizer.card.name}: {len(motions)} motions of {part} people: {', '.join(motions)}")
    for ways, shots in ((5, 3), (10, 1), (5, 1)):
        figures = another_person(motions, bank, ways, shots, episodes)
        print(f"{ways} ways, {shots} recordings of others: {figures}")
    same_person(recognizer, data / REAL_LANDMARKS[1], examples, bank)
    footage = [e for e in examples if e.part == "val" and e.clip.dataset in REAL_LANDMARKS]
    beside(recognizer, motions, bank, footage, episodes // 4)
    cost(recognizer, motions, bank)


def watched(recognizer: WindowRecognizer, clip: SkeletonSequence, live: bool = False) -> list[Seen]:
    """A clip's windows, and with ``live`` their newest parts, as a recogniser sees them."""
    windows = windows_of(clip, recognizer.window_seconds, recognizer.frames)
    if live:
        part = GLIMPSE * recognizer.window_seconds
        times = (window_times(each.timestamps[-1], part, recognizer.frames) for each in windows)
        answers = recognizer.predict_live(windows, [clip.resample(each) for each in times])
    else:
        answers = recognizer.predict(windows)
    return [Seen(*each) for each in zip(answers, motion_of(windows), strict=True)]


class Motion:
    """One person's clip of an own action: what it teaches, and what is answered to it from elsewhere."""

    def __init__(
        self, recognizer: WindowRecognizer, action: str, person: str, clip: SkeletonSequence
    ) -> None:
        rng = np.random.default_rng(zlib.crc32(f"{action} of {person}".encode()))
        self.person = person
        taught, asked = (seen_by(clip, recognizer, rng) for _ in range(2))
        self.lesson = lesson_of(recognizer, action, person, taught)
        self.seen = watched(recognizer, asked)


def seen_by(
    clip: SkeletonSequence, recognizer: WindowRecognizer, rng: np.random.Generator
) -> SkeletonSequence:
    """A 3-D clip as a camera nearly before the person sees it, for weights in 2-D."""
    if clip.layout is recognizer.layout:
        return clip
    view = rotation(*np.radians([rng.normal(0, 12), rng.uniform(-6, 6)]))
    seen = project_to_kinetics18(clip.joints[0], clip.confidence[0], view, rng.uniform(2.2, 4.0))
    return SkeletonSequence(seen[0][None], seen[1][None], clip.timestamps, recognizer.layout)


def own_motions(recognizer: WindowRecognizer, root: Path, part: str) -> dict[str, list[Motion]]:
    """The motions that are no label of the weights, of the part's people."""
    held_back = set(recognizer.card.training.get("config", {}).get("held_back", ()))
    motions: dict[str, list[Motion]] = defaultdict(list)
    for clip in read_kinder_gator(root):
        labels = DAILY.sources["kinder_gator"][clip.action].split("|")
        new = set(labels) & held_back if held_back else not set(labels) & set(recognizer.classes)
        if part in ("all", clip.split) and new:
            whole = clip.sequence.resample(clip.sequence.timestamps)
            motions[clip.action].append(Motion(recognizer, clip.action, clip.subject, acting(whole)))
    return dict(sorted(motions.items()))


def bank_without(
    recognizer: WindowRecognizer, weights: str, examples: Sequence[Example], dataset: str
) -> Bank:
    """A bank as ``pose2action own bank`` makes it, without one data set."""
    card = read_card(parse_choice(weights).names[0])[1]
    targets = {
        index: card.classes.index(each) for index, each in enumerate(DAILY.labels) if each in card.classes
    }
    taught = [
        Example(e.clip, tuple(targets[t] for t in e.targets if t in targets), e.part, e.unknown)
        for e in examples
        if e.part == "train" and e.clip.dataset != dataset
    ]
    known = [e for e in taught if e.targets or e.unknown]
    chosen = choose_windows(known, LAYOUTS[card.layout], card)
    motion = motion_of(chosen.windows)
    return Bank(recognizer.embed(chosen.windows), motion, chosen.labels, chosen.hash)


def episodes_of(
    motions: dict[str, list[Motion]], bank: Bank, ways: int, shots: int, count: int, seed: int = 0
) -> list[tuple[OwnModel, list[str], set[str]]]:
    """Models of ``ways`` actions, each shown by the same ``shots`` people, with actions and people."""
    rng, people = np.random.default_rng(seed), sorted({m.person for each in motions.values() for m in each})
    found = []
    for _ in range(count):
        actions = [str(each) for each in rng.permutation(list(motions))[:ways]]
        teachers = {str(each) for each in rng.permutation(people)[:shots]}
        lessons = [m.lesson for action in actions for m in motions[action] if m.person in teachers]
        found.append((learn(lessons, bank, NOTHING), actions, teachers))
    return found


def together(model: OwnModel, seen: Sequence[Seen]) -> np.ndarray:
    """Mean probabilities of a clip, built-in labels first, then the model's actions."""
    answers = [each.answer for each in seen]
    own = model.probabilities(embeddings_of(answers), np.stack([each.motion for each in seen]))
    built_in = np.stack([answer.probabilities for answer in answers])
    return np.concatenate([built_in * (1 - own.sum(1, keepdims=True)), own], 1).mean(0)


def another_person(motions: dict[str, list[Motion]], bank: Bank, ways: int, shots: int, count: int) -> str:
    """Share of others' clips that are recognised."""
    right = closed = all_of_them = 0
    for model, actions, teachers in episodes_of(motions, bank, ways, shots, count):
        for action in actions:
            for motion in motions[action]:
                if motion.person in teachers or action not in model.actions:
                    continue
                found, place = together(model, motion.seen), model.actions.index(action)
                own = found[-len(model.actions) :]
                right += int(found.argmax() == len(found) - len(own) + place)
                closed += int(own.argmax() == place)
                all_of_them += 1
    return f"{right / all_of_them:.1%} ({closed / all_of_them:.1%}) of {all_of_them}"


def same_person(recognizer: WindowRecognizer, root: Path, examples: Sequence[Example], bank: Bank) -> None:
    """One person's signs at a webcam: each clip is asked, the person's others teach."""
    import csv
    import io

    table = csv.DictReader(io.StringIO(read_text(root / "real_landmarks.csv"), newline=""))
    signs = {
        row["index"].zfill(3): (row["group"], row["notes"].split('"')[1])
        for row in table
        if '"' in row["notes"]
    }
    trained = REAL_LANDMARKS[1] in recognizer.card.data
    groups: dict[str, list[tuple[str, Example]]] = defaultdict(list)
    for example in examples:
        group, sign = signs.get(example.clip.name.partition("_")[0], ("", ""))
        if example.clip.dataset == REAL_LANDMARKS[1] and group and (example.part == "val" or not trained):
            groups[group].append((sign, example))
    rows: list[tuple[int, int, bool, bool]] = []
    for clips in groups.values():
        counts = {sign: sum(each == sign for each, _ in clips) for sign, _ in clips}
        clips = [(sign, example) for sign, example in clips if counts[sign] >= 3]
        ways = len({sign for sign, _ in clips})
        if ways < 2:
            continue
        lessons = [
            lesson_of(recognizer, sign, example.clip.name, example.clip.sequence) for sign, example in clips
        ]
        for index, (sign, example) in enumerate(clips):
            model = learn([*lessons[:index], *lessons[index + 1 :]], bank, NOTHING)
            found = together(model, watched(recognizer, example.clip.sequence))
            own, place = found[-len(model.actions) :], model.actions.index(sign)
            best = int(found.argmax()) - (len(found) - len(own))
            rows.append((ways, counts[sign] - 1, best == place, int(own.argmax()) == place))
    for ways in sorted({row[0] for row in rows}):
        of = [row for row in rows if row[0] == ways]
        taught = np.mean([row[1] for row in of])
        print(
            f"same person at a webcam, {ways} signs, {taught:.1f} recordings: "
            f"{np.mean([r[2] for r in of]):.1%} ({np.mean([r[3] for r in of]):.1%}) of {len(of)} clips"
        )


def beside(
    recognizer: WindowRecognizer,
    motions: dict[str, list[Motion]],
    bank: Bank,
    footage: Sequence[Example],
    count: int,
) -> None:
    """What five own actions of three recordings cost the built-in ones, and how often one is seen wrongly."""
    clips = [(example, watched(recognizer, example.clip.sequence)) for example in footage]
    live = [watched(recognizer, example.clip.sequence, live=True) for example in footage]
    minutes = sum(max(e.clip.sequence.duration, 1.0) for e in footage) / 60
    names = recognizer.classes
    known = [
        (a, {names.index(DAILY.labels[t]) for t in e.targets if DAILY.labels[t] in names})
        for e, a in clips
        if e.targets and not e.unknown
    ]
    known = [(a, targets) for a, targets in known if targets]
    plain = np.mean([int(np.mean([x.answer.probabilities for x in a], 0).argmax()) in t for a, t in known])
    kept, shown = [], 0
    for model, _, _ in episodes_of(motions, bank, 5, 3, count, seed=1):
        kept += [int(together(model, a).argmax()) in t for a, t in known]
        shown += sum(shown_as_own(recognizer, model, each) for each in live)
    print(
        f"built-in actions, {len(known)} real clips: {plain:.1%} alone, {np.mean(kept):.1%} beside five own"
    )
    print(f"taken for an own action: {shown / count / minutes:.2f} times a minute of {minutes:.0f}")


def shown_as_own(recognizer: WindowRecognizer, model: OwnModel, seen: Sequence[Seen]) -> int:
    """How many times a live label would become an own action."""
    smoother = LabelSmoother((*recognizer.classes, *model.actions), recognizer.threshold, LIVE)
    shown, before = 0, None
    for each in seen:
        label = smoother.update(each.answer.end, together(model, [each])).label
        shown += label != before and label in model.actions and label not in recognizer.classes
        before = label
    return shown


def cost(recognizer: WindowRecognizer, motions: dict[str, list[Motion]], bank: Bank) -> None:
    """Milliseconds that recognising own actions takes beside the network."""
    model, _, _ = episodes_of(motions, bank, 5, 3, 1)[0]
    own = OwnRecognizer(recognizer, model, "measured")
    times = np.linspace(0, recognizer.window_seconds, recognizer.frames)
    shape = (1, len(times), len(recognizer.layout))
    rng = np.random.default_rng(0)
    joints = rng.uniform(0, 300, (*shape, recognizer.layout.coordinates))
    window = [SkeletonSequence(joints, np.ones(shape), times, recognizer.layout)]

    def median(predict: Callable) -> list[float]:
        taken = []
        for _ in range(100):
            began = time.perf_counter()
            predict(window)
            taken.append(1000 * (time.perf_counter() - began))
        return taken

    alone, with_own = np.median(median(recognizer.predict)), np.median(median(own.predict))
    answers = recognizer.predict(window)
    began = time.perf_counter()
    for _ in range(1000):
        model.probabilities(embeddings_of(answers), motion_of(window))
    print(
        f"a window: {alone:.1f} ms alone, {with_own:.1f} ms with own actions, of which their classifier "
        f"takes {time.perf_counter() - began:.3f} ms"
    )


if __name__ == "__main__":
    typer.run(main)
