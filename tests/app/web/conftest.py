"""Weights that own actions can be taught to, and a page that teaches them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.web.school import School
from recognizer.fusion import load_recognizer
from recognizer.own.collection import Collections
from recognizer.predictor import WindowRecognizer
from recognizer.weights import DEFAULT
from tests.app.web.pupils import Tab


@pytest.fixture(scope="session")
def banked() -> tuple[WindowRecognizer, str]:
    """The default weights and their name: an untrained network's embeddings hardly tell two motions apart."""
    return load_recognizer(DEFAULT), DEFAULT


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(Collections(tmp_path / "collections"))


@pytest.fixture
def tab(school: School, banked: tuple[WindowRecognizer, str]) -> Tab:
    return Tab(school, banked[0], [banked[1]])
