"""The banks beside the shipped weights."""

from __future__ import annotations

import pytest

from recognizer import weights
from recognizer.own.bank import UNKNOWN
from recognizer.own.motion import motion_of
from recognizer.own.teaching import bank_of, lesson_windows
from recognizer.predictor import Recognizer
from tests.recognizer.own.motions import recording


@pytest.mark.parametrize("name", weights.available())
def test_all_shipped_weights_can_learn_own_actions(name: str):
    recognizer, bank = Recognizer.load(name), bank_of([name])
    labels = set(bank.labels.tolist()) - {UNKNOWN}
    assert labels <= set(range(len(recognizer.card.classes)))
    assert len(labels) > 0.9 * len(recognizer.card.classes), "nearly every label is there to be told from"
    sequence = recording("circle", 2.0, 0).sequence(recognizer.layout)
    windows, _ = lesson_windows(recognizer.card, "circle", "one", sequence, counts=(1, 0))
    assert recognizer.embed(windows).shape[1] == bank.embeddings.shape[1]
    assert motion_of(windows).shape[1] == bank.motion.shape[1]
