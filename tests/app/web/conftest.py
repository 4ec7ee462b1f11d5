"""Weights that own actions can be taught to."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recognizer import weights
from recognizer.own.bank import UNKNOWN, BankWindows, save_bank
from recognizer.own.variants import windows_of
from recognizer.predictor import Recognizer, WindowRecognizer
from tests.recognizer.own.motions import recording


@pytest.fixture(scope="session")
def banked(tmp_path_factory: pytest.TempPathFactory) -> tuple[WindowRecognizer, str]:
    """Weights that nobody has trained and their path, with a bank of people who stand."""
    torch.manual_seed(0)
    recognizer = Recognizer.untrained(frames=16)
    folder = tmp_path_factory.mktemp("weights")
    path = weights.save(weights.build_network(recognizer.card), recognizer.card, folder)
    rests = [
        window
        for seed in range(12)
        for window in windows_of(recording("rest", 2.0, seed).sequence(recognizer.layout), 3.0, 16)
    ]
    save_bank(
        path, recognizer.embed(rests), BankWindows(tuple(rests), np.full(len(rests), UNKNOWN)), "made up"
    )
    return recognizer, str(path)
