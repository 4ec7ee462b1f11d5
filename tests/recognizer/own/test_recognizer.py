"""Built-in and own actions in one answer, of whole windows and of their newest part."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer.own.learner import probabilities_with_own
from recognizer.own.recognizer import OwnRecognizer
from recognizer.predictor import Recognizer

OWN = np.array([0.6, 0.1], np.float32)


class Model:
    """Says the same of every window, and remembers the embeddings that it was asked about."""

    actions = ("my move", "wave")

    def probabilities(self, embeddings: np.ndarray, motions: np.ndarray) -> np.ndarray:
        assert len(embeddings) == len(motions)
        self.asked = embeddings
        return np.repeat(OWN[None], len(embeddings), 0)


@pytest.fixture(scope="module")
def base() -> Recognizer:
    return Recognizer.untrained()


def window(seed: int) -> SkeletonSequence:
    joints = np.random.default_rng(seed).uniform(100, 400, (1, 32, 18, 2))
    return SkeletonSequence(joints, np.ones((1, 32, 18)), np.linspace(0, 3, 32), KINETICS_18)


def test_an_own_action_is_beside_the_built_in_ones_or_adds_to_one(base: Recognizer):
    own = OwnRecognizer(base, Model(), "mine")
    (answer,), (alone,) = own.predict([window(1)]), base.predict([window(1)])
    assert answer.classes == own.classes == (*base.classes, "my move")
    wanted = probabilities_with_own(alone.probabilities[None], OWN[None], [4, 3])
    np.testing.assert_allclose(answer.probabilities, wanted[0], atol=1e-6)
    assert own.predict([]) == []


def test_live_the_newest_part_speaks_of_built_in_actions_only(base: Recognizer):
    model = Model()
    own = OwnRecognizer(base, model, "mine")
    (answer,) = own.predict_live([window(1)], [window(2)])
    (alone,) = base.predict_live([window(1)], [window(2)])
    wanted = probabilities_with_own(alone.probabilities[None], OWN[None], [4, 3])
    np.testing.assert_allclose(answer.probabilities, wanted[0], atol=1e-6)
    np.testing.assert_allclose(model.asked, base.embed([window(1)]), atol=1e-6)
