"""Weights that know own actions of many recordings, from weights that know the built-in ones.

The network stays, and its last layer learns more rows (``training.own.head``). So the weights need no
collection beside them, cost nothing more at each window, go wherever weights go, and forget nothing. What the
network cannot see they cannot learn: the shipped ones were trained on clips and their mirror images, so that
``run --own``, which also looks at the motion itself, tells left from right better.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from pose.layouts import LAYOUTS, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.card import WeightsCard, draft
from recognizer.networks.protocol import Network
from recognizer.own.bank import Bank, save_bank
from recognizer.own.collection import NOTHING, Collection
from recognizer.own.motion import motion_of
from recognizer.own.teaching import VARIANTS, WINDOWS, OwnError, bank_of, lesson_windows
from recognizer.preprocess import network_input
from recognizer.training.own.head import Head, Outcome, Taught, extended, learn_rows

FEWEST = 20
"""Recordings of each action; of *nothing*, what is none of them, there may be any number."""
HELD = 5
"""Every fifth recording of an action, in order of time, teaches nothing and judges."""
IN_BANK = 12
"""Windows of an own action that the new weights' bank gets, so that others can be taught beside it."""

_BATCH = 32
_MOST_WINDOWS = 400
"""Of an action: of very many recordings each gives fewer."""


@dataclass(frozen=True)
class OwnWeights:
    """What a training has made.

    Attributes:
        path: of the safetensors file, beside which lie its card and its bank.
        card: of the weights.
        recordings: that taught, and that judged.
        outcome: how they do.
    """

    path: Path
    card: WeightsCard
    recordings: tuple[int, int]
    outcome: Outcome


@dataclass(frozen=True)
class _Sound:
    """A recording that can be used."""

    action: str
    name: str
    sequence: SkeletonSequence
    held: bool


def train_own(collection: Collection, base: str, folder: Path | None = None) -> OwnWeights:
    """Makes weights that know a collection's actions beside those of other weights.

    Args:
        collection: with ``FEWEST`` recordings of each action or more; an action of a built-in one's name
            teaches that one.
        base: name of the weights, or a path to them.
        folder: where to write; None is ``weights.own_weights_folder``.

    Raises:
        OwnError: too few recordings, or weights that cannot learn.
        WeightsError: no such weights, or the card cannot be written.
        CollectionError: no such collection any more.
        OSError: the disk is full, say. Weights that are there are whole, the old ones or the new.
    """
    network, card = weights.load(base)
    last = getattr(network, "classifier", None)
    if not isinstance(last, torch.nn.Linear):
        raise OwnError(
            f"The weights {card.name} have more than one classifier, and only those with one learn own "
            "actions: choose others with start_from=NAME."
        )
    bank = bank_of([base])
    layout = LAYOUTS[card.layout]
    recordings = _sound(collection, layout)
    _check_counts(collection, card, recordings)
    actions = sorted({each.action for each in recordings} - {NOTHING})
    classes = (*card.classes, *(action for action in actions if action not in card.classes))
    before = Head(last.weight.detach().numpy(), last.bias.detach().numpy())
    old = {label: row for row, label in enumerate(card.classes)}
    outputs: list[int | None] = [old.get(label) for label in classes]
    if card.open_set:
        outputs.append(len(card.classes))
    places = {action: classes.index(action) for action in actions} | {NOTHING: len(classes)}
    taught, windows = _taught(network, card, collection, recordings, places, held=False)
    held, _ = _taught(network, card, collection, recordings, places, held=True)
    rows = [places[action] for action in actions]
    outcome = learn_rows(extended(before, outputs), rows, taught, held, bank.embeddings, card.threshold)
    own_card = _card(card, collection, classes, recordings, outcome)
    path = weights.save(
        _with_head(network, own_card, outcome.head), own_card, folder or weights.own_weights_folder()
    )
    sets = f"windows of {card.name}'s bank and of own recordings"
    save_bank(path, _with_own_windows(bank, taught, windows, len(classes)), sets)
    return OwnWeights(path, own_card, _counts(recordings), outcome)


def _sound(collection: Collection, layout: SkeletonLayout) -> list[_Sound]:
    """The recordings of whom the weights are about, in order of time."""
    found: list[_Sound] = []
    counts: dict[str, int] = {}
    for action, name, recording in collection.sound():
        if recording.landmarks.name == layout.landmarks:
            number = counts[action] = counts.get(action, 0) + 1
            found.append(_Sound(action, name, recording.sequence(layout), number % HELD == 0))
    return found


