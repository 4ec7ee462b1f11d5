"""Which clips weights are judged on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.predictor import untrained_card
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.judging import as_known_to, vocabulary_of
from recognizer.vocabulary import DAILY, DAILY_3D, Vocabulary

SMALL = Vocabulary("small", {"a": {"x": "bow", "y": "run|walk", "z": "wave", "other": "unknown"}})


@pytest.mark.parametrize("name", weights.available())
def test_all_weights_have_a_vocabulary(name):
    card = weights.available()[name]
    assert vocabulary_of(card) is (DAILY_3D if card.layout == "ntu-25" else DAILY)


def test_what_has_no_vocabulary_or_no_such_data_set():
    with pytest.raises(ConfigError, match="^The classes of untrained are those of no known vocabulary"):
        vocabulary_of(untrained_card())
    card = untrained_card(classes=DAILY.labels[5:])
    assert vocabulary_of(card, "jhmdb") is DAILY
    with pytest.raises(ConfigError, match=r"^daily has no data set 'ntu': choose one of utd_mhad, "):
        vocabulary_of(card, "ntu")


def test_only_clips_of_known_labels_are_left():
    assert SMALL.labels == ("bow", "run", "walk", "wave")
    sequence = SkeletonSequence(np.ones((1, 2, 18, 2)), np.ones((1, 2, 18)), np.arange(2), KINETICS_18)
    example = Example(Clip("c", "a", "x", "s", "test", sequence), (), "test")
    clips = [
        replace(example, targets=(0,)),
        replace(example, targets=(1, 2)),
        replace(example, targets=(3,)),
        replace(example, unknown=True),
    ]
    found = list(as_known_to(clips, SMALL, ("nod", "walk", "wave")))
    assert [(each.targets, each.unknown) for each in found] == [((1,), False), ((2,), False), ((), True)]
    assert list(as_known_to(clips, SMALL, SMALL.labels)) == clips
