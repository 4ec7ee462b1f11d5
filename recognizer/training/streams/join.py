"""Clips and rests joined to long streams, each of one person as far as the data tell people apart."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pose.layouts import SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.corpus import Example
from recognizer.data.views import project_to_kinetics18, rotation
from recognizer.training.streams.truth import IDLE, Event, LabelledStream, Span, Truth
from recognizer.training.windows.dataset import FRONT_DISTANCE

TRANSITION = 0.4
"""Seconds in which a body moves from the last pose of one clip to the first of the next."""

REST = (2.0, 4.0)
"""Seconds of idle footage between two actions, from and to."""

HELD = 1.5
"""Seconds for which somebody without idle footage holds the last pose of an action."""

LONGEST = 100.0
"""Seconds of footage after which a stream ends and another one begins."""

FEWEST = 5
"""Clips of a person that make a stream; people with fewer share the streams of their data set."""

_RATE = 30.0  # frames a second of transitions and held poses
_TORSO_PER_SHOULDER_WIDTH = 1.3  # as preprocessing has it: when a torso points at the camera, shoulders tell


@dataclass(frozen=True)
class _Piece:
    """Footage in a stream: (T, V, C) in torso lengths, (T, V), (T,) seconds from 0, and what it shows."""

    joints: np.ndarray
    confidence: np.ndarray
    times: np.ndarray
    labels: tuple[str, ...] | None  # () unknown, None of nobody


def join(
    examples: Sequence[Example], layout: SkeletonLayout, labels: Sequence[str], seed: int = 0
) -> list[LabelledStream]:
    """Streams of the clips of one data set.

    Between two clips, and before the first and after the last, a stretch of idle footage of the same person
    (else of the same data set, else the held pose). Bodies are brought to the same place and size, in torso
    lengths, and move to the next clip's first pose within ``TRANSITION`` seconds, which belong to no event.
    3-D clips are seen from the sensor's side when the layout is 2-D.

    Args:
        examples: of one data set. Unknown ones are unknown footage, whatever else they may be taken for;
            those of "idle" are idle footage.
        layout: of the streams.
        labels: the vocabulary's, in order of the targets.
        seed: of the order of clips and of the rests; the same seed gives the same streams.
    """
    rests = _Rests([example for example in examples if _labels(example, labels) == (IDLE,)], layout)
    groups: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for example in examples:
        if example.clip.dataset != "rest":  # moments of a clip that are there already
            groups[example.clip.subject, example.clip.body].append(example)
    shared: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for (subject, body), group in groups.items():
        alone = subject and len(group) >= FEWEST
        shared[subject if alone else "", body] += group
    streams = []
    for (subject, body), group in shared.items():
        dataset = group[0].clip.dataset
        name = f"{subject or 'several people'}/{body}"
        rng = np.random.default_rng([seed, zlib.crc32(f"{dataset}/{name}".encode())])
        order = [group[i] for i in rng.permutation(len(group))]
        for number, part in enumerate(_parts(order)):
            pieces = list(_with_rests(part, layout, labels, rests, rng))
            if pieces:
                streams.append(_stream(dataset, f"{name}/{number}", pieces, layout))
    return streams


class _Rests:
    """Idle footage by whose it is; each clip serves in its turn."""

    def __init__(self, idle: Sequence[Example], layout: SkeletonLayout) -> None:
        self._layout = layout
        self._idle = idle
        self._turn: dict[tuple[str, str], int] = defaultdict(int)

    def of(self, example: Example, rng: np.random.Generator) -> _Piece | None:
        """A cut of random length and place from idle footage that fits the example; None without any."""
        same_body = [each for each in self._idle if each.clip.body == example.clip.body]
        own = [each for each in same_body if each.clip.subject == example.clip.subject != ""]
        among = own or same_body
        if not among:
            return None
        key = (example.clip.subject if own else "", example.clip.body)
        chosen = among[self._turn[key] % len(among)]
        self._turn[key] += 1
        piece = _piece(chosen, self._layout, (IDLE,))
        if piece is None:
            return None
        seconds = rng.uniform(*REST)
        start = rng.uniform(0.0, max(0.0, piece.times[-1] - seconds))
        kept = np.flatnonzero((piece.times >= start) & (piece.times <= start + seconds))
        cut = _trimmed(piece.joints[kept], piece.confidence[kept], piece.times[kept])
        return None if cut is None else replace(piece, joints=cut[0], confidence=cut[1], times=cut[2])


def _parts(order: Sequence[Example]) -> Iterator[list[Example]]:
    part: list[Example] = []
    seconds = 0.0
    for example in order:
        part.append(example)
        seconds += example.clip.sequence.duration + sum(REST) / 2
        if seconds >= LONGEST:
            yield part
            part, seconds = [], 0.0
    if part:
        yield part


def _with_rests(
    part: Sequence[Example],
    layout: SkeletonLayout,
    labels: Sequence[str],
    rests: _Rests,
    rng: np.random.Generator,
) -> Iterator[_Piece]:
    begun = False
    for example in part:
        piece = _piece(example, layout, _labels(example, labels))
        if piece is None:
            continue
        if not begun:
            yield rests.of(example, rng) or _held(piece, 0)
        begun = True
        yield piece
        yield rests.of(example, rng) or _held(piece, -1)


def _labels(example: Example, labels: Sequence[str]) -> tuple[str, ...]:
    return () if example.unknown else tuple(labels[i] for i in example.targets)


def _piece(example: Example, layout: SkeletonLayout, labels: tuple[str, ...]) -> _Piece | None:
    """A clip in the stream's layout and size; None where no size can be told."""
    sequence = example.clip.sequence
    joints, confidence = sequence.joints[0], sequence.confidence[0]
    if sequence.layout.coordinates > layout.coordinates:
        joints, confidence = project_to_kinetics18(joints, confidence, rotation(), FRONT_DISTANCE)
    trimmed = _trimmed(joints, confidence, sequence.timestamps)
    if trimmed is None:
        return None
    joints, confidence, times = trimmed
    size = _size(joints, confidence, layout)
    return _Piece(joints / size, confidence, times, labels) if size > 0 else None