def _check_counts(collection: Collection, card: WeightsCard, recordings: Sequence[_Sound]) -> None:
    subject = LAYOUTS[card.layout].subject
    counts = dict.fromkeys(collection.actions(), 0) | Counter(each.action for each in recordings)
    if not counts.keys() - {NOTHING}:
        raise OwnError(f"The collection {collection.name!r} has no action yet: teach it one first.")
    short = [f"{FEWEST - n} more of {each!r}" for each, n in counts.items() if n < FEWEST and each != NOTHING]
    if short:
        raise OwnError(
            f"Training needs {FEWEST} recordings of each action, of a {subject}; in {collection.name!r} are "
            f"missing {', '.join(short)}. `pose2action run --own` knows them already, from three."
        )
    if counts.get(NOTHING) and not card.open_set:
        raise OwnError(
            f"The weights {card.name} have no output for what is none of their actions, which recordings of "
            f"{NOTHING!r} would teach: choose others with start_from=NAME."
        )


def _counts(recordings: Sequence[_Sound]) -> tuple[int, int]:
    held = sum(each.held for each in recordings)
    return len(recordings) - held, held


def _taught(
    network: Network,
    card: WeightsCard,
    collection: Collection,
    recordings: Sequence[_Sound],
    places: dict[str, int],
    held: bool,
) -> tuple[Taught, list[SkeletonSequence]]:
    """What one part of the recordings teaches: those that teach with variants, those that judge without."""
    windows, outputs, numbers = [], [], []
    share = {
        action: min(1.0, _MOST_WINDOWS / (count * (WINDOWS + VARIANTS)))
        for action, count in Counter(each.action for each in recordings).items()
    }
    for number, each in enumerate(recordings):
        if each.held != held:
            continue
        both_sides = collection.about(each.action).both_sides
        part = share[each.action]
        counts = max(1, round(part * WINDOWS)), max(1, round(part * VARIANTS))
        plain, varied = lesson_windows(card, each.action, each.name, each.sequence, both_sides, counts)
        these = plain if held else plain + varied
        windows += these
        outputs += [places[each.action]] * len(these)
        numbers += [number] * len(these)
    taught = Taught(_embeddings(network, card, windows), np.array(outputs), np.array(numbers))
    return taught, windows


def _embeddings(network: Network, card: WeightsCard, windows: Sequence[SkeletonSequence]) -> np.ndarray:
    """(N, D) float32, as long as the network makes them."""
    layout = LAYOUTS[card.layout]
    inputs = [
        network_input(window.joints[0], window.confidence[0], layout, card.preprocessing)[..., None]
        for window in windows
    ]
    found = []
    with torch.inference_mode():
        for start in range(0, len(inputs), _BATCH):
            batch = torch.from_numpy(np.stack(inputs[start : start + _BATCH])).float()
            found.append(network.forward_in_full(batch)[1].numpy())
    return np.concatenate(found)


def _with_head(network: Network, card: WeightsCard, head: Head) -> Network:
    """The same network with another classifier."""
    made = weights.build_network(card)
    state = network.state_dict()
    state["classifier.weight"] = torch.from_numpy(np.ascontiguousarray(head.weights, np.float32))
    state["classifier.bias"] = torch.from_numpy(np.ascontiguousarray(head.biases, np.float32))
    made.load_state_dict(state)
    return made


def _with_own_windows(bank: Bank, taught: Taught, windows: Sequence[SkeletonSequence], classes: int) -> Bank:
    """The bank with a few windows of each own action, for whoever is taught beside them."""
    rng = np.random.default_rng(0)
    chosen = np.concatenate(
        [
            rng.permutation(np.flatnonzero(taught.outputs == each))[:IN_BANK]
            for each in np.unique(taught.outputs)
            if each < classes  # what is nothing is known as that
        ]
    )
    rows = taught.embeddings[chosen]
    own = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    digest = hashlib.sha256(bank.windows.encode())
    for index in chosen:
        digest.update(windows[index].joints.tobytes())
    return Bank(
        np.concatenate([bank.embeddings, own]),
        np.concatenate([bank.motion, motion_of([windows[index] for index in chosen])]),
        np.concatenate([bank.labels, taught.outputs[chosen]]),
        digest.hexdigest(),
    )


def _card(
    base: WeightsCard,
    collection: Collection,
    classes: tuple[str, ...],
    recordings: Sequence[_Sound],
    outcome: Outcome,
) -> WeightsCard:
    counts = Counter(each.action for each in recordings)
    taught, held = _counts(recordings)
    own = ", ".join(f"{action} {count}" for action, count in counts.items())
    return draft(
        name=f"{base.layout}-{base.network.name}-own-{collection.name}",
        network=base.network, layout=base.layout, persons=base.persons, window_seconds=base.window_seconds,
        frames=base.frames, preprocessing=base.preprocessing, classes=classes, open_set=base.open_set,
        threshold=base.threshold, data=f"{base.data}; own recordings: {own}", licence=base.licence,
        training={
            "command": f"pose2action train own/{collection.name} start_from={base.name}",
            "start_from": {"name": base.name, "sha256": base.sha256},
            "penalty": outcome.penalty,
            "recordings": {"taught": taught, "held": held},
            "date": datetime.date.today().isoformat(),
        },
        metrics={
            "held_recordings_named": round(outcome.named, 4),
            "bank_windows_unchanged": round(outcome.kept, 4),
        },
    )  # fmt: skip
