"""What recordings teach a recogniser, and how well they do it."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from pose.errors import UserError
from pose.skeleton import SkeletonSequence
from recognizer.card import WeightsCard
from recognizer.own.bank import Bank, joined, load_bank
from recognizer.own.collection import NOTHING, Collection
from recognizer.own.learner import Lesson, learn
from recognizer.own.motion import motion_of
from recognizer.own.recognizer import OwnRecognizer, embeddings_of
from recognizer.own.variants import variants_of, windows_of
from recognizer.predictor import WindowRecognizer

WINDOWS, VARIANTS = 3, 6
"""Windows of a recording as it is, and of its variants, where an action has few recordings."""
_MANY = 60
"""Windows of an action at which each of its recordings gives fewer, and at last one and one variant."""


class OwnError(UserError, ValueError):
    """Own actions cannot be recognised. The message is one sentence for the user."""


def bank_of(names: Sequence[str]) -> Bank:
    """The bank of weights, of several joined.

    Args:
        names: of the weights, or paths to them, in the order of their recogniser's members.

    Raises:
        OwnError: there is none.
        WeightsError: no such weights.
    """
    bank = joined([load_bank(name) for name in names])
    if bank is None:
        raise OwnError(
            f"The weights {'+'.join(names)} cannot learn own actions, since no embeddings of other actions "
            "lie beside them: choose others, or make them with `pose2action own bank WEIGHTS --data DATA`."
        )
    return bank


def lesson_of(
    recognizer: WindowRecognizer,
    action: str,
    name: str,
    sequence: SkeletonSequence,
    both_sides: bool = False,
    recordings: int = 1,
) -> Lesson:
    """What one recording teaches.

    Args:
        recognizer: whose embeddings they are.
        action, name: of the recording; the name decides the variants, which are always the same.
        sequence: what was done, one person (M = 1) in the recogniser's layout.
        both_sides: the same with the other hand or foot is the same action.
        recordings: how many the action has: of many, each gives fewer windows.
    """
    share = min(1.0, _MANY / (recordings * (WINDOWS + VARIANTS)))
    counts = max(1, round(WINDOWS * share)), max(1, round(VARIANTS * share))
    plain, varied = lesson_windows(recognizer.card, action, name, sequence, both_sides, counts)
    windows = plain + varied
    answers = recognizer.predict(windows)
    best = [answer.top(1)[0] for answer in answers[: len(plain)]]
    taken_for = tuple(each.label if each.score >= recognizer.threshold else "" for each in best)
    return Lesson(action, name, embeddings_of(answers), motion_of(windows), taken_for)


def lesson_windows(
    card: WeightsCard,
    action: str,
    name: str,
    sequence: SkeletonSequence,
    both_sides: bool = False,
    counts: tuple[int, int] = (WINDOWS, VARIANTS),
) -> tuple[list[SkeletonSequence], list[SkeletonSequence]]:
    """Windows that a recording teaches by: some as it is, some as it might have been.

    Args:
        card: of the weights, which tells how long windows are.
        action, name, sequence, both_sides: see ``lesson_of``.
        counts: of both; a short recording has fewer as it is.
    """
    plain, varied = counts
    all_windows = windows_of(sequence, card.window_seconds, card.frames)
    chosen = np.linspace(0, len(all_windows) - 1, min(plain, len(all_windows))).round().astype(int)
    rng = np.random.default_rng(zlib.crc32(f"{action}/{name}".encode()))
    variants = variants_of(sequence, card.window_seconds, card.frames, varied, rng, both_sides)
    return [all_windows[index] for index in chosen], variants


class Lessons:
    """Keeps what recordings teach, so that one more recording costs only its own windows.

    May be used from several threads; each lesson is made once.

    Args:
        most: lessons that are kept; the ones unused for longest go.
    """

    def __init__(self, most: int = 4000) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[object, ...], Lesson] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, recognizer: WindowRecognizer, collection: Collection) -> list[Lesson]:
        """What all sound recordings of a collection teach."""
        lessons = []
        for action in collection.actions():
            names = collection.recordings(action)
            about = collection.about(action)
            for name in names:
                lesson = self._one(recognizer, collection, action, name, about.both_sides, len(names))
                if lesson is not None:
                    lessons.append(lesson)
        return lessons

    def _one(
        self,
        recognizer: WindowRecognizer,
        collection: Collection,
        action: str,
        name: str,
        both_sides: bool,
        count: int,
    ) -> Lesson | None:
        many = max(count, _MANY // (WINDOWS + VARIANTS))  # below, the count changes nothing
        key = (
            recognizer.card.name,
            recognizer.card.sha256,
            str(collection.folder),
            action,
            name,
            both_sides,
            many,
        )
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        try:
            recording = collection.read(action, name)
        except (UserError, OSError):  # damaged, or deleted meanwhile
            return None
        if recording.landmarks.name != recognizer.layout.landmarks:
            return None
        sequence = recording.sequence(recognizer.layout)
        lesson = lesson_of(recognizer, action, name, sequence, both_sides, many)
        with self._lock:
            self._kept[key] = lesson
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return lesson


def with_own(
    recognizer: WindowRecognizer,
    names: Sequence[str],
    collection: Collection,
    lessons: Lessons | None = None,
) -> OwnRecognizer:
    """A recogniser that knows a collection's actions beside its own.

    Args:
        recognizer: of the weights.
        names: of the weights, see ``bank_of``.
        collection: the own actions.
        lessons: keeps what recordings teach; None makes all anew.

    Raises:
        OwnError: there is nothing to learn, or the weights cannot.
    """
    bank = bank_of(names)
    taught = (Lessons() if lessons is None else lessons).of(recognizer, collection)
    if not any(lesson.action != NOTHING for lesson in taught):
        raise OwnError(
            f"The collection {collection.name!r} has no recording of a {recognizer.layout.subject} yet: "
            "teach it an action first."
        )
    return OwnRecognizer(recognizer, learn(taught, bank, NOTHING), collection.name)