def _trimmed(
    joints: np.ndarray, confidence: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """From the first to the last frame that shows the person, times from 0; None where there are not two."""
    seen = np.flatnonzero(confidence.any(1))
    if len(seen) < 2:
        return None
    kept = slice(seen[0], seen[-1] + 1)
    return joints[kept], confidence[kept], times[kept] - times[seen[0]]


def _size(joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout) -> float:
    """Length of the torso over a clip, as ``preprocess.normalise`` measures it; 0 where it cannot be told."""

    def longest(a: tuple[int, ...], b: tuple[int, ...]) -> float:
        seen = confidence[:, [*a, *b]].all(1)
        if not seen.any():
            return 0.0
        ends = joints[seen][:, list(a)].mean(1) - joints[seen][:, list(b)].mean(1)
        return float(np.percentile(np.linalg.norm(ends, axis=-1), 90))

    left, right = (
        (layout.index(f"{side}_shoulder"),) if f"{side}_shoulder" in layout.joints else ()
        for side in ("left", "right")
    )
    width = longest(left, right) if left and right else 0.0
    return max(longest(layout.torso_top, layout.torso_bottom), _TORSO_PER_SHOULDER_WIDTH * width)


def _held(piece: _Piece, frame: int) -> _Piece:
    """The pose of a frame, held. It belongs to nobody: a held pose can be the middle of an action."""
    times = np.arange(round(HELD * _RATE) + 1) / _RATE
    joints = np.repeat(piece.joints[[frame]], len(times), 0)
    return _Piece(joints, np.repeat(piece.confidence[[frame]], len(times), 0), times, None)


def _stream(dataset: str, name: str, pieces: Sequence[_Piece], layout: SkeletonLayout) -> LabelledStream:
    joints = [pieces[0].joints - _place(pieces[0], 0, layout)]
    confidence, times = [pieces[0].confidence], [pieces[0].times]
    spans = [(pieces[0], Span(0.0, float(pieces[0].times[-1])))]
    for before, piece in zip(pieces, pieces[1:], strict=False):
        # The hips stay where they are: of a cut, not even the hips tell where the body went.
        place = _place(piece, 0, layout) - _place(replace(before, joints=joints[-1]), -1, layout)
        following = piece.joints - place
        moved, sure, at = _transition(joints[-1][-1], confidence[-1][-1], following[0], piece.confidence[0])
        start = float(times[-1][-1]) + TRANSITION
        joints += [moved, following]
        confidence += [sure, piece.confidence]
        times += [times[-1][-1] + at, start + piece.times]
        spans.append((piece, Span(start, start + float(piece.times[-1]))))
    sequence = SkeletonSequence(
        np.concatenate(joints)[None], np.concatenate(confidence)[None], np.concatenate(times), layout
    )
    return LabelledStream(dataset, name, sequence, _truth(spans))


def _truth(spans: Sequence[tuple[_Piece, Span]]) -> Truth:
    events = tuple(
        Event(span.start, span.end, piece.labels)
        for piece, span in spans
        if piece.labels and piece.labels != (IDLE,)
    )
    idle = tuple(span for piece, span in spans if piece.labels == (IDLE,))
    unknown = tuple(span for piece, span in spans if piece.labels == ())
    return Truth(spans[-1][1].end, events, idle, unknown)


def _place(piece: _Piece, frame: int, layout: SkeletonLayout) -> np.ndarray:
    """(C,) where the hips are in a frame, by the shoulders or else by all joints where they are not seen."""
    joints, seen = piece.joints[frame], piece.confidence[frame] > 0
    top, bottom = list(layout.torso_top), list(layout.torso_bottom)
    if seen[bottom].all():
        return joints[bottom].mean(0)
    if seen[top].all():
        below = np.zeros(joints.shape[-1], np.float32)
        below[1] = 1.0 if layout.coordinates == 2 else -1.0
        return joints[top].mean(0) + below
    return joints[seen].mean(0)


def _transition(
    last: np.ndarray, last_sure: np.ndarray, first: np.ndarray, first_sure: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames between two poses (V, C) with confidence (V,): (T, V, C), (T, V), and their (T,) seconds.

    A joint that only one of the two shows is not seen, and waits where it is known.
    """
    count = round(TRANSITION * _RATE)
    part = np.arange(1, count) / count
    eased = (part * part * (3 - 2 * part)).astype(np.float32)[:, None, None]  # people start and stop gently
    seen_last, seen_first = last_sure > 0, first_sure > 0
    a = np.where(seen_last[:, None], last, first)
    b = np.where(seen_first[:, None], first, last)
    sure = last_sure * (1 - eased[..., 0]) + first_sure * eased[..., 0]
    return a * (1 - eased) + b * eased, sure * (seen_last & seen_first), part * TRANSITION
