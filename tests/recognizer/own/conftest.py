"""A folder for collections."""

from __future__ import annotations

from pathlib import Path

import pytest

from recognizer.own.collection import Collections


@pytest.fixture
def home(tmp_path: Path) -> Collections:
    return Collections(tmp_path / "collections")
