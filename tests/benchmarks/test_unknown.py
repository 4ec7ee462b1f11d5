"""Scores of being unknown, against hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.unknown import area, class_means, scores_of
from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.predictor import untrained_card


def test_area_by_hand():
    unknown = np.array([True, False, True, False])
    assert area(np.array([0.1, 0.9, 0.2, 0.8]), unknown) == 1.0
    assert area(np.array([0.9, 0.1, 0.8, 0.2]), unknown) == 0.0
    # Of the four pairs two are right, one is a draw, one is wrong.
    assert area(np.array([0.5, 0.9, 0.3, 0.3]), unknown) == pytest.approx((2 + 0 + 0.5) / 4)


def test_scores_by_hand():
    # Two windows of two labels and the unknown; probabilities 1/2, 1/4, 1/4 and 1/4, 1/4, 1/2.
    logits = torch.tensor([[2.0, 1.0, 1.0], [1.0, 1.0, 2.0]]).log()
    embedded = torch.tensor([[3.0, 0.0], [0.0, 2.0]])
    means = torch.tensor([[1.0, 0.0], [0.0, -1.0]])
    found = scores_of(logits, embedded, means, 2, open_set=True)
    assert found == pytest.approx(
        {
            "highest probability": 0.375,  # the mean of 1/2 and 1/4
            "energy": (np.log(3) + np.log(2)) / 2,
            "nearest class mean": 0.5,  # the first mean is met by one window of two
            "output of its own": (0.75 + 0.5) / 2,
            "highest among the labels alone": (2 / 3 + 1 / 2) / 2,
        }
    )
    closed = scores_of(logits[:, :2], embedded, means, 2, open_set=False)
    assert set(closed) == {"highest probability", "energy", "nearest class mean"}


def test_class_means_are_of_the_clips_of_one_label_alone():
    card = untrained_card(classes=("clap", "idle"))
    torch.manual_seed(0)
    network = weights.build_network(card).eval()

    def example(seed: int, targets: tuple[int, ...], unknown: bool = False) -> Example:
        joints = np.random.default_rng(seed).uniform(100, 300, (1, 100, 18, 2))
        sequence = SkeletonSequence(joints, np.ones((1, 100, 18)), np.arange(100) / 30, KINETICS_18)
        return Example(
            Clip(str(seed), "real_landmarks", "a", "p", "train", sequence), targets, "train", unknown
        )

    rng = np.random.default_rng(0)
    clap, idle = example(0, (0,)), example(1, (1,))
    wanted = class_means(network, card, [clap, idle], rng)
    assert wanted.shape[0] == 2
    torch.testing.assert_close(wanted.norm(dim=1), torch.ones(2))
    noise = [example(2, (0, 1)), example(3, ()), example(4, (1,), unknown=True)]
    torch.testing.assert_close(class_means(network, card, [clap, idle, *noise], rng), wanted)
