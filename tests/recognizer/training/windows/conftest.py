"""Clips for tiny runs on windows."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.training.windows import fit
from recognizer.vocabulary import VOCABULARIES
from tests.recognizer.training.windows.window_runs import SMALL


@pytest.fixture
def examples(wave, standing) -> list[Example]:
    """Three people who wave and three who stand before a sensor; one who does neither on a real camera."""
    result = []
    for number, part in enumerate(("train", "train", "val")):
        waving = wave(2.5 + 0.5 * number)
        times = waving.timestamps
        still = np.repeat(standing[None], len(times), 0)[None] + 0.01 * number
        resting = SkeletonSequence(still, np.ones(still.shape[:3]), times, NTU_25)
        for target, action, sequence in ((1, "wave", waving), (0, "stand", resting)):
            clip = Clip(f"{action}{number}", "utd_mhad", action, f"s{number}", "train", sequence)
            result.append(Example(clip, (target,), part))
    points = np.random.default_rng(0).uniform(100, 300, (1, 60, 18, 2))
    other = SkeletonSequence(points, np.ones((1, 60, 18)), np.arange(60) / 20, KINETICS_18)
    result.append(Example(Clip("other", "real_landmarks", "other", "p1", "train", other), (), "train", True))
    return result


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch, examples) -> None:
    """Stands in for the data sets."""
    monkeypatch.setitem(VOCABULARIES, "small", SMALL)
    monkeypatch.setattr(fit, "load_corpus", lambda *_: examples)
