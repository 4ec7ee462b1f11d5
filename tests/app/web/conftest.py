"""Weights that own actions can be taught to."""

from __future__ import annotations

import pytest

from recognizer.fusion import load_recognizer
from recognizer.predictor import WindowRecognizer
from recognizer.weights import DEFAULT


@pytest.fixture(scope="session")
def banked() -> tuple[WindowRecognizer, str]:
    """The default weights and their name: an untrained network's embeddings hardly tell two motions apart."""
    return load_recognizer(DEFAULT), DEFAULT
