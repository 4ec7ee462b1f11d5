"""Several networks as one: late fusion of their scores (two-stream, four-stream, cross-network)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pose.skeleton import SkeletonSequence
from recognizer.card import WeightsError, difference
from recognizer.choice import Choice, parse_choice
from recognizer.prediction import Prediction
from recognizer.predictor import Recognizer, SparseBackend, WindowRecognizer


def load_recognizer(
    name: str | Path, sparse_backend: SparseBackend = "auto", at_once: bool = False
) -> WindowRecognizer:
    """The recogniser of one set of weights, or the fusion of several.

    Args:
        name: of shipped weights or a path to any; several as ``parse_choice`` takes them: "a*0.6+b*0.4".
        sparse_backend: who computes SPA-Net's convolutions.
        at_once: where a graph has to be made first, PyTorch computes until it is there.

    Raises:
        WeightsError: with one sentence: no such weights, damaged ones, or some that do not go together.
        SparseError: MinkowskiEngine was asked for and cannot be imported.
    """
    choice = parse_choice(name)
    recognizers = [
        Recognizer.load(each, sparse_backend=sparse_backend, at_once=at_once) for each in choice.names
    ]
    return Fusion(list(zip(recognizers, choice.shares, strict=True))) if choice.fused else recognizers[0]


class Fusion(WindowRecognizer):
    """Weighted mean of the members' softmax scores (LSTA-Net Sec. 3.3, SEM-Net and SPA-Net Sec. 3.3).

    Attention is the first member's.

    Args:
        members: recognisers and their shares, which need not add up to 1.

    Raises:
        WeightsError: members that see other windows or know other classes, or a share that is not positive.
    """

    def __init__(self, members: Sequence[tuple[Recognizer, float]]):
        first = members[0][0].card
        for recognizer, _ in members:
            card = recognizer.card
            if what := difference(first, card):
                raise WeightsError(f"{first.name} and {card.name} cannot be fused: they differ in {what}.")
        choice = Choice.of(
            [recognizer.card.name for recognizer, _ in members], [share for _, share in members]
        )
        self._members = [
            (recognizer, share) for (recognizer, _), share in zip(members, choice.shares, strict=True)
        ]
        threshold = sum(recognizer.threshold * share for recognizer, share in self._members)
        together: dict[str, Any] = {"name": str(choice), "threshold": threshold, "metrics": {}}
        super().__init__(first.model_copy(update=together))

    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]:
        """Recognises all windows, in one batch a member; see ``WindowRecognizer.predict``."""
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
                embedding=np.concatenate([answer.embedding for answer in own]),
            )
            for own in zip(*answers, strict=True)
        ]
