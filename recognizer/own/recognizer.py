"""A recogniser of built-in and own actions together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pose.skeleton import SkeletonSequence
from recognizer.own.learner import OwnModel, probabilities_with_own
from recognizer.own.motion import motion_of
from recognizer.prediction import Prediction
from recognizer.predictor import WindowRecognizer


class OwnRecognizer(WindowRecognizer):
    """Recognises own actions beside those of the weights, by one pass of the same network.

    An own action of the same name as a built-in one adds to it.

    Args:
        base: of the weights that the model was learnt with.
        model: of the own actions.
        collection: their name, for results.
    """

    def __init__(self, base: WindowRecognizer, model: OwnModel, collection: str) -> None:
        new = tuple(action for action in model.actions if action not in base.classes)
        classes = (*base.classes, *new)
        name = f"{base.card.name} with own {collection}"
        super().__init__(base.card.model_copy(update={"classes": classes, "name": name}))
        self.base, self.model, self.collection = base, model, collection
        self._places = [classes.index(action) for action in model.actions]

    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]:
        """See ``WindowRecognizer.predict``."""
        return self._with_own(self.base.predict(windows, attention), windows)

    def predict_live(
        self,
        windows: Sequence[SkeletonSequence],
        newest: Sequence[SkeletonSequence],
        attention: bool = False,
    ) -> list[Prediction]:
        """See ``WindowRecognizer.predict_live``; own actions are recognised by the whole windows."""
        return self._with_own(self.base.predict_live(windows, newest, attention), windows)

    def _with_own(self, answers: list[Prediction], windows: Sequence[SkeletonSequence]) -> list[Prediction]:
        if not answers:
            return []
        own = self.model.probabilities(embeddings_of(answers), motion_of(windows))
        together = probabilities_with_own(
            np.stack([answer.probabilities for answer in answers]), own, self._places
        )
        return [
            replace(answer, probabilities=row, classes=self.classes)
            for answer, row in zip(answers, together, strict=True)
        ]


def embeddings_of(answers: Sequence[Prediction]) -> np.ndarray:
    """(N, D) embeddings of one answer or more; a recogniser of weights gives each one."""
    return np.stack([answer.embedding for answer in answers if answer.embedding is not None])
