"""Several networks as one: late fusion of their scores (two-stream, four-stream, cross-network)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pose.skeleton import SkeletonSequence
from recognizer.fields import shown
from recognizer.predictor import Prediction, Recognizer
from recognizer.sparse import Backend
from recognizer.weights import WeightsError, difference, is_file

MOST_MEMBERS = 16
"""Of a fusion by name; each takes memory and time as one set of weights does."""
_LARGEST_SHARE = 1e100  # a sum of them is finite


def load_recognizer(name: str | Path, sparse_backend: Backend = "auto") -> Recognizer:
    """The recogniser of one set of weights, or the fusion of several.

    Args:
        name: of shipped weights or a path to any; several joined by "+", each with its share after a "*" if
            they are not to count the same: "a+b", "a*0.6+b*0.4".
        sparse_backend: who computes SPA-Net's convolutions.

    Raises:
        WeightsError: with one sentence: no such weights, damaged ones, or some that do not go together.
        SparseError: MinkowskiEngine was asked for and cannot be imported.
    """
    if "+" not in str(name) or is_file(Path(name)):
        return Recognizer.load(name, sparse_backend=sparse_backend)
    parts = str(name).split("+")
    if len(parts) > MOST_MEMBERS:
        raise WeightsError(
            f"{len(parts)} sets of weights are too many to be fused: name {MOST_MEMBERS} at most."
        )
    members = []
    for part in parts:
        member, star, written = part.strip().partition("*")
        try:
            share = float(written) if star else 1.0
        except ValueError:
            raise WeightsError(
                f"'{shown(written.strip())}' in '{shown(str(name))}' is no share: write a*0.6+b*0.4."
            ) from None
        members.append((Recognizer.load(member.strip(), sparse_backend=sparse_backend), share))
    return Fusion(members)


class Fusion(Recognizer):
    """Weighted mean of the members' softmax scores (LSTA-Net Sec. 3.3, SEM-Net and SPA-Net Sec. 3.3).

    Attention is the first member's.

    Args:
        members: recognisers and their shares, which need not add up to 1.

    Raises:
        WeightsError: members that see other windows or know other classes, or a share that is not positive.
    """

    def __init__(self, members: Sequence[tuple[Recognizer, float]]):
        first = members[0][0].card
        for recognizer, share in members:
            card = recognizer.card
            if what := difference(first, card):
                raise WeightsError(f"{first.name} and {card.name} cannot be fused: they differ in {what}.")
            if not 0 < share <= _LARGEST_SHARE:
                raise WeightsError(f"The share of {card.name} must be a positive number, not {share:g}.")
        total = sum(share for _, share in members)
        self._members = [(recognizer, share / total) for recognizer, share in members]
        self.card = first.model_copy(
            update={
                "name": "+".join(recognizer.card.name for recognizer, _ in members),
                "threshold": sum(recognizer.threshold * share for recognizer, share in self._members),
                "metrics": {},
            }
        )

    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]:
        """Recognises all windows, in one batch a member; see ``Recognizer.predict``."""
        answers = [
            recognizer.predict(windows, attention and number == 0)
            for number, (recognizer, _) in enumerate(self._members)
        ]
        shares = [share for _, share in self._members]
        return [
            replace(
                own[0],
                probabilities=sum(
                    share * answer.probabilities for share, answer in zip(shares, own, strict=True)
                ),
            )
            for own in zip(*answers, strict=True)
        ]
